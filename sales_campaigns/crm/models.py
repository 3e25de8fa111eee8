"""Rows of the CRM: a team's connection, who is who there, what stands where, and what is still to be told."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from sales_campaigns.crm.remedies import Category
from sales_campaigns.database import Base, checked


class ConnectionState(StrEnum):
    NEW = "new"
    CONNECTED = "connected"
    LOST = "lost"
    ENDED = "ended"


class CrmConnection(Base):
    """One team's organisation in a CRM. `secret` is sealed; `names` are the names of our fields there.

    The rule: two-way task sync is off by default. `tasks_since` is when it was switched on: what was there before
    stays here. `watermark` is how far the CRM's changes were read, in the CRM's own words.
    """

    __tablename__ = "crm_connection"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("team.id"), unique=True)
    vendor: Mapped[str] = mapped_column(sa.String(24))
    state: Mapped[ConnectionState] = mapped_column(checked(ConnectionState), default=ConnectionState.NEW)
    instance_url: Mapped[str] = mapped_column(sa.String(255), default="")
    secret: Mapped[str] = mapped_column(sa.Text, default="")
    signing_key: Mapped[str] = mapped_column(
        sa.Text, default=""
    )  # sealed: what a button in the CRM signs with
    names: Mapped[dict[str, str]] = mapped_column(default=dict)
    subject_pattern: Mapped[str] = mapped_column(sa.String(255), default="{{activity_subject}}")
    syncs_tasks: Mapped[bool] = mapped_column(default=False)
    logs_mails: Mapped[bool] = mapped_column(default=False)
    logs_replies: Mapped[bool] = mapped_column(default=False)
    logs_calls: Mapped[bool] = mapped_column(default=False)
    syncs_opt_outs: Mapped[bool] = mapped_column(default=True)
    tasks_since: Mapped[datetime | None]
    watermark: Mapped[str] = mapped_column(sa.String(120), default="")
    deleted_until: Mapped[datetime | None]
    opt_outs_read: Mapped[int] = mapped_column(
        default=0
    )  # the last line of the history of addresses that was told
    opt_outs_until: Mapped[datetime | None]
    reconciled_at: Mapped[datetime | None]
    look_at: Mapped[datetime]  # when it is looked at again
    paused_until: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    synced_at: Mapped[datetime | None]
    trouble: Mapped[str] = mapped_column(sa.Text, default="")
    calls_used: Mapped[int] = mapped_column(default=0)
    calls_most: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]


class CrmUser(Base):
    """Who one of us is in the CRM; with a `secret` (sealed) what is theirs is written as them."""

    __tablename__ = "crm_user"

    connection_id: Mapped[int] = mapped_column(
        sa.ForeignKey("crm_connection.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"), primary_key=True)
    crm_id: Mapped[str] = mapped_column(sa.String(64))
    name: Mapped[str] = mapped_column(sa.String(255), default="")
    secret: Mapped[str] = mapped_column(sa.Text, default="")

    __table_args__ = (sa.UniqueConstraint("connection_id", "crm_id"),)


class CrmContact(Base):
    """Who stands at an address in the CRM; the first that was found there, leads after contacts."""

    __tablename__ = "crm_contact"

    connection_id: Mapped[int] = mapped_column(
        sa.ForeignKey("crm_connection.id", ondelete="CASCADE"), primary_key=True
    )
    email: Mapped[str] = mapped_column(sa.String(320), primary_key=True)
    crm_id: Mapped[str] = mapped_column(sa.String(64), default="")  # "": nobody was found when we asked
    kind: Mapped[str] = mapped_column(sa.String(24), default="")
    opted_out: Mapped[bool] = mapped_column(default=False)
    asked_at: Mapped[datetime]
    trouble: Mapped[str] = mapped_column(sa.Text, default="")  # why the CRM refused the opt-out, in its words

    __table_args__ = (sa.Index("ix_crm_contact_crm_id", "connection_id", "crm_id"),)


class RecordKind(StrEnum):
    TASK = "task"
    MAIL = "mail"
    REPLY = "reply"
    CALL = "call"


class RecordState(StrEnum):
    WAITING = "waiting"
    AGREED = "agreed"
    FAILED = "failed"


class CrmRecord(Base):
    """What one task, mail, reply or call is in the CRM: the outbox, the memory of both sides and the diagnosis in one.

    `ours` is how it stands here, `ours_at` since when by field, `agreed` what both sides last had in common. `doubtful`
    are writes whose answer was lost: they may still arrive there. `ending` is set while what was ended there is being
    ended here. `version` counts the changes here: an answer to an older one settles nothing.
    """

    __tablename__ = "crm_record"

    id: Mapped[int] = mapped_column(primary_key=True)
    connection_id: Mapped[int] = mapped_column(sa.ForeignKey("crm_connection.id", ondelete="CASCADE"))
    kind: Mapped[RecordKind] = mapped_column(checked(RecordKind))
    local_id: Mapped[int]
    external_id: Mapped[str] = mapped_column(sa.String(64))
    crm_id: Mapped[str] = mapped_column(sa.String(64), default="")
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id", ondelete="SET NULL"), index=True)
    state: Mapped[RecordState] = mapped_column(checked(RecordState), default=RecordState.WAITING)
    ours: Mapped[dict[str, str]] = mapped_column(default=dict)
    ours_at: Mapped[dict[str, str]] = mapped_column(default=dict)
    agreed: Mapped[dict[str, str]] = mapped_column(default=dict)
    doubtful: Mapped[list[Any]] = mapped_column(default=list)
    ending: Mapped[str] = mapped_column(sa.String(12), default="")
    version: Mapped[int] = mapped_column(default=1)
    due_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    category: Mapped[Category | None] = mapped_column(checked(Category))
    code: Mapped[str] = mapped_column(sa.String(80), default="")
    words: Mapped[str] = mapped_column(sa.Text, default="")
    changed_at: Mapped[datetime]

    __table_args__ = (
        sa.UniqueConstraint("connection_id", "kind", "local_id"),
        sa.UniqueConstraint("connection_id", "external_id"),
        sa.Index("ix_crm_record_crm_id", "connection_id", "crm_id"),
        sa.Index(
            "ix_crm_record_waiting",
            "connection_id",
            "due_at",
            "id",
            postgresql_where=sa.text("state = 'waiting'"),
            sqlite_where=sa.text("state = 'waiting'"),
        ),
        sa.Index(
            "ix_crm_record_trouble",
            "connection_id",
            "id",
            postgresql_where=sa.text("category IS NOT NULL"),
            sqlite_where=sa.text("category IS NOT NULL"),
        ),
    )


class CrmAddition(Base):
    """People whom a rep chose in the CRM, to be added to a campaign here."""

    __tablename__ = "crm_addition"

    id: Mapped[int] = mapped_column(primary_key=True)
    connection_id: Mapped[int] = mapped_column(sa.ForeignKey("crm_connection.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    campaign_id: Mapped[int | None]
    crm_ids: Mapped[list[Any]] = mapped_column(default=list)
    signature: Mapped[str] = mapped_column(sa.String(64), unique=True)  # the same request twice is one
    import_id: Mapped[int | None] = mapped_column(sa.ForeignKey("people_import.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]
