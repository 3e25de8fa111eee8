"""Another way for people of a campaign: jump to a step, begin again, move elsewhere. Looked at before, and undone."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, Field

from sales_campaigns.campaigns.listing import campaign_of
from sales_campaigns.enrollments.detours.judging import Jump, judge_jumps
from sales_campaigns.enrollments.detours.jumping import Done as Detoured
from sales_campaigns.enrollments.detours.jumping import jump_people
from sales_campaigns.enrollments.detours.restarting import Wanted, begin_again, foresee_again
from sales_campaigns.enrollments.detours.undoing import undo_detour
from sales_campaigns.enrollments.explaining.people_in import people_of, picked
from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.enrollments.ways import ways_of
from sales_campaigns.errors import NotFound
from web.api.campaigns.launches import ExcludedShown
from web.api.protocol.operations import Area
from web.api.protocol.shapes import Asked, Done, Id, Ids, Shown
from web.request_scope import me, settings, work

api = Area("campaigns", "")
Key = Annotated[str, Field(max_length=80, description="Of a step.")]


class JumpAsked(Asked):
    enrollments: Ids
    to: Key
    again: bool = Field(False, description="What they had already happens once more.")


class AgainAsked(Asked):
    """The same campaign from its beginning, or another one where `campaign_id` names it."""

    enrollments: Ids
    campaign_id: Id | None = None
    first_step: Key = Field("", description="The step to start at; empty is the first.")


class JumpShown(Shown):
    enrollment_id: int
    person_id: int
    person: str
    refusal: str = Field(description="Why this one cannot jump there; empty where it can.")
    skipped: int = Field(description="Steps that are left out.")
    again: int = Field(description="Steps that happen once more.")
    dropped: int = Field(description="Mails and tasks that wait and go.")
    next_at: AwareDatetime | None = Field(description="When the step would happen, as things stand.")


class JumpsShown(Shown):
    jumps: list[JumpShown]


class AgainShown(Shown):
    starting: int
    begins: AwareDatetime | None
    finishes: AwareDatetime | None
    excluded: list[ExcludedShown]
    refusal: str = Field(description="Why nobody could start; empty where they can.")


class DetourDone(Shown):
    batch_id: int = Field(description="By which it is undone, within seconds.")
    people: int
    refusals: list[str] = Field(description="Why others stay where they are.")


@api.post("/campaigns/<int:campaign_id>/jumps/check", example={"enrollments": [1], "to": "0123456789abcdef"})
def check_jump(campaign_id: int, body: JumpAsked) -> JumpsShown:
    """What a jump would do to each of them. Nothing is changed."""
    session, chosen = work().session, _chosen(campaign_id, body.enrollments)
    ways = ways_of(session, [one.id for one in chosen])
    people = people_of(session, chosen)
    jumps = judge_jumps(session, ways, body.to, body.again, work().now)
    return JumpsShown(jumps=[_jump(one, people[one.way.enrollment.id].name) for one in jumps])


@api.post("/campaigns/<int:campaign_id>/jumps", example={"enrollments": [1], "to": "0123456789abcdef"})
def jump_to_step(campaign_id: int, body: JumpAsked) -> DetourDone:
    """Those who can go on from this step; the others stay where they are."""
    chosen, seconds = _chosen(campaign_id, body.enrollments), settings().undo_seconds
    done = jump_people(work(), me(), chosen, body.to, again=body.again, undo_seconds=seconds)
    return _done(done)


@api.post("/campaigns/<int:campaign_id>/restarts/check", example={"enrollments": [1]})
def check_restart(campaign_id: int, body: AgainAsked) -> AgainShown:
    """Who would begin again, when, and who would stay. Nothing is changed."""
    chosen = _chosen(campaign_id, body.enrollments)
    found = foresee_again(work(), me(), chosen, _wanted(campaign_id, body))
    return AgainShown(
        starting=found.starting,
        begins=found.begins,
        finishes=found.finishes,
        excluded=[
            ExcludedShown(person_id=one.person.id, person=one.person.name, cause=one.cause, words=one.words)
            for one in found.excluded
        ],
        refusal=found.refusal,
    )


@api.post("/campaigns/<int:campaign_id>/restarts", example={"enrollments": [1]})
def restart_or_move(campaign_id: int, body: AgainAsked) -> DetourDone:
    """Begin again, here or in another campaign; this way ends as the other starts."""
    chosen, wanted = _chosen(campaign_id, body.enrollments), _wanted(campaign_id, body)
    return _done(begin_again(work(), me(), chosen, wanted, undo_seconds=settings().undo_seconds))


@api.post("/detours/<int:batch_id>/undo")
def undo_detour_of_people(batch_id: int) -> Done:
    """Everybody stands where they stood, as long as nothing of it has left. `count` is how many."""
    return Done(words="Undone.", count=undo_detour(work(), me(), batch_id, settings().undo_seconds))


def _chosen(campaign_id: int, ids: list[int]) -> list[Enrollment]:
    """Raises NotFound where one of them is not in this campaign."""
    found = picked(work().session, campaign_of(work().session, me(), campaign_id), ids)
    if len(found) != len(set(ids)):
        raise NotFound("Somebody of these is not in this campaign.")
    return found


def _wanted(campaign_id: int, body: AgainAsked) -> Wanted:
    return Wanted(body.campaign_id or campaign_id, body.first_step, settings().launch_limit)


def _jump(one: Jump, person: str) -> JumpShown:
    return JumpShown(
        enrollment_id=one.way.enrollment.id,
        person_id=one.way.enrollment.person_id,
        person=person,
        refusal=one.refusal,
        skipped=len(one.before),
        again=len(one.again),
        dropped=len(one.dropped),
        next_at=one.ahead[0].at if one.ahead else None,
    )


def _done(done: Detoured) -> DetourDone:
    work().session.flush()
    return DetourDone(batch_id=done.batch_id, people=done.people, refusals=list(done.refusals))
