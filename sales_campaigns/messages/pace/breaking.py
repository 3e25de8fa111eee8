"""A mailbox whose mails mostly reach nobody stops by itself, before its provider stops it for good."""

from __future__ import annotations

import sqlalchemy as sa

from sales_campaigns.accounts.losing import lose
from sales_campaigns.accounts.models import Mailbox, MailboxState
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.messages.pace.pacing import JUDGED, breaks
from sales_campaigns.messages.states import LEFT
from sales_campaigns.unit_of_work import UnitOfWork

WORDS = "Of its last {handed} mails {hard} had no such recipient. Clean the list, then connect it again."


def stop_if_it_bounces(uow: UnitOfWork, box: Mailbox) -> bool:
    """Look at its last mails after a hard bounce; whether it was stopped. Counting begins anew with every stop."""
    hard, handed = _last_mails(uow, box)
    if not breaks(hard, handed) or not lose(
        uow, box, MailboxState.STOPPED, WORDS.format(handed=handed, hard=hard)
    ):
        return False
    box.judged_from = uow.now
    return True


def _last_mails(uow: UnitOfWork, box: Mailbox) -> tuple[int, int]:
    """(hard bounces, mails) among the last 200 that were handed over since it was last stopped for this."""
    hard = sa.and_(Message.state == MessageState.FAILED, Message.reason == "unknown_recipient")
    handed = (
        sa.select(sa.case((hard, 1), else_=0).label("hard"))
        .where(Message.mailbox_id == box.id, sa.or_(Message.state.in_(LEFT), hard))
        .order_by(Message.due_at.desc(), Message.id.desc())
        .limit(JUDGED)
    )
    if box.judged_from is not None:
        handed = handed.where(Message.ended_at > box.judged_from)
    last = handed.subquery()
    found = uow.session.execute(
        sa.select(sa.func.coalesce(sa.func.sum(last.c.hard), 0), sa.func.count()).select_from(last)
    )
    bounced, count = found.one()
    return int(bounced), int(count)
