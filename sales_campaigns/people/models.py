"""Rows of people: who can be reached, at which address, in which groups, and how they were imported."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from sales_campaigns.database import Base, checked


class Address(Base):
    """One row per lower-cased address for the whole installation: what is known of it counts for everybody."""

    __tablename__ = "address"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(sa.String(320), unique=True)
    domain: Mapped[str] = mapped_column(sa.String(255), index=True)
    needs_utf8: Mapped[bool] = mapped_column(default=False)
    opted_out_at: Mapped[datetime | None]
    quarantined_at: Mapped[datetime | None]
    complained_at: Mapped[datetime | None]
    blocked_at: Mapped[datetime | None]
    trouble: Mapped[str] = mapped_column(sa.Text, default="")
    # Significant soft errors in a row, the last of them, and its reason. Errors do not quarantine who is allowed.
    errors: Mapped[int] = mapped_column(default=0, server_default="0")
    last_error_at: Mapped[datetime | None]
    error_reason: Mapped[str] = mapped_column(sa.String(24), default="", server_default="")
    allowed_at: Mapped[datetime | None]
    # Whoever has it was erased: its words are a pseudonym, or somebody brought the address back.
    erased_at: Mapped[datetime | None]

    __table_args__ = (
        sa.Index(
            "ix_address_quarantined",
            "quarantined_at",
            postgresql_where=sa.text("quarantined_at IS NOT NULL"),
            sqlite_where=sa.text("quarantined_at IS NOT NULL"),
        ),
    )


class BlockedDomain(Base):
    __tablename__ = "blocked_domain"

    domain: Mapped[str] = mapped_column(sa.String(255), primary_key=True)
    reason: Mapped[str] = mapped_column(sa.Text, default="")


class ErasureKey(Base):
    """What the addresses of erased people are hashed with, sealed. A second one comes with an archive only."""

    __tablename__ = "erasure_key"

    id: Mapped[int] = mapped_column(primary_key=True)
    sealed: Mapped[str] = mapped_column(sa.Text)


class ErasedAddress(Base):
    """What is left of the address of somebody who was erased: enough to know it again, too little to read it."""

    __tablename__ = "erased_address"

    key_id: Mapped[int] = mapped_column(sa.ForeignKey("erasure_key.id"), primary_key=True)
    digest: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    at: Mapped[datetime]


class Consent(StrEnum):
    """On what basis a person is written to, in the words of the law."""

    CONSENT = "consent"
    LEGITIMATE_INTEREST = "legitimate_interest"
    CONTRACT = "contract"
    LEGAL_OBLIGATION = "legal_obligation"
    VITAL_INTEREST = "vital_interest"
    PUBLIC_INTEREST = "public_interest"
    OTHER = "other"


class Person(Base):
    """Unique per (team, address). `email` is as typed; `address` carries the lower-cased one."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("team.id"))
    owner_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    address_id: Mapped[int | None] = mapped_column(sa.ForeignKey("address.id"))
    import_id: Mapped[int | None] = mapped_column(sa.ForeignKey("people_import.id"), index=True)
    email: Mapped[str] = mapped_column(sa.String(320), default="")
    first_name: Mapped[str] = mapped_column(sa.Text, default="")
    last_name: Mapped[str] = mapped_column(sa.Text, default="")
    company: Mapped[str] = mapped_column(sa.Text, default="")
    title: Mapped[str] = mapped_column(sa.Text, default="")
    phone: Mapped[str] = mapped_column(sa.String(60), default="")
    linkedin_url: Mapped[str] = mapped_column(sa.Text, default="")
    zone: Mapped[str] = mapped_column(sa.String(64), default="")
    consent: Mapped[Consent | None] = mapped_column(checked(Consent))
    consent_at: Mapped[datetime | None]  # when the basis was noted
    custom: Mapped[dict[str, str]] = mapped_column(default=dict)
    pinned_note: Mapped[str] = mapped_column(sa.Text, default="")
    untracked: Mapped[bool] = mapped_column(default=False)  # no pixel and no tracked links in mails to them
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]  # nothing but the row is left, so that figures stay

    address: Mapped[Address | None] = relationship(lazy="raise_on_sql")

    __table_args__ = (
        sa.UniqueConstraint("team_id", "address_id"),
        sa.Index("ix_person_team_name", "team_id", "last_name", "first_name", "id"),
        sa.Index("ix_person_address_id", "address_id"),
    )

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.email or self.phone or "(no name)"


class SubscriptionChange(Base):
    """The history of an address: when it opted out or was let in again, by whom or by what, and why."""

    __tablename__ = "subscription_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    address_id: Mapped[int] = mapped_column(sa.ForeignKey("address.id"), index=True)
    at: Mapped[datetime]
    subscribed: Mapped[bool]
    source: Mapped[str] = mapped_column(sa.String(24))  # mail | hand | link | crm
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    team_id: Mapped[int | None] = mapped_column(sa.ForeignKey("team.id"))
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))


class Group(Base):
    """A named list of people, private to its owner or shared with the team.

    One with a `search` has no members of its own: whoever the search finds is in it.
    """

    __tablename__ = "people_group"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("team.id"))
    owner_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    name: Mapped[str] = mapped_column(sa.String(120))
    category: Mapped[str] = mapped_column(sa.String(120), default="", server_default="")
    shared: Mapped[bool] = mapped_column(default=False)
    search: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    created_at: Mapped[datetime]

    __table_args__ = (sa.UniqueConstraint("team_id", "name"),)


class GroupMember(Base):
    __tablename__ = "group_member"

    group_id: Mapped[int] = mapped_column(
        sa.ForeignKey("people_group.id", ondelete="CASCADE"), primary_key=True
    )
    person_id: Mapped[int] = mapped_column(
        sa.ForeignKey("person.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class ImportState(StrEnum):
    UPLOADED = "uploaded"
    CHECKING = "checking"
    CHECKED = "checked"
    IMPORTING = "importing"
    IMPORTED = "imported"
    REFUSED = "refused"
    UNDONE = "undone"


class PeopleImport(Base):
    """One file of people on its way in: what was guessed, what was corrected, what came of it."""

    __tablename__ = "people_import"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("team.id"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    group_id: Mapped[int | None] = mapped_column(sa.ForeignKey("people_group.id", ondelete="SET NULL"))
    file_name: Mapped[str] = mapped_column(sa.String(255))
    stored_name: Mapped[str] = mapped_column(sa.String(80))
    encoding: Mapped[str] = mapped_column(sa.String(40), default="")
    delimiter: Mapped[str] = mapped_column(sa.String(4), default="")
    columns: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[ImportState] = mapped_column(checked(ImportState), default=ImportState.UPLOADED)
    refusal: Mapped[str] = mapped_column(sa.Text, default="")
    rows: Mapped[int] = mapped_column(default=0)
    rows_done: Mapped[int] = mapped_column(default=0)
    new: Mapped[int] = mapped_column(default=0)
    merged: Mapped[int] = mapped_column(default=0)
    bad: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class BadRow(Base):
    """A row of an import that was left out, by its number in the file, with the reason in words."""

    __tablename__ = "bad_row"

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(sa.ForeignKey("people_import.id", ondelete="CASCADE"), index=True)
    row: Mapped[int]
    reason: Mapped[str] = mapped_column(sa.Text)
    cells: Mapped[list[Any]] = mapped_column(default=list)
