"""Snippets: the list with search, writing one, putting it away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from sales_campaigns.accounts.policies import require_open
from sales_campaigns.campaigns.snippet_use import SnippetUse, uses_of
from sales_campaigns.content import snippets as writing
from sales_campaigns.content.fields import FIELDS
from sales_campaigns.content.models import Snippet
from sales_campaigns.content.snippets import SnippetDraft, snippet_of, snippets_of
from sales_campaigns.errors import Invalid
from web.answers import answer, go, page
from web.request_scope import me, work

pages = Blueprint("snippets", __name__, url_prefix="/snippets")


@pages.get("")
def index() -> str:
    wanted = request.args
    archived = wanted.get("archived") == "1"
    lines = snippets_of(work().session, me(), search=wanted.get("search", ""), archived=archived)
    return answer("snippets/index.html", "snippets/_list.html", lines=lines, wanted=wanted, archived=archived)


@pages.get("/new")
def new() -> str:
    require_open(work().session, me(), "edit_templates")
    return _form(None, {"shared": True}, {})


@pages.post("")
def create() -> AnyResponse | tuple[str, int]:
    try:
        snippet = writing.create_snippet(work(), me(), _draft())
    except Invalid as refusal:
        return _form(None, request.form, refusal.problems), 422
    return go(url_for(".index"), f"“{snippet.name}” can be inserted now.")


@pages.get("/<int:snippet_id>")
def form(snippet_id: int) -> str:
    snippet = snippet_of(work().session, me(), snippet_id)
    return _form(snippet, {name: getattr(snippet, name) for name in ("name", "html", "shared")}, {})


@pages.post("/<int:snippet_id>")
def save(snippet_id: int) -> AnyResponse | tuple[str, int]:
    snippet = snippet_of(work().session, me(), snippet_id)
    try:
        writing.edit_snippet(work(), me(), snippet_id, _draft())
    except Invalid as refusal:
        return _form(snippet, request.form, refusal.problems), 422
    return go(url_for(".index"), f"“{snippet.name}” is saved, for what is inserted from now on.")


@pages.post("/<int:snippet_id>/archive")
def archive(snippet_id: int) -> Response:
    snippet = writing.archive_snippet(work(), me(), snippet_id)
    undo = url_for(".restore", snippet_id=snippet_id)
    return go(url_for(".index"), f"“{snippet.name}” is archived; mails keep what was inserted.", undo)


@pages.post("/<int:snippet_id>/restore")
def restore(snippet_id: int) -> Response:
    snippet = writing.archive_snippet(work(), me(), snippet_id, away=False)
    return go(url_for(".index"), f"“{snippet.name}” is back.")


def _draft() -> SnippetDraft:
    typed = request.form
    return SnippetDraft(typed.get("name", ""), typed.get("html", ""), shared="shared" in typed)


def _form(snippet: Snippet | None, typed: Mapping[str, Any], problems: Mapping[str, str]) -> str:
    used_in = [_use(one) for one in uses_of(work().session, me(), snippet)] if snippet else []
    context = {"stored": snippet, "typed": typed, "problems": problems, "used_in": used_in}
    return page("snippets/form.html", fields=FIELDS, **context)


def _use(one: SnippetUse) -> dict[str, str]:
    href = {
        "template": url_for("templates.form", template_id=one.id),
        "campaign": url_for("campaign_editor.index", campaign_id=one.id),
        "delivery": url_for("delivery.show", delivery_id=one.id),
    }
    return {"kind": one.kind, "name": one.name, "href": href[one.kind]}
