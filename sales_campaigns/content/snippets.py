"""Snippets: pieces of text under a name, inserted while somebody writes.

What was inserted is the mail's own text from then on: nothing hangs on the snippet, so changing or archiving one
changes no mail.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.policies import require_open
from sales_campaigns.accounts.roles import sees_every_team
from sales_campaigns.content.characters import one_line, sendable
from sales_campaigns.content.html import sanitise, to_text
from sales_campaigns.content.liquid import parse
from sales_campaigns.content.models import Snippet
from sales_campaigns.errors import Invalid, NotFound
from sales_campaigns.unit_of_work import UnitOfWork

LONGEST_NAME = 120
LONGEST = 20_000  # characters of HTML


@dataclass(frozen=True, slots=True)
class SnippetDraft:
    """A snippet as typed; one that is not `shared` is seen by its owner only."""

    name: str
    html: str
    shared: bool = True


@dataclass(frozen=True, slots=True)
class SnippetLine:
    """One snippet in a list. `html` is sanitised, `text` is what a plain field gets of it."""

    id: int
    name: str
    html: str
    text: str
    owner: str
    shared: bool
    changed_at: datetime
    archived: bool


def snippet_of(session: Session, actor: User, snippet_id: int) -> Snippet:
    """The row. Raises NotFound when it is not there or not the actor's to see."""
    found = session.scalar(sa.select(Snippet).where(Snippet.id == snippet_id, _visible_to(actor)))
    if found is None:
        raise NotFound("There is no such snippet, or it is not shared with you.")
    return found


def snippets_of(
    session: Session, actor: User, *, search: str = "", archived: bool = False
) -> Sequence[SnippetLine]:
    """Those the actor may see, by name; `search` looks in name and text."""
    query = (
        sa.select(Snippet, User)
        .join(User, User.id == Snippet.owner_id)
        .where(_visible_to(actor), Snippet.archived_at.is_not(None) if archived else _in_use())
        .order_by(sa.func.lower(Snippet.name), Snippet.id)
    )
    for word in search.split():
        looked_in = (Snippet.name, Snippet.html)
        query = query.where(sa.or_(*(column.icontains(word, autoescape=True) for column in looked_in)))
    return [_line(snippet, owner) for snippet, owner in session.execute(query)]


def create_snippet(uow: UnitOfWork, actor: User, draft: SnippetDraft) -> Snippet:
    """Raises Invalid with every problem at once: `name`, and `html` with its place."""
    require_open(uow.session, actor, "edit_templates")
    draft = _checked(uow.session, actor.team_id, draft)
    snippet = Snippet(team_id=actor.team_id, owner_id=actor.id)
    uow.session.add(snippet)
    return _written(uow, actor, snippet, draft, "snippet.created")


def edit_snippet(uow: UnitOfWork, actor: User, snippet_id: int, draft: SnippetDraft) -> Snippet:
    """For what is inserted from now on. Raises NotFound, Invalid as `create_snippet`."""
    require_open(uow.session, actor, "edit_templates")
    snippet = snippet_of(uow.session, actor, snippet_id)
    draft = _checked(uow.session, snippet.team_id, draft, but=snippet.id)
    return _written(uow, actor, snippet, draft, "snippet.changed")


def archive_snippet(uow: UnitOfWork, actor: User, snippet_id: int, *, away: bool = True) -> Snippet:
    """Nobody is offered it any more, or everybody is again."""
    require_open(uow.session, actor, "edit_templates")
    snippet = snippet_of(uow.session, actor, snippet_id)
    snippet.archived_at = uow.now if away else None
    uow.record("snippet.archived" if away else "snippet.restored", **_about(actor, snippet))
    return snippet


def _visible_to(actor: User) -> sa.ColumnElement[bool]:
    """The rule: private or shared, as templates are."""
    if sees_every_team(actor):
        return sa.true()
    return sa.and_(Snippet.team_id == actor.team_id, sa.or_(Snippet.shared, Snippet.owner_id == actor.id))


def _in_use() -> sa.ColumnElement[bool]:
    return Snippet.archived_at.is_(None)


def _checked(session: Session, team_id: int, draft: SnippetDraft, but: int = 0) -> SnippetDraft:
    draft = replace(draft, name=one_line(draft.name), html=sendable(draft.html).strip())
    problems = {**_of_name(session, team_id, draft.name, but), **_of_html(draft.html)}
    if problems:
        raise Invalid(problems)
    return draft


def _of_name(session: Session, team_id: int, name: str, but: int) -> dict[str, str]:
    if not name:
        return {"name": "Give the snippet a name."}
    if len(name) > LONGEST_NAME:
        return {"name": f"Use {LONGEST_NAME} characters or fewer."}
    same = sa.select(Snippet.id).where(Snippet.team_id == team_id, Snippet.name == name, Snippet.id != but)
    if session.scalar(same) is not None:
        words = "Another snippet of your team has this name, perhaps an archived one. Choose another."
        return {"name": words}
    return {}


def _of_html(html: str) -> dict[str, str]:
    if not to_text(sanitise(html)) and "<img" not in html.lower():
        return {"html": "Write the text that is inserted."}
    if len(html) > LONGEST:
        return {"html": f"Use {LONGEST:,} characters or fewer; a whole mail is a template."}
    try:
        parse(html, part="html", html=True)
    except Invalid as refusal:
        return dict(refusal.problems)
    return {}


def _written(uow: UnitOfWork, actor: User, snippet: Snippet, draft: SnippetDraft, what: str) -> Snippet:
    snippet.name, snippet.html, snippet.shared = draft.name, draft.html, draft.shared
    snippet.changed_at = uow.now
    uow.session.flush()
    uow.record(what, **_about(actor, snippet))
    return snippet


def _line(snippet: Snippet, owner: User) -> SnippetLine:
    safe = sanitise(snippet.html)
    return SnippetLine(
        id=snippet.id,
        name=snippet.name,
        html=safe,
        text=to_text(safe),
        owner=owner.name,
        shared=snippet.shared,
        changed_at=snippet.changed_at,
        archived=snippet.archived_at is not None,
    )


def _about(actor: User, snippet: Snippet) -> dict[str, object]:
    data = {"snippet_id": snippet.id, "name": snippet.name}
    return {"actor_id": actor.id, "team_id": snippet.team_id, "data": data}
