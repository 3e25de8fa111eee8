"""The people of a campaign: where each one is, what comes next and why; pause, go on, remove, take back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flask import Blueprint, Response, request, url_for

from sales_campaigns.accounts.models import User
from sales_campaigns.campaigns.listing import campaign_of
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.enrollments.ending import end_people
from sales_campaigns.enrollments.explaining.people_in import launches_of, people_in, picked
from sales_campaigns.enrollments.launches import take_back as taking
from sales_campaigns.enrollments.models import Enrollment, EnrollmentState
from sales_campaigns.enrollments.pausing import pause_people, resume_people
from sales_campaigns.errors import Invalid
from sales_campaigns.unit_of_work import UnitOfWork
from web.answers import answer, go
from web.filters import count_words
from web.numbers import whole
from web.parts.enrollment_words import STATES
from web.request_scope import me, work

pages = Blueprint("campaign_people", __name__, url_prefix="/campaigns/<int:campaign_id>")
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
    campaign = campaign_of(session, me(), campaign_id)
    wanted = args.get("state", "")
    state = EnrollmentState(wanted) if wanted in list(EnrollmentState) else None
    words = args.get("words", "")[:200]
    found = people_in(session, campaign, work().now, state=state, words=words, after=args.get("after", ""))
    return answer(
        "campaign_people/index.html",
        "campaign_people/_list.html",
        campaign=campaign,
        found=found,
        launches=launches_of(session, me(), campaign),
        states=STATES,
        state=state,
        words=words,
        narrowed={name: value for name, value in args.items() if name != "after" and value},
    )


@pages.post("/people/bulk")
def bulk(campaign_id: int) -> Response:
    if request.form.get("do") == "detour":
        people = ",".join(str(one) for one in request.form.getlist("enrollment", type=whole))
        return go(url_for("detour.show", campaign_id=campaign_id, people=people))
    campaign = _campaign(campaign_id)
    act, told = BULK.get(request.form.get("do", ""), (None, ""))
    if act is None:
        raise Invalid("Use the buttons of the page.")
    chosen = picked(work().session, campaign, request.form.getlist("enrollment", type=whole))
    done = act(work(), me(), chosen)
    return _back(campaign_id, f"{count_words(done, 'person', 'people')} {told}.")


@pages.post("/launches/<int:launch_id>/take-back")
def take_back(campaign_id: int, launch_id: int) -> Response:
    _campaign(campaign_id)
    taken = taking.take_back(work(), me(), launch_id)
    left = f" {count_words(taken.left, 'mail')} had left before." if taken.left else ""
    words = f"Taken back: it ended for {count_words(taken.ended, 'person', 'people')}.{left}"
    return _back(campaign_id, words)


def _campaign(campaign_id: int) -> Campaign:
    return campaign_of(work().session, me(), campaign_id, lock=True)


def _back(campaign_id: int, words: str, undo_url: str | None = None) -> Response:
    return go(url_for("campaign_people.index", campaign_id=campaign_id), words, undo_url)
