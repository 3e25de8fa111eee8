"""Reading templates: the list with search, one template with its words, and its versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import sees_every_team
from sales_campaigns.content.models import Template, TemplateVersion, Wording
from sales_campaigns.errors import NotFound


@dataclass(frozen=True, slots=True)
class TemplateLine:
    """One template in a list."""

    id: int
    name: str
    category: str
    subject: str
    owner: str
    shared: bool
    version: int
    changed_at: datetime
    archived: bool


@dataclass(frozen=True, slots=True)
class VersionLine:
    number: int
    author: str
    created_at: datetime
    subject: str
    wording_id: int


def template_of(session: Session, actor: User, template_id: int) -> Template:
    """The row. Raises NotFound when it is not there or not the actor's to see."""
    template = session.scalar(sa.select(Template).where(Template.id == template_id, visible_to(actor)))
    if template is None:
        raise NotFound("There is no such template, or it is not shared with you.")
    return template


def visible_to(actor: User) -> sa.ColumnElement[bool]:
    """The rule: one's own and those shared in the team; administrators see every team's."""
    if sees_every_team(actor):
        return sa.true()
    return sa.and_(Template.team_id == actor.team_id, sa.or_(Template.shared, Template.owner_id == actor.id))


def templates_of(
    session: Session, actor: User, *, search: str = "", category: str | None = None, archived: bool = False
) -> Sequence[TemplateLine]:
    """Those the actor may see, by category and name; `search` looks in name, category and subject."""
    query = (
        sa.select(Template, Wording.subject, User)
        .join(Wording, Wording.id == Template.wording_id)
        .join(User, User.id == Template.owner_id)
        .where(visible_to(actor), *_narrowed(search, category, archived))
        .order_by(sa.func.lower(Template.category), sa.func.lower(Template.name), Template.id)
    )
    return [_line(template, subject, owner) for template, subject, owner in session.execute(query)]


def categories_of(session: Session, actor: User) -> list[str]:
    """The categories in use, in order."""
    query = sa.select(Template.category).where(visible_to(actor), Template.archived_at.is_(None)).distinct()
    return sorted(filter(None, session.scalars(query)), key=lambda name: (name.lower(), name))


def versions_of(session: Session, template: Template) -> list[VersionLine]:
    """Newest first."""
    rows = session.execute(
        sa.select(TemplateVersion, User, Wording.subject)
        .join(User, User.id == TemplateVersion.author_id)
        .join(Wording, Wording.id == TemplateVersion.wording_id)
        .where(TemplateVersion.template_id == template.id)
        .order_by(TemplateVersion.number.desc())
    )
    return [
        VersionLine(version.number, author.name, version.created_at, subject, version.wording_id)
        for version, author, subject in rows
    ]


def _narrowed(search: str, category: str | None, archived: bool) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = [Template.archived_at.is_not(None)]
    if not archived:
        conditions = [Template.archived_at.is_(None)]
    if category is not None:
        conditions.append(Template.category == category)
    looked_in = (Template.name, Template.category, Wording.subject)
    for word in search.split():
        conditions.append(sa.or_(*(column.icontains(word, autoescape=True) for column in looked_in)))
    return conditions


def _line(template: Template, subject: str, owner: User) -> TemplateLine:
    return TemplateLine(
        id=template.id,
        name=template.name,
        category=template.category,
        subject=subject,
        owner=owner.name,
        shared=template.shared,
        version=template.version,
        changed_at=template.changed_at,
        archived=template.archived_at is not None,
    )
