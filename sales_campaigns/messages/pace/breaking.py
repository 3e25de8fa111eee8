"""A mailbox whose mails mostly reach nobody stops by itself, before its provider stops it for good."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from sales_campaigns.accounts.channels.sharing import lose_all
from sales_campaigns.accounts.models import Mailbox, MailboxState
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.messages.pace.pacing import JUDGED, breaks
from sales_campaigns.messages.states import LEFT
from sales_campaigns.unit_of_work import UnitOfWork

WORDS = "Of its last {handed} mails {hard} had no such recipient. Clean the list, then connect it again."


def stop_if_it_bounces(uow: UnitOfWork, boxes: Sequence[Mailbox]) -> bool:
    """Look at the last mails of a mailbox, with those that share its channel, after a hard bounce; whether they were
    stopped. Counting begins anew with every stop.
    """
    hard, handed = _last_mails(uow, boxes)
    if not breaks(hard, handed) or not lose_all(
        uow, boxes, MailboxState.STOPPED, WORDS.format(handed=handed, hard=hard)
    ):
        return False
    for box in boxes:
        box.judged_from = uow.now
    return True


def _last_mails(uow: UnitOfWork, boxes: Sequence[Mailbox]) -> tuple[int, int]:
    """(hard bounces, mails) among the last 200 that were handed over since they were last stopped for this."""
    hard = sa.and_(Message.state == MessageState.FAILED, Message.reason == "unknown_recipient")
    handed = (
        sa.select(sa.case((hard, 1), else_=0).label("hard"))
        .where(Message.mailbox_id.in_([box.id for box in boxes]), sa.or_(Message.state.in_(LEFT), hard))
        .order_by(Message.due_at.desc(), Message.id.desc())
        .limit(JUDGED)
    )
    judged_from = max((box.judged_from for box in boxes if box.judged_from is not None), default=None)
    if judged_from is not None:
        handed = handed.where(Message.ended_at > judged_from)
    last = handed.subquery()
    found = uow.session.execute(
        sa.select(sa.func.coalesce(sa.func.sum(last.c.hard), 0), sa.func.count()).select_from(last)
    )
    bounced, count = found.one()
    return int(bounced), int(count)
