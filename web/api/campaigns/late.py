"""Late mail that its campaign asks about: send it, give it the next slot, or leave it out."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from sales_campaigns.absence.late_mails import LateMail, answer_late, count_late, late_mails
from web.api.protocol.operations import Area
from web.api.protocol.shapes import MOST, Asked, Done, Ids, Shown
from web.request_scope import me, settings, work

api = Area("campaigns", "")


class LateAsked(Asked):
    everybody: bool = Field(False, description="Of the team, not only yours.")
    limit: int = Field(50, ge=1, le=MOST)


class LateAnswer(Asked):
    """`send` spreads them over an hour."""

    answer: Literal["send", "next_slot", "skip"]
    tasks: Ids


class LateShown(Shown):
    task_id: int = Field(description="By which it is answered.")
    message_id: int
    campaign_id: int
    campaign: str
    person_id: int
    person: str
    email: str
    due_at: AwareDatetime
    zone: str


class LatesShown(Shown):
    number: int = Field(description="In all.")
    mails: list[LateShown] = Field(description="The oldest first; answer these, and the next are shown.")


@api.get("/late-mails")
def list_late_mails(query: LateAsked) -> LatesShown:
    """What is late and waits for an answer."""
    session = work().session
    found = late_mails(session, me(), query.everybody, query.limit)
    return LatesShown(number=count_late(session, me(), query.everybody), mails=[_shown(one) for one in found])


@api.post("/late-mails/answer", example={"answer": "next_slot", "tasks": [1]})
def answer_late_mails(body: LateAnswer) -> Done:
    """Say what becomes of them. `count` is for how many it was asked still."""
    number = answer_late(work(), me(), body.answer, body.tasks, settings().undo_seconds)
    return Done(words="Answered.", count=number)


def _shown(one: LateMail) -> LateShown:
    return LateShown(
        task_id=one.task.id,
        message_id=one.message.id,
        campaign_id=one.campaign.id,
        campaign=one.campaign.name,
        person_id=one.person.id,
        person=one.person.name,
        email=one.message.email,
        due_at=one.message.due_at,
        zone=one.zone,
    )
