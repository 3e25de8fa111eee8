"""The folder of sent mail: proof that a mail in doubt has left, and the place for copies of those that did."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.handing_over.recipes import copy_to_file
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.messages.settling import FOUND, it_arrived
from sales_campaigns.messages.states import LEFT
from sales_campaigns.ports import MailReader
from sales_campaigns.unit_of_work import unit_of_work

AT_ONCE = 50
RECENT = timedelta(days=7)
COPIED_WITHIN = timedelta(days=2)
# A server that files a copy by itself has done so by then.
SECONDS_TO_FILE = 30


def ask_for_the_uncertain(room: PostRoom, mailbox_id: int, reader: MailReader) -> int:
    """What stands among the sent mails has left; what does not may have left too. How many were settled.

    The rule: an uncertain mail is asked for at its mailbox before a person is asked (spec: reconciliation).
    """
    with unit_of_work(room.reads, room.clock) as uow:
        uncertain = sa.select(Message.id, Message.message_id).where(
            Message.mailbox_id == mailbox_id,
            Message.state == MessageState.UNCERTAIN,
            Message.due_at >= uow.now - RECENT,
            Message.message_id.is_not(None),
        )
        rows = uow.session.execute(uncertain.order_by(Message.id.desc()).limit(AT_ONCE)).all()
    found = [row.id for row in rows if reader.is_sent(row.message_id)]
    if found:
        with unit_of_work(room.sessions, room.clock) as uow:
            it_arrived(uow, found, FOUND)
    return len(found)


def file_copies(room: PostRoom, mailbox_id: int, reader: MailReader) -> None:
    """Put what left among the sent mails, unless the server has done so: it is asked for each of them.

    Bulk lanes keep no bytes, and nobody wants a thousand copies among a rep's own mails.
    """
    with unit_of_work(room.reads, room.clock) as uow:
        left = (
            sa.select(Message.id, Message.message_id, Message.sent_at)
            .join(Mailbox)
            .where(
                Message.mailbox_id == mailbox_id,
                ~Mailbox.bulk_lane,
                Mailbox.provider == "smtp",  # the others file what they send
                Message.due_at >= uow.now - COPIED_WITHIN,
                Message.state.in_(LEFT),
                Message.sent_at <= uow.now - uow.people_seconds(SECONDS_TO_FILE),
                Message.filed_at.is_(None),
                Message.mime.is_not(None),
            )
        )
        rows = uow.session.execute(left.order_by(Message.sent_at).limit(AT_ONCE)).all()
    for row in rows:
        if not reader.is_sent(row.message_id):
            _file(room, row.id, row.sent_at, reader)
        _note(room, row.id)


def _file(room: PostRoom, message_id: int, sent_at: datetime, reader: MailReader) -> None:
    """One at a time: files may make it large. What cannot be made again has no copy."""
    with unit_of_work(room.reads, room.clock) as uow:
        mime = copy_to_file(uow.session, message_id)
    if mime is not None:
        reader.file_copy(mime, sent_at)


def _note(room: PostRoom, message_id: int) -> None:
    with unit_of_work(room.sessions, room.clock) as uow:
        uow.session.execute(sa.update(Message).where(Message.id == message_id).values(filed_at=uow.now))
