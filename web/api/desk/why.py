"""Why: a step, a mail or a task explained, gate by gate."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from sales_campaigns.enrollments.explaining.why import Explained, why_message, why_person, why_step, why_task
from sales_campaigns.messages.explaining.trace import Gate, Stand
from sales_campaigns.people.listing import person_of
from web.api.protocol.operations import Area
from web.api.protocol.shapes import Shown
from web.request_scope import me, work

api = Area("desk", "")


class GateShown(Shown):
    gate: str
    rule: str
    value: str
    verdict: Stand
    says: str
    since: AwareDatetime | None
    until: AwareDatetime | None
    event: str = Field(description="What it waits for, where that has no date.")


class WhyShown(Shown):
    title: str
    place: str
    person_id: int
    campaign_id: int | None
    enrollment_id: int | None
    step_key: str | None
    message_id: int | None
    task_id: int | None
    reason: str = Field(description="The one sentence that says what it waits for, or what became of it.")
    binding: str | None = Field(description="The gate that binds.")
    does: str = Field(description="What happens at that moment.")
    at: AwareDatetime | None = Field(description="The next moment at which it can go.")
    expected: AwareDatetime | None
    gates: list[GateShown]


class WhysShown(Shown):
    steps: list[WhyShown]


@api.get("/people/<int:person_id>/why")
def explain_person(person_id: int) -> WhysShown:
    """Every step of every campaign of one person."""
    uow = work()
    person = person_of(uow.session, me(), person_id)
    return WhysShown(steps=[_shown(one) for one in why_person(uow.session, person, uow.now, "", uow.speed)])


@api.get("/enrollments/<int:enrollment_id>/steps/<key>/why")
def explain_step(enrollment_id: int, key: str) -> WhyShown:
    """Why one step of one person was sent then, or has not been sent yet."""
    uow = work()
    return _shown(why_step(uow.session, me(), enrollment_id, key, uow.now, uow.speed))


@api.get("/messages/<int:message_id>/why")
def explain_message(message_id: int) -> WhyShown:
    """The same for one mail."""
    uow = work()
    return _shown(why_message(uow.session, me(), message_id, uow.now, uow.speed))


@api.get("/tasks/<int:task_id>/why")
def explain_task(task_id: int) -> WhyShown:
    """The same for one task."""
    uow = work()
    return _shown(why_task(uow.session, me(), task_id, uow.now, uow.speed))


def _shown(one: Explained) -> WhyShown:
    trace = one.trace
    names = ("title", "place", "enrollment_id", "step_key", "message_id", "task_id")
    return WhyShown(
        **{name: getattr(one, name) for name in names},
        person_id=one.person.id,
        campaign_id=one.campaign.id if one.campaign else None,
        reason=trace.sentence,
        binding=trace.binding.key if trace.binding else None,
        does=trace.does,
        at=trace.at,
        expected=trace.expected,
        gates=list(map(_gate, trace.gates)),
    )


def _gate(gate: Gate) -> GateShown:
    names = ("rule", "value", "says", "since", "until", "event")
    return GateShown(gate=gate.key, verdict=gate.stand, **{name: getattr(gate, name) for name in names})
