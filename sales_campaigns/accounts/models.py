"""Rows of accounts: teams, users, their sessions and mailboxes."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from sales_campaigns.clock import machine_now
from sales_campaigns.database import Base, checked


class Role(StrEnum):
    USER = "user"
    TEAM_ADMINISTRATOR = "team_administrator"
    ADMINISTRATOR = "administrator"


class Team(Base):
    __tablename__ = "team"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(120), unique=True)
    # What stands under mails of the team; the words of the link in brackets, "" for those of the product.
    footer: Mapped[bool] = mapped_column(default=True)
    unsubscribe_text: Mapped[str] = mapped_column(sa.Text, default="")
    # Whether mails to many begin with a link to their mirror page.
    mirror_link: Mapped[bool] = mapped_column(default=False, server_default=sa.false())


class TeamPolicy(Base):
    """What a team's administrators have laid down. A team without a row has the values of `policies.py`."""

    __tablename__ = "team_policy"

    team_id: Mapped[int] = mapped_column(sa.ForeignKey("team.id", ondelete="CASCADE"), primary_key=True)
    templates_locked: Mapped[bool] = mapped_column(default=False)
    campaigns_locked: Mapped[bool] = mapped_column(default=False)
    # Categories into which only administrators share templates.
    guarded_categories: Mapped[list[Any]] = mapped_column(default=list)
    people_per_launch: Mapped[int | None]  # None: what the installation is set to
    launches_per_day: Mapped[int]
    mails_per_day: Mapped[int]
    changed_at: Mapped[datetime]

    __table_args__ = (
        sa.CheckConstraint(
            "people_per_launch > 0 AND launches_per_day > 0 AND mails_per_day > 0", name="positive"
        ),
    )


class User(Base):
    """Somebody who signs in. Rights stand beside the role, see `roles.py`."""

    __tablename__ = "user_account"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("team.id"))
    email: Mapped[str] = mapped_column(sa.String(254), unique=True)
    first_name: Mapped[str] = mapped_column(sa.String(120), default="")
    last_name: Mapped[str] = mapped_column(sa.String(120), default="")
    title: Mapped[str] = mapped_column(sa.String(200), default="")
    phone: Mapped[str] = mapped_column(sa.String(60), default="")
    role: Mapped[Role] = mapped_column(checked(Role), default=Role.USER)
    can_prepare: Mapped[bool] = mapped_column(default=False)
    can_start: Mapped[bool] = mapped_column(default=False)
    zone: Mapped[str] = mapped_column(sa.String(64), default="UTC")
    country: Mapped[str] = mapped_column(sa.String(12), default="")
    password_hash: Mapped[str] = mapped_column(sa.String(200), default="")
    active: Mapped[bool] = mapped_column(default=True)
    preferences: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]

    team: Mapped[Team] = relationship(lazy="joined", innerjoin=True)

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.email


class SignedIn(Base):
    """A server-side session: the cookie holds a random token, the row its SHA-256."""

    __tablename__ = "signed_in"

    token_hash: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    agent: Mapped[str] = mapped_column(sa.String(200), default="")


class SignInLink(Base):
    """A link that signs in once."""

    __tablename__ = "sign_in_link"

    token_hash: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SignInFailure(Base):
    """A wrong password, counted per address and per place it came from."""

    __tablename__ = "sign_in_failure"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(300))
    at: Mapped[datetime]

    __table_args__ = (sa.Index("ix_sign_in_failure_key_at", "key", "at"),)


class MailboxState(StrEnum):
    CONNECTED = "connected"
    NEEDS_RECONNECT = "needs_reconnect"
    STOPPED = "stopped"


class Mailbox(Base):
    """The rep's own sending account. `sealed_secret` is opened only to connect."""

    __tablename__ = "mailbox"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    provider: Mapped[str] = mapped_column(sa.String(24))
    address: Mapped[str] = mapped_column(sa.String(254), unique=True)
    host: Mapped[str] = mapped_column(sa.String(254), default="")
    port: Mapped[int] = mapped_column(default=0)
    security: Mapped[str] = mapped_column(sa.String(12), default="tls")
    username: Mapped[str] = mapped_column(sa.String(254), default="")
    sealed_secret: Mapped[str] = mapped_column(sa.Text, default="")
    signature_html: Mapped[str] = mapped_column(sa.Text, default="")
    # Copies of every mail that leaves from here.
    cc: Mapped[str] = mapped_column(sa.Text, default="", server_default="")
    bcc: Mapped[str] = mapped_column(sa.Text, default="", server_default="")
    largest_mail: Mapped[int | None]  # bytes that its server takes, as it said when it was asked last
    daily_limit: Mapped[int] = mapped_column(default=500)
    # A relay for many mails: they are gated and recorded in batches and handed over side by side.
    bulk_lane: Mapped[bool] = mapped_column(default=False)
    per_minute: Mapped[int | None]  # None: what the provider's profile says
    # While it gets known (`ramps.Ramp`): without a first number it is known already.
    ramp_first: Mapped[int | None]
    ramp_percent: Mapped[int] = mapped_column(default=50, server_default="50")
    ramp_most: Mapped[int] = mapped_column(default=500, server_default="500")
    ramp_begins: Mapped[date | None]
    # Drafts of the rep's e-mail tasks are put into it by themselves.
    drafts_wait: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    # Its relay reports each delivery as an event, so that a mail it took is open until then.
    relay_reports: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    judged_from: Mapped[datetime | None]  # mails before this no longer count against it
    state: Mapped[MailboxState] = mapped_column(checked(MailboxState), default=MailboxState.CONNECTED)
    trouble: Mapped[str] = mapped_column(sa.Text, default="")
    lost_at: Mapped[datetime | None]  # since when it is not connected
    paused_until: Mapped[datetime | None]  # machine time: a rate limit outside is never scaled
    # What `checkups.probing` found when it last sent a mail to itself; machine time.
    probed_at: Mapped[datetime | None]
    probed: Mapped[dict[str, Any] | None]
    # Set: it sends through the channel of this identity, and not by its own server.
    identity_id: Mapped[int | None] = mapped_column(sa.ForeignKey("identity.id"), index=True)

    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)
    grant: Mapped[Grant | None] = relationship(viewonly=True)

    @property
    def has_own_way(self) -> bool:
        """Whether it can send without a channel: by its own server, or by what was granted."""
        return bool(self.host) or self.grant is not None

    @property
    def waits_until(self) -> datetime | None:
        """Machine time; None where it waits no longer, whatever its server once said."""
        until = self.paused_until
        return until if until is not None and until > machine_now() else None

    @property
    def trouble_now(self) -> str:
        """What was said of it last, as long as that is why nothing leaves; else empty."""
        holds = self.state is not MailboxState.CONNECTED or self.waits_until is not None
        return self.trouble if holds else ""


class Grant(Base):
    """What lets us into a mailbox without its password: tokens, sealed, and what they allow.

    `expires_at` and `granted_at` are machine time. `delegated`: by the key of the organisation, not by its rep.
    """

    __tablename__ = "mailbox_grant"

    mailbox_id: Mapped[int] = mapped_column(sa.ForeignKey("mailbox.id", ondelete="CASCADE"), primary_key=True)
    scopes: Mapped[str] = mapped_column(sa.Text, default="")
    sealed_access: Mapped[str] = mapped_column(sa.Text, default="")
    sealed_refresh: Mapped[str] = mapped_column(sa.Text, default="")
    expires_at: Mapped[datetime]
    delegated: Mapped[bool] = mapped_column(default=False)
    granted_at: Mapped[datetime]


class ConsentAsked(Base):
    """A question for consent that is on its way: answered once, from the same sign-in, before it expires.

    `state_hash` is the SHA-256 of what comes back with the answer. Times are machine time.
    """

    __tablename__ = "consent_asked"

    state_hash: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    session_hash: Mapped[str] = mapped_column(sa.String(64))
    provider: Mapped[str] = mapped_column(sa.String(24))
    address: Mapped[str] = mapped_column(sa.String(254))
    redirect: Mapped[str] = mapped_column(sa.String(500))
    sealed_verifier: Mapped[str] = mapped_column(sa.Text)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class DelegationKey(Base):
    """The key of the organisation, sealed, by which administrators connect mailboxes for all."""

    __tablename__ = "delegation_key"

    provider: Mapped[str] = mapped_column(sa.String(24), primary_key=True)
    sealed_key: Mapped[str] = mapped_column(sa.Text)
    whose: Mapped[str] = mapped_column(sa.String(254))
    author_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    added_at: Mapped[datetime]


class Inbox(Base):
    """How a mailbox is read, and how far that has come: by IMAP with the mailbox's own password, or, without a host, by
    what was granted.

    `look_at`, `read_at` and `failing_since` are machine time.
    """

    __tablename__ = "inbox"

    mailbox_id: Mapped[int] = mapped_column(sa.ForeignKey("mailbox.id"), primary_key=True)
    host: Mapped[str] = mapped_column(sa.String(254))
    port: Mapped[int]
    security: Mapped[str] = mapped_column(sa.String(12))
    username: Mapped[str] = mapped_column(sa.String(254))
    cursor: Mapped[str] = mapped_column(sa.Text, default="")
    look_at: Mapped[datetime] = mapped_column(index=True)
    read_at: Mapped[datetime | None]
    trouble: Mapped[str] = mapped_column(sa.Text, default="")
    failing_since: Mapped[datetime | None]

    mailbox: Mapped[Mailbox] = relationship(lazy="joined", innerjoin=True)


class Instance(Base):
    """The one row of this installation: the anchor of a sped-up clock, and where and until when it was at work.

    `places` are those where the first start, or an administrator, knows it to run; `woken_in` is where it woke up
    last. `beats` counts its signs of life, and `worked_at` is the business time of the last one.
    """

    __tablename__ = "instance"

    id: Mapped[int] = mapped_column(primary_key=True)
    sending: Mapped[bool] = mapped_column(default=True)
    clock_real: Mapped[datetime | None]
    clock_business: Mapped[datetime | None]
    places: Mapped[list[Any]] = mapped_column(default=list)
    woken_in: Mapped[str] = mapped_column(sa.String(200), default="")
    beats: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    worked_at: Mapped[datetime | None]
    # Quarantine: at how many significant soft errors, and whether at one that lasts through the whole validity.
    quarantine_errors: Mapped[int] = mapped_column(default=5, server_default="5")
    quarantine_lasting: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    # What was refused for now: so many retries so far apart, then one every so many hours, while the mail is valid.
    retry_first_day: Mapped[int] = mapped_column(default=5, server_default="5")
    retry_minutes: Mapped[int] = mapped_column(default=60, server_default="60")
    retry_hours: Mapped[int] = mapped_column(default=24, server_default="24")
    validity_hours: Mapped[int] = mapped_column(default=120, server_default="120")
    set_up_at: Mapped[datetime | None]  # since when the steps of the first run are put away
    # The BOUNCE_ADDRESS that a probe came back to: another one is not used before it is probed, too.
    bounce_address: Mapped[str] = mapped_column(sa.String(254), default="", server_default="")

    __table_args__ = (sa.CheckConstraint("id = 1", name="only_one"),)
