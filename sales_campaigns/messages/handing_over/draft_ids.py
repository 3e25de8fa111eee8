"""What a mail is called at a provider with drafts: its key, for good, and the draft that it is sent from.

The rule: the draft's id is committed before the draft is sent (spec/5), so that a dead process leaves a mail that can
be found: still a draft, or sent.
"""

from __future__ import annotations

import sqlalchemy as sa

from sales_campaigns.clock import Clock
from sales_campaigns.database import Sessions
from sales_campaigns.messages.handing_over.claiming import Claim
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.unit_of_work import unit_of_work

NO_DRAFT_YET = ""


class Overtaken(Exception):
    """This mail is somebody else's to send by now: a lease ended, and another process has looked after it."""


def send_key(message: Message) -> str:
    """The same at every attempt to hand it over. A mail that came back and leaves once more is another one."""
    again = f".{message.came_back_at:%Y%m%d%H%M%S}" if message.came_back_at else ""
    return f"{message.id}.{message.created_at:%Y%m%d%H%M%S}{again}"


def keep_draft(sessions: Sessions, clock: Clock, claim: Claim, draft_id: str) -> None:
    """Commit the id before anything is sent. Raises Overtaken, and then nothing may be sent."""
    with unit_of_work(sessions, clock) as uow:
        kept = uow.session.execute(
            sa.update(Message)
            .where(
                Message.id == claim.message_id,
                Message.generation == claim.generation,
                Message.state == MessageState.SENDING,
            )
            .values(draft_id=draft_id)
            .returning(Message.id)
        ).all()
    if not kept:
        raise Overtaken(f"message {claim.message_id} is no longer this process's to send")
