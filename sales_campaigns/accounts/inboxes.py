"""How a rep's mailbox is read by IMAP: guess it, say it, give it up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from sales_campaigns.accounts.mailboxes import host_typed, mailbox_of, server_problems
from sales_campaigns.accounts.models import Inbox, Mailbox, User
from sales_campaigns.clock import machine_now
from sales_campaigns.errors import Invalid, NotFound
from sales_campaigns.ports import MailAccount
from sales_campaigns.unit_of_work import UnitOfWork

READ_SECURITY = {
    "tls": "TLS from the start (usually port 993)",
    "starttls": "STARTTLS (usually port 143)",
    "none": "None: only inside one's own network",
}
# Servers whose name for reading does not follow from their name for sending.
OTHER_NAMES = {
    "smtp.office365.com": "outlook.office365.com",
    "smtp-mail.outlook.com": "outlook.office365.com",
}


@dataclass(frozen=True, slots=True)
class InboxSettings:
    """How a mailbox is read. Its password is the one that it sends with."""

    host: str
    port: int
    security: str
    username: str

    def account(self, mailbox: Mailbox, secret: str, *, kept: bool = False) -> MailAccount:
        """`kept`: its connection may be kept under the mailbox's number; else it is only tried."""
        number = mailbox.id if kept else 0
        return MailAccount(
            number, "imap", mailbox.address, self.host, self.port, self.security, self.username, secret
        )


def inbox_of(session: Session, mailbox: Mailbox) -> Inbox | None:
    return session.get(Inbox, mailbox.id)


def inbox_guessed(mailbox: Mailbox) -> InboxSettings:
    """What most providers use, told from how the mailbox sends."""
    first, dot, rest = mailbox.host.partition(".")
    named_for_sending = dot and first in {"smtp", "mail", "submission", "smtps"}
    guessed = f"imap.{rest}" if named_for_sending and first != "mail" else mailbox.host
    host = OTHER_NAMES.get(mailbox.host, guessed)
    return InboxSettings(host, 993, "tls", mailbox.username or mailbox.address)


def inbox_typed(typed: Mapping[str, str]) -> InboxSettings:
    """From the fields `imap_host`, `imap_port`, `imap_security`, `imap_username`. Raises Invalid with every problem."""
    fields = {name.removeprefix("imap_"): value for name, value in typed.items() if name.startswith("imap_")}
    problems = server_problems(fields)
    username = fields.get("username", "").strip()
    if not username:
        problems["username"] = "Write the name that you sign in with, often your e-mail address."
    if problems:
        raise Invalid({f"imap_{name}": _for_reading(words) for name, words in problems.items()})
    return InboxSettings(host_typed(fields), int(fields["port"]), fields["security"], username)


def read_from(uow: UnitOfWork, actor: User, settings: InboxSettings) -> Inbox:
    """Keep what was tried with success; it is looked at at once. Raises NotFound without a mailbox."""
    mailbox = _mailbox(uow, actor)
    inbox = inbox_of(uow.session, mailbox)
    if inbox is None:
        inbox = Inbox(mailbox_id=mailbox.id, mailbox=mailbox)
        uow.session.add(inbox)
    elif (inbox.host, inbox.username) != (settings.host, settings.username):
        inbox.cursor = ""
    inbox.host, inbox.port = settings.host, settings.port
    inbox.security, inbox.username = settings.security, settings.username
    inbox.look_at, inbox.trouble, inbox.failing_since = machine_now(), "", None
    data = {"mailbox": mailbox.id, "host": settings.host}
    uow.record("inbox.connected", actor_id=actor.id, team_id=actor.team_id, data=data)
    return inbox


def stop_reading(uow: UnitOfWork, actor: User) -> None:
    """Replies and bounces are no longer seen; what was read stays."""
    mailbox = _mailbox(uow, actor)
    inbox = inbox_of(uow.session, mailbox)
    if inbox is None:
        raise NotFound("This mailbox is not read.")
    uow.session.delete(inbox)
    data = {"mailbox": mailbox.id, "host": inbox.host}
    uow.record("inbox.disconnected", actor_id=actor.id, team_id=actor.team_id, data=data)


def _mailbox(uow: UnitOfWork, actor: User) -> Mailbox:
    mailbox = mailbox_of(uow.session, actor)
    if mailbox is None:
        raise NotFound("Connect a mailbox first.")
    return mailbox


def _for_reading(words: str) -> str:
    return words.replace("smtp.example.com", "imap.example.com").replace("587", "993")
