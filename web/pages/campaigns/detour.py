"""Another way for one or many people of a campaign: jump to a step, begin again, move elsewhere. Previewed, undone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, make_response, request, url_for
from werkzeug.datastructures import MultiDict

from sales_campaigns.campaigns.listing import campaign_of, campaigns_of
from sales_campaigns.campaigns.models import Campaign, CampaignState
from sales_campaigns.campaigns.versions import in_force
from sales_campaigns.enrollments.detours.judging import Jump, judge_jumps
from sales_campaigns.enrollments.detours.jumping import Done, jump_people
from sales_campaigns.enrollments.detours.restarting import Wanted, begin_again, foresee_again
from sales_campaigns.enrollments.detours.undoing import undo_detour
from sales_campaigns.enrollments.explaining.people_in import people_of, picked
from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.enrollments.ways import ways_of
from sales_campaigns.errors import Invalid
from web.answers import go, page
from web.filters import count_words
from web.numbers import whole, whole_numbers
from web.parts.step_choices import step_choices
from web.parts.way_back import way_back
from web.request_scope import me, settings, work

pages = Blueprint("detour", __name__)
Form = MultiDict[str, str]
KINDS = {"jump": "Jump to another step", "restart": "Restart", "move": "Move to another campaign"}


@dataclass(frozen=True)
class Asked:
    """What stands in the address or the form: whom, what to do with them, and where to."""

    campaign: Campaign
    chosen: Sequence[Enrollment]
    do: str
    to: str
    again: bool
    target: int | None

    @property
    def wanted(self) -> Wanted | None:
        """Where they begin again; None while no campaign is chosen."""
        target = self.campaign.id if self.do == "restart" else self.target
        return Wanted(target, self.to, settings().launch_limit) if target else None


@pages.get("/campaigns/<int:campaign_id>/detour")
def show(campaign_id: int) -> Response:
    if not request.args.get("people"):
        campaign_of(work().session, me(), campaign_id)
        return go(url_for("campaign_people.index", campaign_id=campaign_id), "Choose people first.")
    return _page(_asked(campaign_id, request.args))


@pages.post("/campaigns/<int:campaign_id>/detour")
def act(campaign_id: int) -> Response:
    asked = _asked(campaign_id, request.form)
    try:
        done, words = ACTS[asked.do](asked)
    except Invalid as refusal:
        return _page(asked, refusal.problems)
    work().session.flush()
    undo = url_for("detour.undo", batch_id=done.batch_id)
    return go(_back(asked), f"{count_words(done.people, 'person', 'people')} {words}.{_left(done)}", undo)


@pages.post("/detours/<int:batch_id>/undo")
def undo(batch_id: int) -> Response:
    people = undo_detour(work(), me(), batch_id, settings().undo_seconds)
    told = f"Undone for {count_words(people, 'person', 'people')}."
    return go(way_back(url_for("campaigns.index")), told)


def _asked(campaign_id: int, form: Form) -> Asked:
    """Raises NotFound for a campaign of another team, Invalid for nobody chosen."""
    campaign = campaign_of(work().session, me(), campaign_id)
    ids = whole_numbers(form.get("people", ""))
    do = form.get("do", "jump")
    return Asked(
        campaign,
        picked(work().session, campaign, ids),
        do if do in KINDS else "jump",
        form.get("to", ""),
        "again" in form,
        form.get("target", type=whole),
    )


def _page(asked: Asked, problems: Mapping[str, str] | None = None) -> Response:
    found = dict(problems or {})
    shown: dict[str, Any] = {}
    try:
        shown = SHOWS[asked.do](asked)
    except Invalid as refusal:
        found |= refusal.problems
    context = {"steps": [], "jumps": (), "foreseen": None, "targets": [], **shown}
    told = page(
        "detour/index.html",
        asked=asked,
        campaign=asked.campaign,
        kinds=KINDS,
        people=people_of(work().session, asked.chosen),
        ids=",".join(str(one.id) for one in asked.chosen),
        problems=found,
        **context,
    )
    return make_response(told, 422 if found else 200)


def _show_jump(asked: Asked) -> dict[str, Any]:
    session, uow = work().session, work()
    version = in_force(session, asked.campaign)
    ways = ways_of(session, [one.id for one in asked.chosen])
    jumps: Sequence[Jump] = judge_jumps(session, ways, asked.to, asked.again, uow.now) if asked.to else ()
    return {"steps": step_choices(session, version), "jumps": jumps, "ways": ways}


def _show_again(asked: Asked) -> dict[str, Any]:
    session, wanted = work().session, asked.wanted
    targets = campaigns_of(session, me(), states=[CampaignState.DRAFT, CampaignState.ACTIVE])
    others = [(one.id, one.name) for one in targets if one.id != asked.campaign.id]
    shown: dict[str, Any] = {"targets": others}
    if wanted is None:
        return shown
    version = in_force(session, campaign_of(session, me(), wanted.campaign_id))
    foreseen = foresee_again(work(), me(), asked.chosen, wanted)
    return {**shown, "steps": step_choices(session, version), "foreseen": foreseen}


def _jump(asked: Asked) -> tuple[Done, str]:
    seconds = settings().undo_seconds
    done = jump_people(work(), me(), asked.chosen, asked.to, again=asked.again, undo_seconds=seconds)
    return done, "jumped"


def _begin_again(asked: Asked) -> tuple[Done, str]:
    if asked.wanted is None:
        raise Invalid({"target": "Choose the campaign to move to."})
    done = begin_again(work(), me(), asked.chosen, asked.wanted, undo_seconds=settings().undo_seconds)
    return done, "began again" if asked.do == "restart" else "moved"


def _left(done: Done) -> str:
    if not done.refusals:
        return ""
    stayed = count_words(len(done.refusals), "other stayed", "others stayed")
    return f" {stayed} where they are: {done.refusals[0]}"


def _back(asked: Asked) -> str:
    return url_for("campaign_people.index", campaign_id=asked.campaign.id)


SHOWS: dict[str, Callable[[Asked], dict[str, Any]]] = {
    "jump": _show_jump,
    "restart": _show_again,
    "move": _show_again,
}
ACTS: dict[str, Callable[[Asked], tuple[Done, str]]] = {
    "jump": _jump,
    "restart": _begin_again,
    "move": _begin_again,
}
