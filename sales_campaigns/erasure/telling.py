"""Everything that is known of a person, in one file that they can be given.

The rule: “export gives one file per person.” JSON: for each kind of row a list of its rows with every column; the mails
as they left; instants in UTC. What only guards the product (leases, hashes, sealed keys) is left out.
"""

from __future__ import annotations

from base64 import b64encode
from datetime import date, datetime, time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.erasure.subjects import Subject, about, subject_of
from sales_campaigns.erasure.traces import TRACES, Trace
from sales_campaigns.errors import Invalid
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.outbox.lines import exact_mail
from sales_campaigns.unit_of_work import UnitOfWork

FORMAT = "sales-campaigns-person/1"
LEFT_OUT = frozenset(
    {"mime", "mime_hash", "recipe", "lease_until", "owner", "generation", "recoveries", "awaited", "tries"}
)


def tell(uow: UnitOfWork, actor: User, *, person_id: int | None = None, email: str = "") -> dict[str, Any]:
    """All that is known of whoever this is, by table; that it was told stands in the audit log.

    Raises NotAllowed, NotFound.
    """
    require(actor, "manage_installation")
    subject = subject_of(uow.session, person_id=person_id, email=email)
    told: dict[str, Any] = {"format": FORMAT, "told_at": _plain(uow.now)}
    for trace in TRACES:
        told[trace.table] = _rows(uow.session, trace, subject)
    told["mail"] = _mails(uow.session, subject)
    for person in subject.people:
        uow.record("person.told", actor_id=actor.id, team_id=person.team_id, person_id=person.id)
    return told


def _rows(session: Session, trace: Trace, subject: Subject) -> list[dict[str, Any]]:
    shown = [column for column in trace.rows.columns if column.name not in LEFT_OUT]
    found = session.execute(
        sa.select(*shown).where(about(trace, subject)).order_by(*trace.rows.primary_key.columns)
    )
    return [{name: _plain(value) for name, value in row.items()} for row in found.mappings()]


def _mails(session: Session, subject: Subject) -> list[dict[str, Any]]:
    """The exact mails that were handed over; `text` says why where one cannot be shown."""
    sent = sa.select(Message).where(Message.person_id.in_(subject.ids), Message.sent_at.is_not(None))
    mails = session.scalars(sent.order_by(Message.id)).all()
    return [{"message_id": mail.message_id, "text": _exact(session, mail)} for mail in mails]


def _exact(session: Session, mail: Message) -> str:
    try:
        return str(_plain(exact_mail(session, mail) or b""))
    except Invalid as refusal:
        return refusal.words


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return _text(value)
    return value


def _text(value: bytes) -> str:
    """As it reads; in Base64 where it is no text."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return b64encode(value).decode()
