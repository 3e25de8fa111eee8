"""Mails that come in, as programs and people write them: raw bytes, and the record a mailbox gives for each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from itertools import count
from typing import Any

import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.incoming.models import ReceivedMail
from sales_campaigns.messages.incoming.receiving import receive
from sales_campaigns.messages.models import Message
from sales_campaigns.ports import IncomingMail
from scheduler.jobs import run_until_quiet
from tests.cast import Cast
from tests.conftest import Work
from tests.outgoing import due_mails

MONDAY = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
_UIDS = count(1)


def a_raw_mail(
    text: str = "Sounds good, let us talk.",
    *,
    sender: str = "Maria Santos <maria@example.com>",
    to: str = "ana@north.example",
    subject: str = "Re: Quick question, Maria",
    answers: str | None = None,
    references: Iterable[str] = (),
    message_id: str | None = None,
    html: str | None = None,
    **headers: str,
) -> bytes:
    """One mail with CRLF line ends. Underscores in names of headers stand for hyphens."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    mail["Date"] = format_datetime(MONDAY)
    mail["Message-ID"] = message_id or f"<in-{next(_UIDS)}@example.com>"
    if answers:
        mail["In-Reply-To"], mail["References"] = answers, " ".join([*references, answers])
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    if html is not None:
        mail.add_alternative(html, subtype="html")
    return mail.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def come_in(
    raw: bytes, uid: str = "", at: datetime = MONDAY, *, own: bool = False, thread_id: str | None = None
) -> IncomingMail:
    return IncomingMail(uid or f"uid-{next(_UIDS)}", at, raw, own=own, thread_id=thread_id)


def a_bounce(
    names: str,
    *,
    recipient: str = "maria@example.com",
    action: str = "failed",
    status: str = "5.1.1",
    diagnostic: str = "smtp; 550 5.1.1 <maria@example.com>: Recipient address rejected: User unknown",
) -> bytes:
    """A delivery status notification as Postfix writes it, with the headers of the mail it is about."""
    return f"""\
Return-Path: <>
From: MAILER-DAEMON@mx.north.example (Mail Delivery System)
To: ana@north.example
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Message-ID: <dsn-{next(_UIDS)}@mx.north.example>
Content-Type: multipart/report; report-type=delivery-status; boundary="4F2"

--4F2
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.north.example.

I'm sorry to have to inform you that your message could not be delivered.

<{recipient}>: host mx.example.com said: {diagnostic.partition(";")[2].strip()}

--4F2
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.north.example
Arrival-Date: Mon, 30 Nov 2026 09:00:00 +0100 (CET)

Final-Recipient: rfc822; {recipient}
Original-Recipient: rfc822;{recipient}
Action: {action}
Status: {status}
Remote-MTA: dns; mx.example.com
Diagnostic-Code: {diagnostic}

--4F2
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

From: Ana Lind <ana@north.example>
To: {recipient}
Subject: Quick question, Maria
Message-ID: {names}

--4F2--
""".encode().replace(b"\n", b"\r\n")


def a_complaint(names: str, recipient: str = "maria@example.com") -> bytes:
    """A spam complaint in the Abuse Reporting Format (RFC 5965)."""
    return f"""\
From: feedback@isp.example
To: ana@north.example
Subject: FW: Quick question, Maria
MIME-Version: 1.0
Message-ID: <arf-{next(_UIDS)}@isp.example>
Content-Type: multipart/report; report-type=feedback-report; boundary="arf1"

--arf1
Content-Type: text/plain; charset="US-ASCII"

This is an email abuse report for an email message received from IP 192.0.2.1.

--arf1
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: SomeGenerator/1.0
Version: 1
Original-Rcpt-To: <{recipient}>

--arf1
Content-Type: message/rfc822

From: Ana Lind <ana@north.example>
To: {recipient}
Subject: Quick question, Maria
Message-ID: {names}

Hello Maria
--arf1--
""".encode().replace(b"\n", b"\r\n")


def sent(work: Work, cast: Cast, room: PostRoom, *emails: str) -> list[str]:
    """Ana's mails to these people have left; their Message-IDs."""
    due_mails(work, cast, *(emails or ("maria@example.com",)), later_steps=1)
    run_until_quiet(room)
    with work() as uow:
        names = uow.session.scalars(
            sa.select(Message.message_id).where(Message.sent_at.is_not(None)).order_by(Message.id)
        )
        return [str(name) for name in names]


def taken_in(work: Work, cast: Cast, *raws: bytes, **more: Any) -> list[ReceivedMail]:
    with work() as uow:
        box = uow.session.get_one(Mailbox, cast.ana_box.id)
        receive(uow, box, [come_in(raw, **more) for raw in raws])
        return list(uow.session.scalars(sa.select(ReceivedMail).order_by(ReceivedMail.id)))


def answered(work: Work, cast: Cast, room: PostRoom, *raws: bytes) -> None:
    """These come into Ana's mailbox, and what must follow has followed."""
    taken_in(work, cast, *raws)
    run_until_quiet(room)
