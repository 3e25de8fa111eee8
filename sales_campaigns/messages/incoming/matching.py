"""Which message of ours a received mail answers or reports on, and whose mail it is: flat queries for many mails."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import getaddresses

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from sales_campaigns.addresses import check_address
from sales_campaigns.messages.incoming.facts import Facts
from sales_campaigns.messages.incoming.reports import Report, ReportKind
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.return_paths import ReturnPath
from sales_campaigns.people.models import Address, Person

LATE_BOUNCES = timedelta(days=7)
AT_ONCE = 10_000  # addresses: each stands twice in a statement, and SQLite takes 32,766 values
# Where servers write to whom a mail was sent; the first of them is in the mail itself.
ADDRESSED = ("to", "x-original-to", "delivered-to", "envelope-to", "x-envelope-to")
_Column = InstrumentedAttribute[str] | InstrumentedAttribute[str | None] | InstrumentedAttribute[int]


@dataclass(frozen=True, slots=True)
class Known:
    """A message of ours, as far as a received mail needs it."""

    id: int
    person_id: int
    campaign_id: int | None
    enrollment_id: int | None
    team_id: int
    sender_id: int
    cc: str = ""
    bcc: str = ""

    def was_copied_to(self, recipient: str) -> bool:
        """Whether this address, lower-cased, got a copy of it."""
        return recipient in copied_to(self.cc, self.bcc)


@dataclass(frozen=True, slots=True)
class Matches:
    """What was found for a batch: messages by Message-ID, by thread and by recipient; people by address."""

    by_name: dict[str, Known] = field(default_factory=dict)
    by_thread: dict[str, Known] = field(default_factory=dict)
    by_recipient: dict[str, Known] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)
    by_return: dict[int, Known] = field(default_factory=dict)

    def answered(self, facts: Facts, thread_id: str | None, returned: int | None = None) -> Known | None:
        """The rule: matched by message id; the replying address does not matter. Else by the provider's thread.

        `returned`: the message whose return path it came to, as answers of programs do.
        """
        named = next((self.by_name[name] for name in facts.answered if name in self.by_name), None)
        threaded = self.by_thread.get(thread_id or "")
        if named and threaded and named.person_id != threaded.person_id == self.people.get(facts.sender):
            named = threaded  # its provider called two mails the same
        return self.by_return.get(returned or 0) or named or threaded

    def reported(self, report: Report, returned: int | None = None) -> Known | None:
        """The return path cannot be guessed, so it says it first. A bounce that does not show our mail is about the
        newest one to its recipient. Whether a copy arrived says nothing of the mail.
        """
        named = self.by_return.get(returned or 0) or self.by_name.get(report.original_message_id)
        found = named or self.by_recipient.get(report.recipient)
        if found and report.kind is not ReportKind.COMPLAINT and found.was_copied_to(report.recipient):
            return None
        return found


def copied_to(cc: str, bcc: str) -> set[str]:
    """The keys of the addresses that got copies, as a message stores them."""
    return {check_address(one).key for one in (*cc.split(), *bcc.split())}


def came_to(returns: ReturnPath, facts: Facts) -> int | None:
    """The message whose return path this mail was sent to, as its headers tell."""
    named = (address for name in ADDRESSED for _, address in getaddresses([facts.headers.get(name, "")]))
    return next((id for address in named if (id := returns.message_in(address)) is not None), None)


def find(
    session: Session,
    mailbox_id: int,
    team_id: int,
    *,
    names: Iterable[str],
    threads: Iterable[str],
    recipients: Iterable[str],
    senders: Iterable[str],
    returned: Iterable[int] = (),
    at: datetime,
) -> Matches:
    """A few queries, however many mails; proofs are nobody's, nor is what was sent to somebody erased.

    `at`: when the oldest of these mails came in.
    """
    mine = (Message.mailbox_id == mailbox_id, ~Message.proof)
    named = _known(
        session, Message.message_id, set(names), Message.team_id == team_id, ~Message.proof, newest=False
    )
    threaded = _known(session, Message.thread_id, set(threads), *mine)
    sent = _sent_to(session, set(recipients), *mine, Message.sent_at >= at - LATE_BOUNCES)
    bounced = {
        int(id): known for id, known in _known(session, Message.id, set(returned), ~Message.proof).items()
    }
    return Matches(named, threaded, sent, _people(session, team_id, set(senders)), bounced)


def _sent_to(session: Session, recipients: set[str], *where: sa.ColumnElement[bool]) -> dict[str, Known]:
    """By the people who have these addresses now, for nothing leads from an address to all mails of a mailbox.

    Only where those people got none of these mails is the mailbox read whole: somebody had the address before.
    """
    kept = session.scalars(sa.select(Address.email).where(Address.email.in_(recipients))).all()
    found: dict[str, Known] = {}
    for first in range(0, len(kept), AT_ONCE):
        some = set(kept[first : first + AT_ONCE])
        theirs = sa.select(Person.id).join(Address, Person.address_id == Address.id)
        of_them = Message.person_id.in_(theirs.where(Address.email.in_(some)))
        found |= _known(session, Message.email, some, *where, of_them)
    return found | _known(session, Message.email, set(kept) - found.keys(), *where)


def _known(
    session: Session,
    column: _Column,
    wanted: set[str] | set[int],
    *where: sa.ColumnElement[bool],
    newest: bool = True,
) -> dict[str, Known]:
    if not wanted:
        return {}
    nobody = sa.exists().where(Person.id == Message.person_id, Person.erased_at.is_not(None))
    rows = session.execute(
        sa.select(
            column.label("name"),
            Message.id,
            Message.person_id,
            Message.campaign_id,
            Message.enrollment_id,
            Message.team_id,
            Message.sender_id,
            Message.cc,
            Message.bcc,
        )
        .where(column.in_(wanted), ~nobody, *where)
        .order_by(Message.id if newest else Message.id.desc())
    )
    return {str(row.name): Known(*row[1:]) for row in rows}


def _people(session: Session, team_id: int, senders: set[str]) -> dict[str, int]:
    if not senders:
        return {}
    rows = session.execute(
        sa.select(Address.email, Person.id)
        .join(Person, Person.address_id == Address.id)
        .where(Person.team_id == team_id, Person.deleted_at.is_(None), Address.email.in_(senders))
    )
    return {row.email: row.id for row in rows}
