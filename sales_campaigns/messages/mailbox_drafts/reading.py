"""The drafts of tasks, for pages."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.messages.mailbox_drafts.matching import Signal
from sales_campaigns.messages.mailbox_drafts.models import MailboxDraft
from sales_campaigns.messages.mailbox_drafts.models import MailboxDraftState as S

LATELY = timedelta(days=2)


def newest_drafts(session: Session, task_ids: Iterable[int]) -> dict[int, MailboxDraft]:
    """Task → its newest draft that has something to tell. One query, however many tasks."""
    ids = list(task_ids)
    if not ids:
        return {}
    mine = (MailboxDraft.task_id.in_(ids), MailboxDraft.state != S.REMOVED)
    rows = session.scalars(sa.select(MailboxDraft).where(*mine).order_by(MailboxDraft.id))
    return {row.task_id: row for row in rows}


def newest_draft(session: Session, task_id: int) -> MailboxDraft | None:
    return newest_drafts(session, [task_id]).get(task_id)


def guessed(session: Session, actor: User, now: datetime) -> list[MailboxDraft]:
    """Tasks of the actor that were done lately by a mail that only its address and subject speak for."""
    mine = sa.select(Mailbox.id).where(Mailbox.user_id == actor.id)
    rows = sa.select(MailboxDraft).where(
        MailboxDraft.mailbox_id.in_(mine),
        MailboxDraft.state == S.SENT,
        MailboxDraft.signal == Signal.ADDRESS,
        MailboxDraft.ended_at >= now - LATELY,
    )
    return list(session.scalars(rows.order_by(MailboxDraft.ended_at.desc())))
