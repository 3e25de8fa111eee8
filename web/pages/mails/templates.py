"""Templates: the list by category with search, writing with a preview, and the versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from sales_campaigns.analytics.wordings import figures_by_wording
from sales_campaigns.campaigns.listing import campaigns_using
from sales_campaigns.content import templates as writing
from sales_campaigns.content.fields import FIELDS
from sales_campaigns.content.models import Template, Wording
from sales_campaigns.content.template_list import categories_of, template_of, templates_of, versions_of
from sales_campaigns.content.templates import TemplateDraft
from sales_campaigns.content.wordings import content_of
from sales_campaigns.errors import Invalid
from web.answers import answer, go, page
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
    )


@pages.get("/templates/new")
def new() -> str:
    return _form(None, {"shared": True}, {})


@pages.post("/templates")
def create() -> AnyResponse | tuple[str, int]:
    try:
        template = writing.create_template(work(), me(), _draft(request.form))
    except Invalid as refusal:
        return _form(None, request.form, refusal.problems), 422
    return go(url_for(".index"), f"“{template.name}” is saved.")


@pages.get("/templates/<int:template_id>")
def form(template_id: int) -> str:
    template = template_of(work().session, me(), template_id)
    return _form(template, _typed(template), {})


@pages.post("/templates/<int:template_id>")
def save(template_id: int) -> AnyResponse | tuple[str, int]:
    template = template_of(work().session, me(), template_id)
    try:
        writing.edit_template(work(), me(), template_id, _draft(request.form))
    except Invalid as refusal:
        return _form(template, request.form, refusal.problems), 422
    return go(url_for(".index"), f"“{template.name}” is saved.")


@pages.post("/templates/<int:template_id>/copy")
def copy(template_id: int) -> Response:
    template = writing.copy_template(work(), me(), template_id)
    return go(url_for(".form", template_id=template.id), f"This is “{template.name}”.")


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
        fields=FIELDS,
        versions=versions,
        became=figures_by_wording(session, template.team_id, said) if template else {},
        used_in=campaigns_using(session, me(), template.name) if template else [],
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
    }


def _draft(typed: Mapping[str, str]) -> TemplateDraft:
    names = ("name", "category", "subject", "html", "text")
    return TemplateDraft(**{name: typed.get(name, "") for name in names}, shared="shared" in typed)
