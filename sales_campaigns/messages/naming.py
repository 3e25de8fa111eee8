"""What a mail is really called, where its provider gives names of its own: a link for what comes back, and no more."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from sales_campaigns.messages.models import Message
from sales_campaigns.unit_of_work import UnitOfWork

LONGEST_NAME = 255


def call_it(uow: UnitOfWork, id: int, name: str | None) -> bool:
    """Whether the message has another Message-ID from now on; the first that is called so keeps the name.

    A provider that gives a name twice, or two workers that are told one at the same instant, leave the second mail with
    the name that we gave it: its thread, its return path and its recipient find it.
    """
    if not name or len(name) > LONGEST_NAME:
        return False
    renamed = sa.update(Message).where(Message.id == id, Message.message_id.is_distinct_from(name))
    try:
        with uow.session.begin_nested():
            changed = uow.session.execute(renamed.values(message_id=name))
    except IntegrityError:
        return False
    return bool(changed.rowcount)  # type: ignore[attr-defined]
