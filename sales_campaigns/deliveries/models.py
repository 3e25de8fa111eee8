"""Rows of deliveries: what messages belong to, how it was prepared, who was left out of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from sales_campaigns.database import Base, checked


class DeliveryKind(StrEnum):
    SINGLE = "single"
    RECURRING = "recurring"
    CONTINUOUS = "continuous"
    PERSONAL = "personal"


class DeliveryState(StrEnum):
    EDITING = "editing"
    PREPARING = "preparing"
    PREPARATION_FAILED = "preparation_failed"
    READY = "ready"
    AWAITING_CONFIRMATION = "awaiting_confirmation"
    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    PAUSED = "paused"
    STOPPED = "stopped"
    FINISHED = "finished"
    EXPIRED = "expired"


class Delivery(Base):
    """Every message is of exactly one delivery. A campaign's e-mail step owns a continuous one."""

    __tablename__ = "delivery"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("team.id"))
    owner_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    kind: Mapped[DeliveryKind] = mapped_column(checked(DeliveryKind))
    name: Mapped[str] = mapped_column(sa.String(300))
    campaign_id: Mapped[int | None]
    step_key: Mapped[str | None] = mapped_column(sa.String(32))
    state: Mapped[DeliveryState] = mapped_column(checked(DeliveryState), default=DeliveryState.IN_PROGRESS)
    created_at: Mapped[datetime]
    # Set at confirmation: the instant that the seconds of its recipients count from, and the end of validity.
    starts_at: Mapped[datetime | None]
    valid_until: Mapped[datetime | None]
    next_at: Mapped[datetime | None]  # when its job has something to do; null while it waits for a person
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        sa.UniqueConstraint("campaign_id", "step_key"),
        sa.Index("ix_delivery_team_kind", "team_id", "kind", "id"),
        sa.Index(
            "ix_delivery_next_at",
            "next_at",
            postgresql_where=sa.text("next_at IS NOT NULL"),
            sqlite_where=sa.text("next_at IS NOT NULL"),
        ),
    )


class DeliverySetup(Base):
    """What a person decides about a delivery before it is prepared: its inputs, all of them in the hash."""

    __tablename__ = "delivery_setup"

    delivery_id: Mapped[int] = mapped_column(
        sa.ForeignKey("delivery.id", ondelete="CASCADE"), primary_key=True
    )
    mailbox_id: Mapped[int | None] = mapped_column(sa.ForeignKey("mailbox.id"))
    wording_id: Mapped[int | None] = mapped_column(sa.ForeignKey("wording.id"))
    from_template: Mapped[str] = mapped_column(sa.String(200), default="")
    template_id: Mapped[int | None]  # the template of this name then, whatever it is called now
    audience: Mapped[dict[str, Any]] = mapped_column(default=dict)
    schedule: Mapped[dict[str, Any]] = mapped_column(default=dict)
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # Of a continuous delivery: whom each run takes, and when it runs. See `incremental.py`.
    incremental: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=sa.text("'{}'"))
    # Whoever last said that it starts by itself; the confirmation is then theirs.
    starter_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    confirmed_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    confirmed_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]


class DeliveryTemplate(Base):
    """Settings under a name, for deliveries that are made from it. What is made keeps its own copy."""

    __tablename__ = "delivery_template"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("team.id"))
    author_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    name: Mapped[str] = mapped_column(sa.String(120))
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    changed_at: Mapped[datetime]

    __table_args__ = (sa.UniqueConstraint("team_id", "name"),)


class Stage(StrEnum):
    """Where a preparation is: each is done in chunks, so that it can be stopped and goes on after a restart."""

    CLEARING = "clearing"
    WITHOUT_ADDRESS = "without_address"
    WITH_ADDRESS = "with_address"
    OVER = "over"


class Counted:
    """Columns of what prepares people in chunks: how far it is, and what was counted so far."""

    stage: Mapped[Stage] = mapped_column(checked(Stage), default=Stage.CLEARING)
    position: Mapped[int] = mapped_column(sa.BigInteger, default=0)  # the last id of the stage that is done
    people: Mapped[int] = mapped_column(default=0)  # in the audience when it began: for the progress only
    targeted: Mapped[int] = mapped_column(default=0)
    to_deliver: Mapped[int] = mapped_column(default=0)
    excluded: Mapped[int] = mapped_column(default=0)
    causes: Mapped[dict[str, Any]] = mapped_column(default=dict)  # cause → number, as counted
    errors: Mapped[int] = mapped_column(default=0)
    warnings: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Preparation(Counted, Base):
    """The last preparation of a delivery. Once over, its figures never change."""

    __tablename__ = "preparation"

    delivery_id: Mapped[int] = mapped_column(
        sa.ForeignKey("delivery.id", ondelete="CASCADE"), primary_key=True
    )
    inputs: Mapped[str] = mapped_column(sa.String(64))  # the hash of the setup that was prepared
    asked_by: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    computed_at: Mapped[datetime | None]  # when somebody had every figure built again from the rows

    __table_args__ = (
        sa.CheckConstraint("targeted = to_deliver + excluded", name="targeted"),
        sa.CheckConstraint("to_deliver >= 0 AND excluded >= 0", name="counts"),
    )


class Level(StrEnum):
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class JournalLine(Base):
    """What preparing, confirming and sending said, in order."""

    __tablename__ = "delivery_journal"

    id: Mapped[int] = mapped_column(primary_key=True)
    delivery_id: Mapped[int] = mapped_column(sa.ForeignKey("delivery.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    level: Mapped[Level] = mapped_column(checked(Level))
    words: Mapped[str] = mapped_column(sa.Text)


class Recipient(Base):
    """Somebody a prepared delivery goes to, for whom no message is made yet. One an address: nobody gets it twice.

    `after` is in seconds from the start of the delivery: the wave, and the recipient's zone; None while its increment
    of a continuous delivery, or the winner of its test, is not released. `variant` is the letter that it tries. The
    rows are made by one statement from the people themselves, and becoming a message checks every reference again;
    three foreign keys here made preparing a million people three times as slow (measured).
    """

    __tablename__ = "recipient"

    delivery_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    address_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    occasion: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    person_id: Mapped[int]
    after: Mapped[int | None] = mapped_column(default=0)
    variant: Mapped[str] = mapped_column(sa.String(1), default="", server_default="")

    __table_args__ = (sa.Index("ix_recipient_after", "delivery_id", "after", "address_id"),)


class Exclusion(Base):
    """One recipient left out of a delivery, with the rule that did it. First cause wins."""

    __tablename__ = "exclusion"

    id: Mapped[int] = mapped_column(primary_key=True)
    delivery_id: Mapped[int] = mapped_column(sa.ForeignKey("delivery.id", ondelete="CASCADE"))
    occasion: Mapped[int] = mapped_column(sa.BigInteger)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    cause: Mapped[str] = mapped_column(sa.String(40))
    words: Mapped[str] = mapped_column(sa.Text, default="")
    at: Mapped[datetime]
    run: Mapped[int | None]  # the number of the increment of a continuous delivery

    __table_args__ = (sa.UniqueConstraint("delivery_id", "occasion", "person_id"),)


class KeptFigures(Base):
    """What the rows of a delivery counted when the first of them was removed: its figures from then on.

    `fates`: fate → recipients; `causes`: cause → exclusions; `engagement`: the fields of `Engagement`. A log without
    its instant has all its rows.
    """

    __tablename__ = "kept_figures"

    delivery_id: Mapped[int] = mapped_column(
        sa.ForeignKey("delivery.id", ondelete="CASCADE"), primary_key=True
    )
    fates: Mapped[dict[str, Any]] = mapped_column(default=dict)
    field_missing: Mapped[int] = mapped_column(default=0)
    causes: Mapped[dict[str, Any]] = mapped_column(default=dict)
    engagement: Mapped[dict[str, Any]] = mapped_column(default=dict)
    tracking_removed_at: Mapped[datetime | None]
    exclusions_removed_at: Mapped[datetime | None]
    sending_removed_at: Mapped[datetime | None]


class ApprovalKind(StrEnum):
    CONTENT = "content"
    TARGET = "target"


class Approval(Base):
    """One reviewer asked for one kind of approval of one state of the inputs. One granting reviewer suffices."""

    __tablename__ = "delivery_approval"

    id: Mapped[int] = mapped_column(primary_key=True)
    delivery_id: Mapped[int] = mapped_column(sa.ForeignKey("delivery.id", ondelete="CASCADE"))
    kind: Mapped[ApprovalKind] = mapped_column(checked(ApprovalKind))
    reviewer_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    inputs: Mapped[str] = mapped_column(sa.String(64), default="")  # what was answered for; empty until then
    asked_at: Mapped[datetime]
    due_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    granted: Mapped[bool] = mapped_column(default=False)
    comment: Mapped[str] = mapped_column(sa.Text, default="")

    __table_args__ = (sa.UniqueConstraint("delivery_id", "kind", "reviewer_id"),)
