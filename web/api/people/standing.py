"""Whether somebody may be written to: opted out, let in again, and what to do with what is held for an answer."""

from __future__ import annotations

from enum import StrEnum

from pydantic import AwareDatetime

from sales_campaigns.enrollments.answers.opting_out import unsubscribe
from sales_campaigns.enrollments.detours.opting_back import undo_unsubscribing
from sales_campaigns.enrollments.ending import end_people
from sales_campaigns.enrollments.explaining.history import held_of
from sales_campaigns.enrollments.pausing import resume_people
from sales_campaigns.errors import IllegalMove
from sales_campaigns.people.listing import person_of
from sales_campaigns.people.suppression import why_not
from sales_campaigns.people.unsubscribing import resubscribe
from web.api.protocol.operations import Area
from web.api.protocol.shapes import Asked, Done, Line, Shown
from web.request_scope import me, settings, work

api = Area("people", "")


class WithReason(Asked):
    reason: Line = ""


class Decision(StrEnum):
    GO_ON = "go_on"
    END = "end"
    SUCCESS = "success"


class Decided(Asked):
    do: Decision


class Standing(Shown):
    """Whether mail may go to somebody now."""

    allowed: bool
    cause: str = ""
    words: str = ""
    since: AwareDatetime | None = None


@api.get("/people/<int:person_id>/standing")
def get_standing(person_id: int) -> Standing:
    """Whether mail may go to this person, and if not, why."""
    cause = why_not(work().session, person_of(work().session, me(), person_id).id)
    return (
        Standing(allowed=True)
        if cause is None
        else Standing(allowed=False, cause=cause.name, words=cause.sentence)
    )


@api.post("/people/<int:person_id>/unsubscribe", example={"reason": "Asked by phone"})
def unsubscribe_person(person_id: int, body: WithReason) -> Done:
    """Opt the address out; every campaign ends for it. `count` is the number of campaigns that ended."""
    ended = unsubscribe(work(), me(), person_of(work().session, me(), person_id), body.reason)
    return Done(words="Unsubscribed.", count=ended)


@api.post("/people/<int:person_id>/resubscribe", example={"reason": "Asked in writing"})
def resubscribe_person(person_id: int, body: WithReason) -> Done:
    """Let somebody in again who has unsubscribed, for administrators and with a reason."""
    resubscribe(work(), me(), person_of(work().session, me(), person_id), body.reason)
    return Done(words="Mail is allowed again.")


@api.post("/people/<int:person_id>/decide", example={"do": "go_on"})
def decide_on_person(person_id: int, body: Decided) -> Done:
    """Go on, end, or end as success, in every campaign that is held because this person wrote."""
    held = [one for one, _ in held_of(work().session, person_of(work().session, me(), person_id))]
    if not held:
        raise IllegalMove("Nothing of this person is held any more.")
    if body.do is Decision.GO_ON:
        return Done(words="On the way again.", count=resume_people(work(), me(), held))
    ended = end_people(work(), me(), held, success=body.do is Decision.SUCCESS)
    return Done(words="It has ended.", count=ended)


@api.post("/people/unsubscribed/<int:act_id>/undo")
def undo_unsubscribing_of_people(act_id: int) -> Done:
    """Let in again whom `/people/bulk` unsubscribed, within seconds. `count` is how many addresses."""
    number = undo_unsubscribing(work(), me(), act_id, settings().undo_seconds)
    return Done(words="Subscribed again.", count=number)
