"""A mailbox whose mails reach nobody, or are reported as spam, stops by itself, before its provider stops it for
good."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from sales_campaigns.accounts.losing import lose
from sales_campaigns.accounts.models import Mailbox, MailboxState
from sales_campaigns.messages.incoming.models import MailKind, ReceivedMail
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.messages.pace.pacing import JUDGED, JUDGED_FOR_COMPLAINTS, annoys, breaks
from sales_campaigns.messages.states import LEFT
from sales_campaigns.unit_of_work import UnitOfWork

WORDS = "Of its last {handed} mails {hard} had no such recipient. Clean the list, then connect it again."
SPAM = "{bad} of its last {handed:,} mails were reported as spam. Look at whom it writes to, then connect it again."
HARD = sa.and_(Message.state == MessageState.FAILED, Message.reason == "unknown_recipient")
COMPLAINED = sa.exists().where(ReceivedMail.answers_id == Message.id, ReceivedMail.kind == MailKind.COMPLAINT)


def stop_if_it_bounces(uow: UnitOfWork, box: Mailbox) -> bool:
    """Look at its last mails after a hard bounce; whether it was stopped. Counting begins anew with every stop."""
    hard, handed = _last_mails(uow, box, HARD, JUDGED)
    return breaks(hard, handed) and _stop(uow, box, WORDS.format(handed=handed, hard=hard))


def stop_what_annoys(uow: UnitOfWork, message_ids: Iterable[int]) -> None:
    """Look at the mailboxes that mails left from which were reported as spam."""
    boxes = sa.select(Message.mailbox_id).where(Message.id.in_(list(message_ids))).distinct()
    for box_id in sorted(uow.session.scalars(boxes)):
        box = uow.session.get_one(Mailbox, box_id, with_for_update={"of": Mailbox})
        complaints, handed = _last_mails(uow, box, COMPLAINED, JUDGED_FOR_COMPLAINTS)
        if annoys(complaints):
            _stop(uow, box, SPAM.format(bad=complaints, handed=handed))


def _stop(uow: UnitOfWork, box: Mailbox, words: str) -> bool:
    if not lose(uow, box, MailboxState.STOPPED, words):
        return False
    box.judged_from = uow.now
    return True


def _last_mails(uow: UnitOfWork, box: Mailbox, bad: sa.ColumnElement[bool], judged: int) -> tuple[int, int]:
    """(bad ones, mails) among the last ones that were handed over since it was last stopped for what they did."""
    handed = (
        sa.select(sa.case((bad, 1), else_=0).label("bad"))
        .where(Message.mailbox_id == box.id, sa.or_(Message.state.in_(LEFT), HARD))
        .order_by(Message.due_at.desc(), Message.id.desc())
        .limit(judged)
    )
    if box.judged_from is not None:
        handed = handed.where(Message.ended_at > box.judged_from)
    last = handed.subquery()
    found = uow.session.execute(
        sa.select(sa.func.coalesce(sa.func.sum(last.c.bad), 0), sa.func.count()).select_from(last)
    )
    count, of = found.one()
    return int(count), int(of)
