"""What comes back in the demo's week: some people reply, some are away, one address in fifty is gone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage, Message
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime

import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.clock import Clock
from sales_campaigns.database import Sessions
from sales_campaigns.demo.words import REPLIES
from sales_campaigns.messages.incoming.receiving import receive
from sales_campaigns.messages.models import Message as Sent
from sales_campaigns.messages.models import MessageState
from sales_campaigns.ports import IncomingMail
from sales_campaigns.unit_of_work import UnitOfWork, unit_of_work

DAY = timedelta(days=1)
AWAY = timedelta(days=6)
REPLY, OUT, GONE = 4, 11, 37  # which of every 13, 29 and 50 mails


def hear(sessions: Sessions, clock: Clock) -> None:
    """The answers to what left since yesterday come into the mailboxes that it left from."""
    with unit_of_work(sessions, clock) as uow:
        for mailbox in uow.session.scalars(sa.select(Mailbox).order_by(Mailbox.id)).all():
            receive(uow, mailbox, list(_answers(uow, mailbox)))


def _answers(uow: UnitOfWork, mailbox: Mailbox) -> Iterator[IncomingMail]:
    sent = uow.session.scalars(
        sa.select(Sent)
        .where(
            Sent.mailbox_id == mailbox.id,
            Sent.state == MessageState.SENT,
            Sent.sent_at > uow.now - DAY,
            Sent.campaign_id.is_not(None),
        )
        .order_by(Sent.id)
    )
    for mail in sent.all():
        answer = _answer(uow, mail, mailbox.address)
        if answer is not None:
            yield IncomingMail(uid=f"demo-{mail.id}", at=uow.now, raw=answer.as_bytes())


def _answer(uow: UnitOfWork, mail: Sent, to: str) -> Message | None:
    number = mail.id
    if number % 50 == GONE:
        return _returned(mail, to)
    if number % 29 == OUT:
        back = (uow.now + AWAY).strftime("%d %B %Y")
        away = _written(uow, mail, to, f"Automatic reply: {mail.subject}", f"I am away and back on {back}.")
        away["Auto-Submitted"] = "auto-replied"
        return away
    if number % 13 == REPLY:
        words = REPLIES[number // 13 % len(REPLIES)]
        return _written(uow, mail, to, f"Re: {mail.subject.removeprefix('Re: ')}", words)
    return None


def _written(uow: UnitOfWork, mail: Sent, to: str, subject: str, words: str) -> EmailMessage:
    answer = EmailMessage()
    answer["From"], answer["To"], answer["Subject"] = mail.email, to, subject
    answer["Date"] = format_datetime(uow.now)
    answer["Message-ID"] = f"<answer-{mail.id}@{mail.email.rpartition('@')[2]}>"
    answer["In-Reply-To"] = answer["References"] = mail.message_id
    answer.set_content(words)
    return answer


def _returned(mail: Sent, to: str) -> MIMEMultipart:
    """As a mail server reports it (RFC 3464)."""
    domain = mail.email.rpartition("@")[2]
    report = MIMEMultipart("report", report_type="delivery-status")
    report["From"], report["To"] = f"Mail Delivery System <mailer-daemon@{domain}>", to
    report["Subject"], report["Message-ID"] = "Undelivered mail", f"<returned-{mail.id}@{domain}>"
    report["Auto-Submitted"] = "auto-replied"
    report.attach(MIMEText(f"No such user here: {mail.email}"))
    status = Message()
    status["Content-Type"] = "message/delivery-status"
    server, recipient = Message(), Message()
    server["Reporting-MTA"] = f"dns; mx.{domain}"
    recipient["Final-Recipient"] = f"rfc822; {mail.email}"
    recipient["Action"], recipient["Status"] = "failed", "5.1.1"
    recipient["Diagnostic-Code"] = "smtp; 550 5.1.1 No such user here"
    status.set_payload([server, recipient])
    report.attach(status)
    head = Message()
    head["Content-Type"] = "text/rfc822-headers"
    head.set_payload(f"Message-ID: {mail.message_id}\r\nTo: {mail.email}\r\n")
    report.attach(head)
    return report
