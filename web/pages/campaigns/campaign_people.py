"""The people of a campaign: where each one is, what comes next and why; pause, go on, remove, take back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flask import Blueprint, Response, request, url_for

from sales_campaigns.accounts.models import User
from sales_campaigns.campaigns.listing import campaign_of
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.enrollments.ending import end_people
from sales_campaigns.enrollments.explaining.people_in import (
    Narrowing,
    all_matching,
    launches_of,
    people_in,
    picked,
)
from sales_campaigns.enrollments.launches import take_back as taking
from sales_campaigns.enrollments.models import Enrollment, EnrollmentState
from sales_campaigns.enrollments.pausing import pause_people, resume_people
from sales_campaigns.errors import Invalid
from sales_campaigns.people.groups import group_of, groups_of
from sales_campaigns.unit_of_work import UnitOfWork
from web.answers import answer, go
from web.filters import count_words
from web.numbers import row_of, whole
from web.parts.enrollment_words import STATES
from web.request_scope import me, work

pages = Blueprint("campaign_people", __name__, url_prefix="/campaigns/<int:campaign_id>")
AT_ONCE = 500
Act = Callable[[UnitOfWork, User, Sequence[Enrollment]], int]


def _succeed(uow: UnitOfWork, actor: User, enrollments: Sequence[Enrollment]) -> int:
    return end_people(uow, actor, enrollments, success=True)


# What can be done with the chosen ones: the act, and what is said when it was done.
BULK: dict[str, tuple[Act, str]] = {
    "pause": (pause_people, "paused"),
    "resume": (resume_people, "on the way again"),
    "remove": (end_people, "removed from the campaign"),
    "success": (_succeed, "marked as a success"),
}


@pages.get("/people")
def index(campaign_id: int) -> str:
    session, args = work().session, request.args
    campaign, wanted = campaign_of(session, me(), campaign_id), _wanted()
    found = people_in(session, campaign, work().now, wanted, after=args.get("after", ""))
    return answer(
        "campaign_people/index.html",
        "campaign_people/_list.html",
        campaign=campaign,
        found=found,
        launches=launches_of(session, me(), campaign),
        states=STATES,
        wanted=wanted,
        groups=[(line.group.id, line.group.name) for line in groups_of(session, me())],
        narrowed={name: value for name, value in args.items() if name != "after" and value},
    )


@pages.post("/people/bulk")
def bulk(campaign_id: int) -> Response:
    """With those who were chosen, or with all that match on whatever page: the people of a group, say."""
    campaign = _campaign(campaign_id)
    if request.form.get("do") == "detour":
        return _another_way(campaign)
    act, told = BULK.get(request.form.get("do", ""), (None, ""))
    if act is None:
        raise Invalid("Use the buttons of the page.")
    done = act(work(), me(), _chosen(campaign))
    return _back(campaign_id, f"{count_words(done, 'person', 'people')} {told}.")


@pages.post("/launches/<int:launch_id>/take-back")
def take_back(campaign_id: int, launch_id: int) -> Response:
    _campaign(campaign_id)
    taken = taking.take_back(work(), me(), launch_id)
    left = f" {count_words(taken.left, 'mail')} had left before." if taken.left else ""
    words = f"Taken back: it ended for {count_words(taken.ended, 'person', 'people')}.{left}"
    return _back(campaign_id, words)


def _another_way(campaign: Campaign) -> Response:
    """Their numbers stand in the address of the page that asks which way, so there are not too many of them."""
    chosen = _chosen(campaign)
    if len(chosen) > AT_ONCE:
        raise Invalid(
            f"At most {AT_ONCE} people take another way at once. Narrow the list, or choose some of it."
        )
    people = ",".join(str(one.id) for one in chosen)
    return go(url_for("detour.show", campaign_id=campaign.id, people=people))


def _chosen(campaign: Campaign) -> Sequence[Enrollment]:
    if "all" in request.form:
        return all_matching(work().session, campaign, _wanted())
    return picked(work().session, campaign, request.form.getlist("enrollment", type=whole))


def _wanted() -> Narrowing:
    """What the address narrows the list to. Raises NotFound for a group that is not one's own to see."""
    args = request.args
    state, group_id = args.get("state", ""), row_of(args.get("group", ""))
    return Narrowing(
        state=EnrollmentState(state) if state in set(EnrollmentState) else None,
        words=args.get("words", "")[:200],
        group_id=group_of(work().session, me(), group_id).id if group_id else None,
    )


def _campaign(campaign_id: int) -> Campaign:
    return campaign_of(work().session, me(), campaign_id, lock=True)


def _back(campaign_id: int, words: str, undo_url: str | None = None) -> Response:
    return go(url_for("campaign_people.index", campaign_id=campaign_id), words, undo_url)
