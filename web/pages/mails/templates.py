"""Templates: the list by category with search, writing with a preview, and the versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from sales_campaigns.accounts.policies import require_open
from sales_campaigns.analytics.wordings import figures_by_wording
from sales_campaigns.campaigns.listing import campaigns_using
from sales_campaigns.content import templates as writing
from sales_campaigns.content.favourites import favourites_of, mark_favourite
from sales_campaigns.content.models import Template, Wording
from sales_campaigns.content.template_list import categories_of, template_of, templates_of, versions_of
from sales_campaigns.content.templates import TemplateDraft
from sales_campaigns.content.wordings import content_of
from sales_campaigns.errors import Invalid
from sales_campaigns.messages.outbox.recommended import recommended
from web.answers import answer, go, page
from web.parts.attachments import bundle_typed, files_again
from web.parts.way_back import way_back
from web.parts.writing import beside_the_words
from web.request_scope import me, work

pages = Blueprint("templates", __name__)


@pages.get("/templates")
def index() -> str:
    session, wanted = work().session, request.args
    archived = wanted.get("archived") == "1"
    lines = templates_of(
        session,
        me(),
        search=wanted.get("search", ""),
        category=wanted.get("category"),
        archived=archived,
    )
    return answer(
        "templates/index.html",
        "templates/_list.html",
        lines=lines,
        categories=categories_of(session, me()),
        wanted=wanted,
        archived=archived,
        favourites=favourites_of(session, me()),
        best=recommended(session, me(), work().now),
    )


@pages.get("/templates/new")
def new() -> str:
    require_open(work().session, me(), "edit_templates")
    return _form(None, {"shared": True}, {})


@pages.post("/templates")
def create() -> AnyResponse | tuple[str, int]:
    try:
        bundle_id = bundle_typed(me().team_id)
        template = writing.create_template(work(), me(), _draft(request.form, bundle_id))
    except Invalid as refusal:
        return _form(None, files_again(request.form), refusal.problems), 422
    return go(url_for(".index"), f"“{template.name}” is saved.")


@pages.post("/templates/words")
def keep_words() -> str:
    """What is typed elsewhere, as a template: a step's words, or a mail's. That form stays as it is."""
    typed = request.form
    draft = replace(
        _draft(typed, bundle_typed(me().team_id)),
        name=typed.get("template_name", ""),
        category="",
        shared="template_shared" in typed,
    )
    template = writing.create_template(work(), me(), draft)
    words = f"“{template.name}” is a template now, {'shared with the team' if template.shared else 'for you only'}."
    return answer("previews/test.html", "previews/_test.html", words=words)


@pages.get("/templates/<int:template_id>")
def form(template_id: int) -> str:
    template = template_of(work().session, me(), template_id)
    return _form(template, _typed(template), {})


@pages.post("/templates/<int:template_id>")
def save(template_id: int) -> AnyResponse | tuple[str, int]:
    template = template_of(work().session, me(), template_id)
    try:
        bundle_id = bundle_typed(template.team_id)
        writing.edit_template(work(), me(), template_id, _draft(request.form, bundle_id))
    except Invalid as refusal:
        return _form(template, files_again(request.form), refusal.problems), 422
    return go(url_for(".index"), f"“{template.name}” is saved.")


@pages.post("/templates/<int:template_id>/copy")
def copy(template_id: int) -> Response:
    template = writing.copy_template(work(), me(), template_id)
    return go(url_for(".form", template_id=template.id), f"This is “{template.name}”.")


@pages.post("/templates/<int:template_id>/favourite")
def favourite(template_id: int) -> Response:
    wanted = "wanted" in request.form
    template = mark_favourite(work(), me(), template_id, wanted=wanted)
    words = (
        f"“{template.name}” stands first where you choose a template." if wanted else "No longer a favourite."
    )
    return go(way_back(url_for(".index")), words)


@pages.post("/templates/<int:template_id>/archive")
def archive(template_id: int) -> Response:
    template = writing.archive_template(work(), me(), template_id)
    undo = url_for(".restore", template_id=template_id)
    return go(url_for(".index"), f"“{template.name}” is archived; steps that use it keep its words.", undo)


@pages.post("/templates/<int:template_id>/restore")
def restore(template_id: int) -> Response:
    template = writing.restore_template(work(), me(), template_id)
    return go(url_for(".index"), f"“{template.name}” is back.")


@pages.post("/templates/<int:template_id>/versions/<int:number>/bring-back")
def bring_back(template_id: int, number: int) -> Response:
    template = writing.bring_back_version(work(), me(), template_id, number)
    return go(
        url_for(".form", template_id=template_id), f"Version {number} is now version {template.version}."
    )


def _form(template: Template | None, typed: Mapping[str, Any], problems: Mapping[str, str]) -> str:
    session = work().session
    versions = versions_of(session, template) if template else []
    said = {version.wording_id for version in versions}
    return page(
        "templates/form.html",
        stored=template,
        typed=typed,
        problems=problems,
        categories=categories_of(session, me()),
        **beside_the_words(typed),
        versions=versions,
        became=figures_by_wording(session, template.team_id, said) if template else {},
        used_in=campaigns_using(session, me(), template.id) if template else [],
    )


def _typed(template: Template) -> dict[str, Any]:
    content = content_of(work().session.get(Wording, template.wording_id))
    return {
        "name": template.name,
        "category": template.category,
        "shared": template.shared,
        "subject": content.subject,
        "html": content.html,
        "text": content.text,
        "bundle_id": content.bundle_id,
    }


def _draft(typed: Mapping[str, str], bundle_id: int | None) -> TemplateDraft:
    names = ("name", "category", "subject", "html", "text")
    written: dict[str, Any] = {name: typed.get(name, "") for name in names}
    return TemplateDraft(**written, shared="shared" in typed, bundle_id=bundle_id)
