"""The mails that come back: replies, out-of-office notices, bounce reports, complaints, requests to unsubscribe."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from email import policy
from email.message import EmailMessage, Message
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime

from integrations.sandbox.headers import Original
from sales_campaigns.ports import Act, Deed

DAEMON = "MAILER-DAEMON@mail.sandbox.example"
FEEDBACK = "feedback@mail.sandbox.example"
Written = EmailMessage | MIMEMultipart


def answer_to(original: Original, recipient: str, act: Act, at: datetime, number: int) -> bytes:
    """The whole mail with CRLF line ends, its Message-ID made of `number`."""
    mail = WRITERS[act.deed](original, recipient, act)
    mail["To"] = original.sender
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = f"<answer-{number}@{recipient.rpartition('@')[2]}>"
    return mail.as_bytes(policy=policy.SMTP)


def _reply(original: Original, recipient: str, act: Act) -> Written:
    mail = _note(
        recipient, f"Re: {original.subject.removeprefix('Re: ')}", act.text or "Thank you, tell me more."
    )
    return _in_thread(mail, original)


def _out_of_office(original: Original, recipient: str, act: Act) -> Written:
    """As RFC 3834 asks for: said to be automatic, in the thread of what it answers."""
    until = f" I am away through {act.until:%-d %B %Y}." if isinstance(act.until, date) else ""
    mail = _note(recipient, f"Automatic reply: {original.subject}", act.text or f"I am out of office.{until}")
    mail["Auto-Submitted"] = "auto-replied"
    mail["X-Auto-Response-Suppress"] = "All"
    return _in_thread(mail, original)


def _unsubscribe(_original: Original, recipient: str, act: Act) -> Written:
    """What a mail program sends for the button beside the sender: the List-Unsubscribe address of the mail."""
    return _note(recipient, "unsubscribe", act.text or "unsubscribe")


def _bounce(original: Original, recipient: str, act: Act) -> Written:
    """A report as in RFC 3464: for a person, for a program, and the head of the mail it is about."""
    soft = act.deed is not Deed.HARD
    status, code = ("4.2.2", "452 4.2.2 the mailbox is full") if soft else ("5.1.1", "550 5.1.1 user unknown")
    report = _report("delivery-status", "Mail delivery failed", DAEMON)
    report.attach(MIMEText(f"Your mail could not be delivered to {recipient}.\n{code}\n"))
    fields = {"Final-Recipient": f"rfc822; {recipient}", "Action": "failed", "Status": status}
    fields["Diagnostic-Code"] = f"smtp; {code}"
    report.attach(_fields_part("delivery-status", [{"Reporting-MTA": "dns; mail.sandbox.example"}, fields]))
    report.attach(_head_part(original))
    report["Auto-Submitted"] = "auto-replied"
    return report


def _complaint(original: Original, recipient: str, _act: Act) -> Written:
    """A report as in RFC 5965: somebody pressed “this is spam”."""
    report = _report("feedback-report", f"FW: {original.subject}", FEEDBACK)
    report.attach(MIMEText("This is a report of a mail that its recipient called spam.\n"))
    fields = {"Feedback-Type": "abuse", "User-Agent": "Sandbox/1.0", "Version": "1"}
    fields["Original-Rcpt-To"] = recipient
    report.attach(_fields_part("feedback-report", [fields]))
    report.attach(_head_part(original))
    return report


def _note(recipient: str, subject: str, text: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = recipient
    mail["Subject"] = subject
    mail.set_content(text + "\n")
    return mail


def _in_thread(mail: EmailMessage, original: Original) -> EmailMessage:
    mail["In-Reply-To"] = original.message_id
    mail["References"] = " ".join((*original.references, original.message_id))
    return mail


def _report(kind: str, subject: str, sender: str) -> MIMEMultipart:
    report = MIMEMultipart("report", boundary=f"=_{kind}", report_type=kind)
    report["From"] = sender
    report["Subject"] = subject
    return report


def _fields_part(kind: str, blocks: list[dict[str, str]]) -> Message:
    """A part for programs: blocks of fields, each of which the library writes as a message without a body."""
    part = Message()
    part["Content-Type"] = f"message/{kind}"
    for block in blocks:
        fields = Message()
        for name, value in block.items():
            fields[name] = value
        part.attach(fields)
    return part


def _head_part(original: Original) -> Message:
    part = Message()
    part["Content-Type"] = "text/rfc822-headers"
    part.set_payload(original.head.decode("ascii", "replace").replace("\r\n", "\n") + "\n")
    return part


WRITERS: dict[Deed, Callable[[Original, str, Act], Written]] = {
    Deed.REPLY: _reply,
    Deed.OUT_OF_OFFICE: _out_of_office,
    Deed.UNSUBSCRIBE: _unsubscribe,
    Deed.HARD: _bounce,
    Deed.SOFT: _bounce,
    Deed.SOFT_THEN_FINE: _bounce,
    Deed.COMPLAINT: _complaint,
}
