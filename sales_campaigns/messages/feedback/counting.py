"""What feedback means for addresses: errors are counted, a bad one goes into quarantine, a success forgives.

The rule: “hard → at once; soft → at the 5th significant error (at least 24 h apart), or when it lasts through the
whole validity period (setting, on; mailbox full excepted); reset by a success or after 10 quiet days; mailbox-full
recovers after 30 days.” It counts for the address, and so for everybody who has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from sales_campaigns.accounts.models import Instance
from sales_campaigns.database import UtcDateTime
from sales_campaigns.messages.feedback.qualifying import Qualified
from sales_campaigns.messages.feedback.reasons import Reason
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.outcomes import FailureType
from sales_campaigns.people.models import Address
from sales_campaigns.unit_of_work import UnitOfWork

APART = timedelta(hours=24)
QUIET = timedelta(days=10)
QUIET_WHEN_FULL = timedelta(days=30)
DEFAULT_ERRORS = 5


@dataclass(frozen=True, slots=True)
class Trouble:
    """One failure at one address (lower-cased); `lasted`: it did so until the validity of its mail was over."""

    email: str
    qualified: Qualified
    words: str
    lasted: bool = False


def count_troubles(uow: UnitOfWork, troubles: Sequence[Trouble]) -> None:
    """Flat: three statements at most, whatever the number. What is ignored, or not defined, is not counted."""
    if not troubles:
        return
    errors, lasting = _settings(uow)
    bad = [
        one for one in troubles if one.qualified.for_good or (one.lasted and lasting and not _is_full(one))
    ]
    _quarantine(uow, bad)
    gone = {one.email for one in bad}
    _count(uow, [one for one in troubles if one.email not in gone and _is_significant(one)], errors)


def forgive(uow: UnitOfWork, emails: Iterable[str]) -> None:
    """A mail arrived there: its errors are forgotten. Quarantine is not: only an administrator releases."""
    _forgive(uow, Address.email.in_(sorted({email.lower() for email in emails})))


def forgive_retried(uow: UnitOfWork, message_ids: Sequence[int]) -> None:
    """The same for mails that a server took after it had refused them; one that came back later proves nothing."""
    refused_before = sa.select(sa.func.lower(Message.email)).where(
        Message.id.in_(message_ids), Message.came_back_at.is_(None)
    )
    _forgive(uow, Address.email.in_(refused_before))


def _forgive(uow: UnitOfWork, where: sa.ColumnElement[bool]) -> None:
    uow.session.execute(
        sa.update(Address)
        .where(where, Address.errors > 0)
        .values(errors=0, last_error_at=None, error_reason="")
        .execution_options(synchronize_session=False)
    )


def _settings(uow: UnitOfWork) -> tuple[int, bool]:
    found = uow.session.execute(sa.select(Instance.quarantine_errors, Instance.quarantine_lasting)).first()
    return (found[0], found[1]) if found else (DEFAULT_ERRORS, True)


def _is_full(one: Trouble) -> bool:
    return one.qualified.reason is Reason.MAILBOX_FULL


def _is_significant(one: Trouble) -> bool:
    return one.qualified.failure is FailureType.SOFT and one.qualified.reason is not Reason.NOT_DEFINED


def _quarantine(uow: UnitOfWork, bad: Sequence[Trouble]) -> None:
    """The address that the mail went to, also when the person has another one by now; never one that is allowed."""
    table: Any = Address.__table__
    statement = (
        sa.update(table)
        .where(table.c.email == sa.bindparam("_email"))
        .where(table.c.quarantined_at.is_(None), table.c.allowed_at.is_(None))
        .values(quarantined_at=uow.now, trouble=sa.bindparam("_words"), error_reason=sa.bindparam("_reason"))
    )
    _each(uow, statement, bad)


def _count(uow: UnitOfWork, soft: Sequence[Trouble], limit: int) -> None:
    table: Any = Address.__table__
    now = sa.literal(uow.now, UtcDateTime())
    errors = sa.case((_is_quiet(table, uow), 1), else_=table.c.errors + 1)
    full_up = sa.and_(errors >= limit, table.c.quarantined_at.is_(None), table.c.allowed_at.is_(None))
    statement = (
        sa.update(table)
        .where(table.c.email == sa.bindparam("_email"))
        .where(sa.or_(table.c.last_error_at.is_(None), table.c.last_error_at <= uow.now - APART))
        .values(
            errors=errors,
            last_error_at=now,
            error_reason=sa.bindparam("_reason"),
            trouble=sa.bindparam("_words"),
            quarantined_at=sa.case((full_up, now), else_=table.c.quarantined_at),
        )
    )
    _each(uow, statement, soft)


def _is_quiet(table: sa.FromClause, uow: UnitOfWork) -> sa.ColumnElement[bool]:
    """Whether the errors before are forgotten: 10 days without one, 30 where the mailbox was full."""
    last, full = table.c.last_error_at, table.c.error_reason == Reason.MAILBOX_FULL.value
    return sa.or_(
        last.is_(None),
        sa.and_(full, last < uow.now - QUIET_WHEN_FULL),
        sa.and_(~full, last < uow.now - QUIET),
    )


def _each(uow: UnitOfWork, statement: sa.Update, troubles: Sequence[Trouble]) -> None:
    """In the order of addresses, so that two transactions do not wait for each other."""
    first = {one.email.lower(): one for one in reversed(troubles)}
    rows = [
        {"_email": email, "_words": one.words, "_reason": one.qualified.reason.value}
        for email, one in sorted(first.items())
    ]
    if rows:
        uow.session.flush()
        uow.session.connection().execute(statement, rows)
        for row in uow.session.identity_map.values():
            if isinstance(row, Address):
                uow.session.expire(row)
