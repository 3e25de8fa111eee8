"""Take in what came into a mailbox: what it is, whom it concerns, and the activity that something must follow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.messages.incoming.auto_replies import is_auto_reply, is_from_a_list
from sales_campaigns.messages.incoming.facts import Facts, facts_of, parsed
from sales_campaigns.messages.incoming.matching import Known, Matches, came_to, find
from sales_campaigns.messages.incoming.models import Disposal, MailKind, ReceivedMail
from sales_campaigns.messages.incoming.new_words import asks_to_stop, new_words
from sales_campaigns.messages.incoming.reports import Report, ReportKind, reports_of, returned_as
from sales_campaigns.messages.incoming.return_dates import return_date
from sales_campaigns.messages.return_paths import ReturnPath
from sales_campaigns.people.address_rows import insert_missing
from sales_campaigns.ports import IncomingMail
from sales_campaigns.unit_of_work import UnitOfWork

CHUNK = 500
MOST_RECIPIENTS = 50  # of one mail
REPORTED = {
    ReportKind.FAILED: MailKind.BOUNCE,
    ReportKind.DELAYED: MailKind.DELAY,
    ReportKind.COMPLAINT: MailKind.COMPLAINT,
    ReportKind.DELIVERED: MailKind.RECEIPT,
}


@dataclass(frozen=True, slots=True)
class _Opened:
    mail: IncomingMail
    facts: Facts
    reports: tuple[Report, ...]
    own: bool
    returned: int | None = None  # the message whose return path it came to


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What one mail is, which message it is about, whose it is, and a report's one recipient."""

    kind: MailKind
    message: Known | None
    person_id: int
    report: Report | None = None


def receive(
    uow: UnitOfWork, mailbox: Mailbox, mails: Iterable[IncomingMail], returns: ReturnPath | None = None
) -> int:
    """Keep what concerns people we write to, and record `<kind>.received` for each; how many were new.

    Mails that are known already, by their uid or their Message-ID, change nothing; those of strangers are not
    kept. A copy of what the owner sent is nobody's answer, but the reply that it answers waits no longer.
    `returns`: by what comes to a message's own return path it is known, of whichever team it is.
    """
    return sum(_receive(uow, mailbox, chunk, returns) for chunk in _chunks(mails))


def _receive(
    uow: UnitOfWork, mailbox: Mailbox, mails: Sequence[IncomingMail], returns: ReturnPath | None
) -> int:
    opened = [_open(mail, mailbox.address.lower(), returns) for mail in _unknown(uow, mailbox, mails)]
    if not opened:
        return 0
    _mark_answered(uow, mailbox, [one for one in opened if one.own])
    foreign = _new(uow, mailbox, [one for one in opened if not one.own])
    found = _find(uow, mailbox, foreign)
    rows = [row for one in foreign for row in _rows(mailbox, one, found)]
    return _keep(uow, rows) if rows else 0


def _unknown(uow: UnitOfWork, mailbox: Mailbox, mails: Sequence[IncomingMail]) -> list[IncomingMail]:
    by_uid = {mail.uid: mail for mail in mails}
    known = sa.select(ReceivedMail.uid).where(
        ReceivedMail.mailbox_id == mailbox.id, ReceivedMail.uid.in_(by_uid)
    )
    gone = set(uow.session.scalars(known))
    return [mail for uid, mail in by_uid.items() if uid not in gone]


def _open(mail: IncomingMail, address: str, returns: ReturnPath | None) -> _Opened:
    message = parsed(mail.raw)
    facts = facts_of(message)
    returned = came_to(returns, facts) if returns is not None else None
    reports = reports_of(message) or (returned_as(message) if returned is not None else ())
    return _Opened(mail, facts, reports, mail.own or facts.sender == address, returned)


def _new(uow: UnitOfWork, mailbox: Mailbox, opened: Sequence[_Opened]) -> list[_Opened]:
    """Without what the team has under its Message-ID already: moved to another folder, or sent to two of us."""
    named = {one.facts.message_id: one for one in opened if one.facts.message_id}
    known = set(
        uow.session.scalars(
            sa.select(ReceivedMail.message_id).where(
                ReceivedMail.team_id == mailbox.user.team_id, ReceivedMail.message_id.in_(named)
            )
        )
    )
    first = (one for one in opened if not one.facts.message_id or named[one.facts.message_id] is one)
    return sorted((one for one in first if one.facts.message_id not in known), key=lambda one: one.mail.at)


def _find(uow: UnitOfWork, mailbox: Mailbox, opened: Sequence[_Opened]) -> Matches:
    if not opened:
        return Matches()
    reports = [report for one in opened for report in one.reports]
    reported = (report.original_message_id for report in reports)
    return find(
        uow.session,
        mailbox.id,
        mailbox.user.team_id,
        names={*(name for one in opened for name in one.facts.answered), *reported} - {""},
        threads={one.mail.thread_id for one in opened if one.mail.thread_id},
        recipients={address for one in opened for address in _unnamed(one)},
        senders={one.facts.sender for one in opened} - {""},
        returned={one.returned for one in opened if one.returned is not None},
        at=min(one.mail.at for one in opened),
    )


def _unnamed(one: _Opened) -> list[str]:
    """Whom reports are about that do not show our mail. One of ours has a few recipients, a made-up one thousands."""
    whom = (report.recipient for report in one.reports if not report.original_message_id)
    return [*dict.fromkeys(address for address in whom if address)][:MOST_RECIPIENTS]


def _rows(mailbox: Mailbox, one: _Opened, found: Matches) -> Iterator[dict[str, Any]]:
    """Nothing for a stranger's mail. The first recipient of a report stands for the mail."""
    meaning = _report(one, found) if one.reports else _meaning(one, found)
    if meaning is None:
        return
    facts, words = one.facts, new_words(one.facts.text)
    away = meaning.kind is MailKind.AUTO_REPLY
    whose = meaning.message if one.returned is not None else None
    yield {
        "team_id": whose.team_id if whose else mailbox.user.team_id,
        "mailbox_id": mailbox.id,
        "user_id": whose.sender_id if whose else mailbox.user_id,
        "uid": one.mail.uid,
        "message_id": facts.message_id,
        "references": facts.references,
        "thread_id": one.mail.thread_id,
        "at": one.mail.at,
        "kind": meaning.kind,
        "answers_id": meaning.message.id if meaning.message else None,
        "person_id": meaning.person_id,
        "campaign_id": meaning.message.campaign_id if meaning.message else None,
        "enrollment_id": meaning.message.enrollment_id if meaning.message else None,
        "from_email": facts.sender,
        "from_name": facts.sender_name,
        "subject": facts.subject,
        "text": words,
        "report": asdict(meaning.report) if meaning.report else {},
        "back_on": return_date(facts.subject, words, one.mail.at.date()) if away else None,
        "raw": one.mail.raw,
        "note": "",
    }


def _report(one: _Opened, found: Matches) -> _Meaning | None:
    """The first recipient whose mail is ours; trouble is told before a delivery."""
    for report in sorted(one.reports, key=lambda said: said.kind is ReportKind.DELIVERED):
        message = found.reported(report, one.returned)
        if message is not None and report.kind in REPORTED:
            return _Meaning(REPORTED[report.kind], message, message.person_id, report)
    return None


def _meaning(one: _Opened, found: Matches) -> _Meaning | None:
    message = found.answered(one.facts, one.mail.thread_id, one.returned)
    from_them = found.people.get(one.facts.sender)
    person_id = message.person_id if message else from_them
    kind = _kind(one.facts, message, from_them)
    return _Meaning(kind, message, person_id) if kind is not None and person_id is not None else None


def _kind(facts: Facts, message: Known | None, from_them: int | None) -> MailKind | None:
    if facts.invitation == "accepted":
        return MailKind.MEETING
    if asks_to_stop(facts.subject, new_words(facts.text)):
        return MailKind.UNSUBSCRIBE
    if message is None and (from_them is None or is_from_a_list(facts)):
        return None
    if is_auto_reply(facts):
        return MailKind.AUTO_REPLY
    return MailKind.REPLY if message is not None else MailKind.WROTE


def _keep(uow: UnitOfWork, rows: list[dict[str, Any]]) -> int:
    """What another process has kept meanwhile is left to it: the unique index says who was first."""
    insert = insert_missing(uow.session, ReceivedMail).returning(ReceivedMail.id, ReceivedMail.uid)
    kept = {row.uid: row.id for row in uow.session.execute(insert, rows)}
    for kind in dict.fromkeys(row["kind"] for row in rows):
        told = [row for row in rows if row["kind"] is kind and row["uid"] in kept]
        uow.record_many(f"{kind}.received", [_activity(row, kept[row["uid"]]) for row in told])
    return len(kept)


def _activity(row: dict[str, Any], id: int) -> dict[str, Any]:
    named = {name: row[name] for name in ("team_id", "person_id", "campaign_id", "enrollment_id")}
    return {**named, "message_id": row["answers_id"], "data": _told(row, id)}


def _told(row: dict[str, Any], id: int) -> dict[str, Any]:
    back_on = row["back_on"]
    words = row["report"].get("words", "")
    return {
        "received": id,
        "subject": row["subject"][:200],
        "back_on": back_on.isoformat() if back_on else None,
        "words": words,
    }


def _mark_answered(uow: UnitOfWork, mailbox: Mailbox, own: Sequence[_Opened]) -> None:
    """Answered in the rep's own mail program: the reply waits no longer."""
    answered = {name for one in own for name in one.facts.answered[:1]}
    if answered:
        uow.session.execute(
            sa.update(ReceivedMail)
            .where(
                ReceivedMail.team_id == mailbox.user.team_id,
                ReceivedMail.message_id.in_(answered),
                ReceivedMail.disposal.is_(None),
            )
            .values(disposal=Disposal.ANSWERED, disposed_at=uow.now, disposed_by_id=mailbox.user_id)
            .execution_options(synchronize_session=False)
        )


def _chunks(mails: Iterable[IncomingMail]) -> Iterator[list[IncomingMail]]:
    chunk: list[IncomingMail] = []
    for mail in mails:
        chunk.append(mail)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
