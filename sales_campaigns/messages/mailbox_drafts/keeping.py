"""What a rep sent from the own mailbox, kept where it may be what became of a draft of ours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.message import Message as Parsed
from email.utils import getaddresses
from typing import Any

import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.messages.incoming.facts import facts_of, parsed
from sales_campaigns.messages.mailbox_drafts.matching import Expected, Seen, Signal, concerns
from sales_campaigns.messages.mailbox_drafts.models import MailboxDraft, MailboxDraftState, OwnMail
from sales_campaigns.messages.mailbox_drafts.states import LIVE
from sales_campaigns.messages.models import Message
from sales_campaigns.people.address_rows import insert_missing
from sales_campaigns.ports import IncomingMail
from sales_campaigns.unit_of_work import UnitOfWork

KEY = "x-sales-campaigns-key"
TELLS_LATE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class _Read:
    mail: IncomingMail
    seen: Seen
    message_id: str


def keep_own(
    uow: UnitOfWork, box: Mailbox, mails: Sequence[IncomingMail], scheduled: Sequence[IncomingMail] = ()
) -> int:
    """Keep what may concern a draft of this mailbox; how many mails. Mails that we handed over are ours already."""
    drafts = [expected(draft) for draft in drafts_to_match(uow, box.id)] if mails or scheduled else []
    if not drafts:
        return 0
    read = [*_read(box, mails, scheduled=False), *_read(box, scheduled, scheduled=True)]
    near = [one for one in read if any(concerns(one[1].seen, draft) for draft in drafts)]
    known = _known(uow, box, (one.seen for _, one in near))
    rows = [_row(box, one, scheduled) for scheduled, one in near if not one.seen.names & known]
    if rows:
        uow.session.execute(insert_missing(uow.session, OwnMail), rows)
    return len(rows)


def drafts_to_match(uow: UnitOfWork, mailbox_id: int) -> Sequence[MailboxDraft]:
    """Those that may be sent, those that were deleted lately, and those whose rep says that they were sent."""
    over = sa.or_(
        MailboxDraft.state == MailboxDraftState.DELETED,
        sa.and_(MailboxDraft.state == MailboxDraftState.SENT, MailboxDraft.signal == Signal.SAID),
    )
    lately = sa.and_(over, MailboxDraft.ended_at >= uow.now - TELLS_LATE)
    mine = (MailboxDraft.mailbox_id == mailbox_id, sa.or_(MailboxDraft.state.in_(LIVE), lately))
    return uow.session.scalars(sa.select(MailboxDraft).where(*mine).order_by(MailboxDraft.id)).all()


def expected(draft: MailboxDraft) -> Expected:
    return Expected(
        id=draft.id,
        send_key=draft.send_key,
        names=frozenset({*draft.names.split(), draft.draft_id} - {""}),
        thread_id=draft.thread_id,
        recipient=draft.email,
        subject=draft.subject,
        opened_at=draft.opened_at,
        gone=draft.state not in (MailboxDraftState.ASKED, MailboxDraftState.MADE),
        over=draft.state not in LIVE,
    )


def seen(mail: OwnMail) -> Seen:
    return Seen(
        send_key=mail.send_key,
        names=frozenset({mail.message_id, mail.uid} - {""}),
        thread_id=mail.thread_id,
        recipients=frozenset(mail.recipients.split()),
        subject=mail.subject,
        at=mail.at,
    )


def recipients_in(mail: Parsed) -> list[str]:
    """Everybody that the headers name, lower-cased, each once."""
    fields = [str(value) for name in ("to", "cc", "bcc") for value in mail.get_all(name, [])]
    return list(
        dict.fromkeys(address.strip().lower() for _, address in getaddresses(fields) if "@" in address)
    )


def _read(box: Mailbox, mails: Iterable[IncomingMail], *, scheduled: bool) -> Iterator[tuple[bool, _Read]]:
    for mail in mails:
        message = parsed(mail.raw)
        facts = facts_of(message)
        if not (scheduled or mail.own or facts.sender == box.address.lower()):
            continue
        yield (
            scheduled,
            _Read(
                mail,
                Seen(
                    mail.send_key or facts.headers.get(KEY, ""),
                    frozenset({facts.message_id, mail.uid} - {""}),
                    mail.thread_id or "",
                    frozenset(recipients_in(message)),
                    facts.subject,
                    mail.at,
                ),
                facts.message_id,
            ),
        )


def _known(uow: UnitOfWork, box: Mailbox, mails: Iterable[Seen]) -> set[str]:
    """The names of those that are messages of ours."""
    names = {name for one in mails for name in one.names}
    if not names:
        return set()
    columns = (Message.message_id, Message.provider_id)
    which = sa.or_(*(column.in_(names) for column in columns))
    rows = uow.session.execute(sa.select(*columns).where(Message.mailbox_id == box.id, which))
    return {name for row in rows for name in row if name}


def _row(box: Mailbox, one: _Read, scheduled: bool) -> dict[str, Any]:
    return {
        "team_id": box.user.team_id,
        "mailbox_id": box.id,
        "uid": one.mail.uid,
        "scheduled": scheduled,
        "at": one.mail.at,
        "send_key": one.seen.send_key[:64],
        "message_id": one.message_id,
        "thread_id": one.seen.thread_id,
        "recipients": " ".join(sorted(one.seen.recipients)),
        "subject": one.seen.subject,
        "raw": one.mail.raw,
        "asked": [],
    }
