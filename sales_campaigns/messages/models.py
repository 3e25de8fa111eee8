"""Rows of messages: one row is one e-mail to one recipient, whatever caused it; and the holds that stop them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, event
from sqlalchemy.orm import Mapped, mapped_column

from sales_campaigns.accounts.channels.models import SenderIdentity
from sales_campaigns.accounts.models import Instance, Mailbox, User
from sales_campaigns.database import Base, checked
from sales_campaigns.messages.outcomes import FailureType


class MessageState(StrEnum):
    PENDING = "pending"
    CLAIMED = "claimed"
    SENDING = "sending"
    RELAYED = "relayed"
    SENT = "sent"
    RETRYING = "retrying"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


# What the dispatcher looks for.
DUE = "state IN ('pending', 'retrying')"
# What a delivery waits for before it is finished.
LIVE = "state IN ('pending', 'claimed', 'sending', 'retrying')"


def _where(condition: str, name: str, *columns: str, unique: bool = False) -> sa.Index:
    """An index of those rows only, in both databases."""
    rows = sa.text(condition)
    return sa.Index(name, *columns, unique=unique, postgresql_where=rows, sqlite_where=rows)


class Hold(Base):
    """Whether something that many messages hang on lets them leave.

    Deliveries, campaigns, enrollments, senders, mailboxes and the instance write their row in the same transaction
    as their own state; the gate locks the rows a message names with FOR SHARE, so a pause is one row and nothing
    passes it.
    """

    __tablename__ = "hold"

    kind: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    key: Mapped[int] = mapped_column(primary_key=True)
    stopped: Mapped[bool] = mapped_column(default=False)
    why: Mapped[str] = mapped_column(sa.String(200), default="")

    __table_args__ = (_where("stopped", "ix_hold_stopped", "kind", "key"),)


class Bucket(Base):
    """How much may leave now under one limit. Workers share it; it is written last in a transaction, in key order."""

    __tablename__ = "bucket"

    key: Mapped[str] = mapped_column(sa.String(320), primary_key=True)
    tokens: Mapped[float]
    filled_at: Mapped[datetime]  # machine time: limits of the outside are never scaled


class DomainLimit(Base):
    """How many mails a minute a domain of recipients is given by the whole installation. "*" stands for every other.

    `one_to_one`: whether mails from mailboxes that people write from count and wait too, or bulk lanes only.
    """

    __tablename__ = "domain_limit"

    domain: Mapped[str] = mapped_column(sa.String(255), primary_key=True)
    per_minute: Mapped[int]
    one_to_one: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (sa.CheckConstraint("per_minute > 0", name="positive"),)


class Cause(StrEnum):
    """Why the instance, a mailbox or a sender is stopped. Each is lifted by itself."""

    STOPPED = "stopped"  # somebody pressed "Stop all sending"
    RESTORED = "restored"  # the database woke up in another place, or knows less than it did
    PAUSED = "paused"  # the whole work of a rep
    LEAVE = "leave"


class Stop(Base):
    """One reason for which a hold is stopped: it is released when the last of them is lifted."""

    __tablename__ = "stop"

    kind: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    key: Mapped[int] = mapped_column(primary_key=True)
    cause: Mapped[Cause] = mapped_column(checked(Cause), primary_key=True)
    why: Mapped[str] = mapped_column(sa.String(200))
    at: Mapped[datetime]
    author_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))

    __table_args__ = (
        sa.ForeignKeyConstraint(["kind", "key"], ["hold.kind", "hold.key"], name="fk_stop_hold"),
    )


_NEW_HOLD = sa.insert(Hold)


def _hold_of(kind: str) -> Callable[[Any, Connection, Any], None]:
    """Whoever adds a user, a mailbox or the instance: its hold is there with it, before anything can name it."""

    def make(_mapper: Any, connection: Connection, row: Any) -> None:
        connection.execute(_NEW_HOLD, {"kind": kind, "key": row.id, "stopped": False, "why": ""})

    return make


for _model, _kind in ((Instance, "instance"), (Mailbox, "mailbox"), (User, "sender")):
    event.listen(_model, "after_insert", _hold_of(_kind))


class Message(Base):
    __tablename__ = "message"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("team.id"))
    # What it is for: unique (delivery, occasion, address, attempt) is the promise that nothing leaves twice.
    delivery_id: Mapped[int] = mapped_column(sa.ForeignKey("delivery.id"))
    occasion: Mapped[int] = mapped_column(sa.BigInteger)
    email: Mapped[str] = mapped_column(sa.String(320))
    attempt: Mapped[int] = mapped_column(default=1)
    campaign_id: Mapped[int | None]
    enrollment_id: Mapped[int | None]
    step_key: Mapped[str | None] = mapped_column(sa.String(32))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    sender_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    mailbox_id: Mapped[int] = mapped_column(sa.ForeignKey("mailbox.id"))
    identity_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey(SenderIdentity.id)
    )  # as it left by a channel
    # What it says: the wording, or the rep's own words for this one mail.
    wording_id: Mapped[int | None] = mapped_column(sa.ForeignKey("wording.id"))
    edited_subject: Mapped[str | None] = mapped_column(sa.Text)
    edited_html: Mapped[str | None] = mapped_column(sa.Text)
    # The letter of its variant, where its step has several contents.
    variant: Mapped[str] = mapped_column(sa.String(1), default="", server_default="")
    # The files it carries, where they are not those of its wording.
    bundle_id: Mapped[int | None] = mapped_column(sa.ForeignKey("bundle.id"))
    # The mail it follows in thread. `quoted` names how the copy under it is made.
    follows_id: Mapped[int | None] = mapped_column(sa.ForeignKey("message.id"))
    quoted: Mapped[str] = mapped_column(sa.String(12), default="")
    # The received mail that it answers. `despite_opt_out`: a person who opted out wrote last and is answered by hand.
    replies_to_id: Mapped[int | None]
    despite_opt_out: Mapped[bool] = mapped_column(default=False)
    # A mail to somebody else than its person, as rendered for the person; it counts nowhere. `proof_of`: the delivery
    # that it shows; with `proof_number` it is a proof of it, without one a seed that leaves with it.
    proof: Mapped[bool] = mapped_column(default=False)
    proof_of: Mapped[int | None]
    proof_number: Mapped[int | None]
    cc: Mapped[str] = mapped_column(sa.Text, default="")
    bcc: Mapped[str] = mapped_column(sa.Text, default="")
    # Copies that did not go along when it left: [address, why].
    left_out: Mapped[list[Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    # When: `due_at` is the planned instant and never drifts; `act_at` is when the dispatcher may take it.
    zone: Mapped[str] = mapped_column(sa.String(64), default="UTC")
    due_at: Mapped[datetime]
    act_at: Mapped[datetime]
    late_at: Mapped[datetime | None]  # past this, a first attempt is not made blindly
    valid_until: Mapped[datetime]
    state: Mapped[MessageState] = mapped_column(checked(MessageState), default=MessageState.PENDING)
    lease_until: Mapped[datetime | None]  # machine time
    owner: Mapped[str | None] = mapped_column(sa.String(64))
    generation: Mapped[int] = mapped_column(default=0)
    recoveries: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    # What left: fixed by the gate, before anything is handed over.
    message_id: Mapped[str | None] = mapped_column(sa.String(255), unique=True)
    references: Mapped[str] = mapped_column(sa.Text, default="")
    subject: Mapped[str] = mapped_column(sa.Text, default="")
    # Without its files, which are put in again: their bytes are kept once (see `letters.carrying`).
    mime: Mapped[bytes | None] = mapped_column(sa.LargeBinary, deferred=True)
    # On a bulk lane, instead of the bytes: what they are made of. There, and where files go along, their SHA-256.
    recipe: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True), deferred=True)
    mime_hash: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32), deferred=True)
    sent_at: Mapped[datetime | None]
    filed_at: Mapped[datetime | None]  # a copy stands among the sent mails of its mailbox
    # What became of it.
    provider_id: Mapped[str | None] = mapped_column(sa.String(255))
    thread_id: Mapped[str | None] = mapped_column(sa.String(255))
    # The draft it is sent from; "" when one is to be made, so that nothing has left; None where there are no drafts.
    draft_id: Mapped[str | None] = mapped_column(sa.String(255))
    failure: Mapped[FailureType | None] = mapped_column(checked(FailureType))
    reason: Mapped[str] = mapped_column(sa.String(64), default="")
    words: Mapped[str] = mapped_column(sa.Text, default="")
    # Whether its channel reports deliveries; and, after a soft bounce of what was taken, since when it is out again.
    confirms: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    came_back_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    trace_id: Mapped[str | None] = mapped_column(sa.String(32))  # of the request or the job that wrote it
    # What a rep did with its line: opens and clicks no longer count, what it was for was reached, out of sight.
    archived_at: Mapped[datetime | None]
    succeeded_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]

    __table_args__ = (
        sa.UniqueConstraint("delivery_id", "occasion", "email", "attempt", name="uq_message_identity"),
        _where(DUE, "ix_message_due", "mailbox_id", "act_at", "id"),
        _where("state IN ('claimed', 'sending')", "ix_message_leased", "lease_until"),
        _where(LIVE, "ix_message_delivery_live", "delivery_id"),
        # Most messages are in none of the next four, and every move of a message writes all that it is in.
        _where("proof_of IS NOT NULL", "ux_message_proof", "proof_of", "proof_number", "email", unique=True),
        _where("enrollment_id IS NOT NULL", "ix_message_enrollment", "enrollment_id"),
        _where("campaign_id IS NOT NULL", "ix_message_campaign_step", "campaign_id", "step_key", "state"),
        _where("thread_id IS NOT NULL", "ix_message_thread", "mailbox_id", "thread_id"),
        sa.Index("ix_message_mailbox_day", "mailbox_id", "due_at"),
        sa.Index("ix_message_person", "person_id", "id"),
        sa.Index("ix_message_sender_state", "sender_id", "state", "due_at"),
        sa.Index("ix_message_wording", "wording_id"),
    )


class TrackingChoice(Base):
    """What is noticed of the mails of a delivery; deliveries and campaigns write it. Without a row, everything is."""

    __tablename__ = "tracking_choice"

    delivery_id: Mapped[int] = mapped_column(
        sa.ForeignKey("delivery.id", ondelete="CASCADE"), primary_key=True
    )
    opens: Mapped[bool] = mapped_column(default=True)
    clicks: Mapped[bool] = mapped_column(default=True)
    utm: Mapped[str] = mapped_column(sa.String(500), default="")


class Attempt(Base):
    """One hand-over and the server's own answer: the history of a message."""

    __tablename__ = "attempt"

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(sa.ForeignKey("message.id", ondelete="CASCADE"))
    number: Mapped[int]
    at: Mapped[datetime]
    outcome: Mapped[str] = mapped_column(sa.String(24))
    code: Mapped[int | None]
    enhanced: Mapped[str | None] = mapped_column(sa.String(12))
    words: Mapped[str] = mapped_column(sa.Text, default="")
    # Of feedback that came later: the name of the report, so that it counts once however often it comes.
    key: Mapped[str | None] = mapped_column(sa.String(80))

    # Attempts are looked for by their message too.
    __table_args__ = (sa.Index("ux_attempt_key", "message_id", "key", unique=True),)


class Draft(Base):
    """A mail that a rep has begun and not sent. `key` names its form, so that the saves of one form are one row."""

    __tablename__ = "draft"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("team.id"))
    owner_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    task_id: Mapped[int | None]
    answers_id: Mapped[int | None] = mapped_column(sa.ForeignKey("message.id"))
    key: Mapped[str] = mapped_column(sa.String(32))
    subject: Mapped[str] = mapped_column(sa.Text, default="")
    html: Mapped[str] = mapped_column(sa.Text, default="")
    bundle_id: Mapped[int | None] = mapped_column(sa.ForeignKey("bundle.id"))
    cc: Mapped[str] = mapped_column(sa.Text, default="")
    bcc: Mapped[str] = mapped_column(sa.Text, default="")
    changed_at: Mapped[datetime]
    discarded_at: Mapped[datetime | None]

    __table_args__ = (
        sa.UniqueConstraint("owner_id", "key"),
        sa.UniqueConstraint("owner_id", "task_id"),
        sa.Index("ix_draft_owner_changed", "owner_id", "changed_at"),
    )
