"""The mailbox that a rep sends from: connect it, say how much it sends a day, let it send again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.holders import require_or_name
from sales_campaigns.accounts.models import Mailbox, MailboxState, User
from sales_campaigns.accounts.policies import limits_of
from sales_campaigns.accounts.roles import require
from sales_campaigns.addresses import check_address, copies_typed
from sales_campaigns.errors import Invalid, NotFound
from sales_campaigns.ports import MailAccount
from sales_campaigns.unit_of_work import UnitOfWork

SECURITY = {
    "tls": "TLS from the start (usually port 465)",
    "starttls": "STARTTLS (usually port 587)",
    "none": "None: only inside one's own network",
}
BY_CONSENT = ("gmail", "outlook")  # those that are reached by what was granted, without a password
ONE_BY_ONE = (
    "A mailbox that is connected by consent, or sends through a channel, hands over one mail after the other."
)
MOST_A_DAY = 2000
USUAL_A_DAY = 500
MOST_A_MINUTE = 100_000


@dataclass(frozen=True, slots=True)
class MailboxSettings:
    """How a mailbox is reached by SMTP, as typed and checked."""

    address: str
    host: str
    port: int
    security: str
    username: str

    def account(self, secret: str) -> MailAccount:
        """To be tried before it is kept; it has no number yet."""
        return MailAccount(
            0, "smtp", self.address, self.host, self.port, self.security, self.username, secret
        )

    def is_of(self, mailbox: Mailbox) -> bool:
        """Whether the stored password belongs to these settings: it is never sent to another server."""
        known = (mailbox.host, mailbox.port, mailbox.security, mailbox.username)
        return known == (self.host, self.port, self.security, self.username)


def mailbox_of(session: Session, actor: User) -> Mailbox | None:
    """The actor's own mailbox."""
    return session.scalars(sa.select(Mailbox).where(Mailbox.user_id == actor.id).order_by(Mailbox.id)).first()


def settings_typed(typed: Mapping[str, str]) -> MailboxSettings:
    """Raises Invalid with every problem at once."""
    problems, address = server_problems(typed), ""
    try:
        address = check_address(typed.get("address", "")).wire
    except Invalid as refusal:
        problems["address"] = next(iter(refusal.problems.values()))
    if problems:
        raise Invalid(problems)
    return MailboxSettings(
        address,
        host_typed(typed),
        int(typed["port"]),
        typed["security"],
        typed.get("username", "").strip(),
    )


def server_problems(typed: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with the host, the port and the security of a server, by field."""
    problems, host, port = {}, host_typed(typed), typed.get("port", "").strip()
    if not host or len(host) > 253 or any(character.isspace() or character in "/:@" for character in host):
        problems["host"] = "Write the name of the server alone, such as smtp.example.com."
    if not (port.isdecimal() and len(port) < 6 and 0 < int(port) < 65536):
        problems["port"] = "Write a port from 1 to 65535, such as 587."
    if typed.get("security") not in SECURITY:
        problems["security"] = "Choose one of the list."
    return problems


def host_typed(typed: Mapping[str, str]) -> str:
    return typed.get("host", "").strip().rstrip(".").lower()


def connect_mailbox(uow: UnitOfWork, actor: User, settings: MailboxSettings, sealed_secret: str) -> Mailbox:
    """Keep what was tried with success. Raises Invalid when somebody else sends from this address."""
    mailbox = mailbox_for(uow, actor, settings.address)
    mailbox.provider, mailbox.host, mailbox.port = "smtp", settings.host, settings.port
    mailbox.security, mailbox.username = settings.security, settings.username
    mailbox.sealed_secret = sealed_secret
    works_again(uow, actor, mailbox)
    return mailbox


def mailbox_for(uow: UnitOfWork, owner: User, address: str) -> Mailbox:
    """The owner's mailbox, now of this address; a new one where there was none. Raises Invalid for a taken one."""
    mailbox = mailbox_of(uow.session, owner)
    taken = uow.session.scalar(sa.select(Mailbox.user_id).where(Mailbox.address == address))
    if taken is not None and taken != owner.id:
        raise Invalid({"address": "Somebody else sends from this address already."})
    if mailbox is None:
        mailbox = Mailbox(user_id=owner.id, provider="smtp", user=uow.session.get_one(User, owner.id))
        mailbox.daily_limit = min(USUAL_A_DAY, limits_of(uow.session, owner.team_id).mails_per_day)
        uow.session.add(mailbox)
    mailbox.address, mailbox.identity_id = address, None  # by its own way, until a channel is chosen
    return mailbox


def note_largest_mail(mailbox: Mailbox, size: int | None) -> None:
    """What its server said when it was asked: bytes, None where it names no limit."""
    mailbox.largest_mail = size


def copy_mailbox(uow: UnitOfWork, actor: User, typed: Mapping[str, str]) -> Mailbox:
    """To whom copies of every mail from here go: `cc` and `bcc` as typed. Raises Invalid by field, NotFound."""
    mailbox = mailbox_of(uow.session, actor)
    if mailbox is None:
        raise NotFound("Connect a mailbox first.")
    copies = copies_typed({name: typed.get(name, "") for name in ("cc", "bcc")})
    mailbox.cc, mailbox.bcc = copies["cc"], copies["bcc"]
    data = {"mailbox": mailbox.id, **copies}
    uow.record("mailbox.copied", actor_id=actor.id, team_id=actor.team_id, data=data)
    return mailbox


def works_again(uow: UnitOfWork, actor: User, mailbox: Mailbox) -> None:
    """After a successful check, sending goes on. One stopped for its policy waits for an administrator."""
    if mailbox.state is MailboxState.STOPPED:
        require(actor, "manage_team")
    mailbox.state, mailbox.trouble = MailboxState.CONNECTED, ""
    mailbox.lost_at = mailbox.paused_until = None
    uow.session.flush()
    data = {"mailbox": mailbox.id, "address": mailbox.address}
    uow.record("mailbox.connected", actor_id=actor.id, team_id=actor.team_id, data=data)


def limit_mailbox(uow: UnitOfWork, actor: User, typed: str) -> Mailbox:
    """How many campaign mails leave on one day of the sender. Raises Invalid, NotFound without a mailbox."""
    mailbox = mailbox_of(uow.session, actor)
    if mailbox is None:
        raise NotFound("Connect a mailbox first.")
    if not (typed.strip().isdecimal() and len(typed.strip()) < 6 and 1 <= int(typed) <= MOST_A_DAY):
        raise Invalid({"daily_limit": f"Write a number from 1 to {MOST_A_DAY:,}."})
    most = limits_of(uow.session, actor.team_id).mails_per_day
    if int(typed) > most and not mailbox.bulk_lane:
        raise Invalid({"daily_limit": f"Your team has laid down at most {most:,} mails a day for each user."})
    mailbox.daily_limit = int(typed)
    data = {"mailbox": mailbox.id, "daily_limit": mailbox.daily_limit}
    uow.record("mailbox.limited", actor_id=actor.id, team_id=actor.team_id, data=data)
    return mailbox


def let_relay_report(uow: UnitOfWork, actor: User, *, wanted: bool) -> Mailbox:
    """Whether the relay that the actor's mails leave by reports each delivery as an event.

    The rule: SMTP confirms deliveries where the server gives notice, or where a provider's event webhook is connected.
    For mails that leave from now on. Raises Invalid, NotFound without a mailbox, and NotAllowed.
    """
    mailbox = mailbox_of(uow.session, actor)
    if mailbox is None:
        raise NotFound("Connect a mailbox first.")
    if wanted and mailbox.provider in BY_CONSENT and mailbox.identity_id is None:
        raise Invalid({"relay_reports": "A mailbox that is connected by consent has no relay."})
    if wanted != mailbox.relay_reports:
        require_or_name(uow.session, actor, "start_deliveries")
        mailbox.relay_reports = wanted
        data = {"mailbox": mailbox.id, "wanted": wanted}
        uow.record("mailbox.relay_reports", actor_id=actor.id, team_id=actor.team_id, data=data)
    return mailbox


def pace_mailbox(uow: UnitOfWork, actor: User, per_minute: str, *, bulk_lane: bool) -> Mailbox:
    """How fast it hands over: at most so many a minute (empty: what its provider takes), in batches or one by one.

    Raises Invalid, NotFound without a mailbox, and NotAllowed for a bulk lane without the right.
    """
    mailbox = mailbox_of(uow.session, actor)
    if mailbox is None:
        raise NotFound("Connect a mailbox first.")
    typed = per_minute.strip()
    if typed and not (typed.isdecimal() and len(typed) < 7 and 1 <= int(typed) <= MOST_A_MINUTE):
        raise Invalid({"per_minute": f"Write a number from 1 to {MOST_A_MINUTE:,}, or nothing."})
    if bulk_lane and (mailbox.provider in BY_CONSENT or mailbox.identity_id is not None):
        raise Invalid(ONE_BY_ONE)
    if bulk_lane != mailbox.bulk_lane:
        require_or_name(uow.session, actor, "start_deliveries")
    mailbox.per_minute, mailbox.bulk_lane = (int(typed) if typed else None), bulk_lane
    data = {"mailbox": mailbox.id, "per_minute": mailbox.per_minute, "bulk_lane": bulk_lane}
    uow.record("mailbox.paced", actor_id=actor.id, team_id=actor.team_id, data=data)
    return mailbox
