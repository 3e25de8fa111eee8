"""Snippets: short texts that are inserted while a mail is written."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from sales_campaigns.content.models import Snippet
from sales_campaigns.content.snippets import (
    SnippetDraft,
    archive_snippet,
    create_snippet,
    edit_snippet,
    snippet_of,
    snippets_of,
)
from web.api.protocol.cursors import short_list
from web.api.protocol.operations import Area, Edits
from web.api.protocol.shapes import Asked, AskedPage, Line, Page, Shown, Source
from web.request_scope import me, work

api = Area("templates", "")
EXAMPLE = {"name": "Booking link", "html": "<p>Pick a time that suits you.</p>", "shared": True}


class SnippetsAsked(AskedPage):
    search: str = Field("", max_length=200)
    archived: bool = False


class SnippetTyped(Asked):
    name: Line
    html: Source
    shared: bool = True


class SnippetInList(Shown):
    id: int
    name: str
    html: str
    owner: str
    shared: bool
    changed_at: AwareDatetime
    archived: bool


class SnippetShown(Shown):
    id: int
    name: str
    html: str
    owner_id: int
    shared: bool
    changed_at: AwareDatetime
    archived_at: AwareDatetime | None


@api.get("/snippets")
def list_snippets(query: SnippetsAsked) -> Page[SnippetInList]:
    """The snippets that you may use."""
    lines = snippets_of(work().session, me(), search=query.search, archived=query.archived)
    return short_list(lines, lambda line: line.id, SnippetInList.model_validate, query.after, query.limit)


@api.post("/snippets", status=201, example=EXAMPLE)
def create_snippet_of_mine(body: SnippetTyped) -> SnippetShown:
    """A new snippet."""
    return _shown(create_snippet(work(), me(), SnippetDraft(**body.model_dump())))


@api.get("/snippets/<int:snippet_id>")
def get_snippet(snippet_id: int) -> SnippetShown:
    """One snippet."""
    return _shown(snippet_of(work().session, me(), snippet_id))


@api.put("/snippets/<int:snippet_id>", edits=Edits(Snippet, get_snippet), example=EXAMPLE)
def change_snippet(snippet_id: int, body: SnippetTyped) -> SnippetShown:
    """For what is inserted from now on; mails keep what was inserted."""
    return _shown(edit_snippet(work(), me(), snippet_id, SnippetDraft(**body.model_dump())))


@api.post("/snippets/<int:snippet_id>/archive")
def archive_snippet_of_mine(snippet_id: int) -> SnippetShown:
    """Nobody is offered it any more."""
    return _shown(archive_snippet(work(), me(), snippet_id))


@api.post("/snippets/<int:snippet_id>/restore")
def restore_snippet_of_mine(snippet_id: int) -> SnippetShown:
    """Everybody is offered it again."""
    return _shown(archive_snippet(work(), me(), snippet_id, away=False))


def _shown(snippet: Snippet) -> SnippetShown:
    work().session.flush()
    return SnippetShown.model_validate(snippet)
