"""Rows of content: what mails say, and the templates that name it."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from sales_campaigns.database import Base


class AttachmentFile(Base):
    """The bytes of a file, kept once however many mails it goes with. Without `content` it was withdrawn."""

    __tablename__ = "attachment_file"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    size: Mapped[int]
    content: Mapped[bytes | None] = mapped_column(sa.LargeBinary, deferred=True)


class Bundle(Base):
    """The files that go with a mail, in order. Written once, never changed: whoever copies the words points at it."""

    __tablename__ = "bundle"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("team.id"))
    digest: Mapped[str] = mapped_column(sa.String(64))

    __table_args__ = (sa.UniqueConstraint("team_id", "digest"),)


class Attachment(Base):
    """One file of a bundle, under the name that its recipients see."""

    __tablename__ = "attachment"

    bundle_id: Mapped[int] = mapped_column(sa.ForeignKey("bundle.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    file_id: Mapped[int] = mapped_column(sa.ForeignKey("attachment_file.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    media_type: Mapped[str] = mapped_column(sa.String(130))


class Wording(Base):
    """Subject, HTML, text and files; written once, never changed: messages, steps and template versions point at it."""

    __tablename__ = "wording"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    subject: Mapped[str] = mapped_column(sa.Text, default="")
    html: Mapped[str] = mapped_column(sa.Text, default="")
    text: Mapped[str] = mapped_column(sa.Text, default="")
    bundle_id: Mapped[int | None] = mapped_column(sa.ForeignKey("bundle.id"))


class Template(Base):
    __tablename__ = "template"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("team.id"))
    owner_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    name: Mapped[str] = mapped_column(sa.String(200))
    category: Mapped[str] = mapped_column(sa.String(120), default="")
    shared: Mapped[bool] = mapped_column(default=True)
    wording_id: Mapped[int] = mapped_column(sa.ForeignKey("wording.id"))
    version: Mapped[int] = mapped_column(default=1)
    changed_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]

    __table_args__ = (sa.UniqueConstraint("team_id", "name"),)


class TemplateVersion(Base):
    __tablename__ = "template_version"

    id: Mapped[int] = mapped_column(primary_key=True)
    template_id: Mapped[int] = mapped_column(sa.ForeignKey("template.id", ondelete="CASCADE"))
    number: Mapped[int]
    wording_id: Mapped[int] = mapped_column(sa.ForeignKey("wording.id"))
    author_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    created_at: Mapped[datetime]

    __table_args__ = (sa.UniqueConstraint("template_id", "number"),)


class FavouriteTemplate(Base):
    """A template that a user wants to find first."""

    __tablename__ = "favourite_template"

    user_id: Mapped[int] = mapped_column(
        sa.ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True
    )
    template_id: Mapped[int] = mapped_column(
        sa.ForeignKey("template.id", ondelete="CASCADE"), primary_key=True
    )


class Snippet(Base):
    """A piece of text under a name. What was inserted of it stays as it was inserted."""

    __tablename__ = "snippet"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("team.id"))
    owner_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    name: Mapped[str] = mapped_column(sa.String(120))
    html: Mapped[str] = mapped_column(sa.Text)
    shared: Mapped[bool] = mapped_column(default=True)
    changed_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]

    __table_args__ = (sa.UniqueConstraint("team_id", "name"),)
