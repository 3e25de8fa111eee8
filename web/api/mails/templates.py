"""Templates: find, write, copy, archive, mark as a favourite; their versions."""

from __future__ import annotations

from collections.abc import Collection

from pydantic import AwareDatetime, Field

from sales_campaigns.content.favourites import favourites_of, mark_favourite
from sales_campaigns.content.models import Template, Wording
from sales_campaigns.content.rendering import Content
from sales_campaigns.content.template_list import (
    TemplateLine,
    categories_of,
    template_of,
    templates_of,
    versions_of,
)
from sales_campaigns.content.templates import (
    TemplateDraft,
    archive_template,
    bring_back_version,
    copy_template,
    create_template,
    edit_template,
    restore_template,
)
from sales_campaigns.content.wordings import content_of
from web.api.mails.attachments import Files, bundle_of, digest_of
from web.api.protocol.cursors import short_list
from web.api.protocol.operations import Area, Edits
from web.api.protocol.shapes import Asked, AskedPage, Line, Page, Shown, Source
from web.request_scope import me, work

api = Area("templates", "Words that are used again: subject, HTML and text, in categories, with versions.")


class TemplatesAsked(AskedPage):
    search: str = Field("", max_length=200)
    category: Line | None = None
    archived: bool = False


class TemplateTyped(Asked):
    name: Line
    subject: Line = ""
    html: Source = ""
    text: Source = ""
    category: Line = ""
    shared: bool = False
    files: Files | None = Field(None, description="As they are where it is not given.")

    def draft(self, team_id: int, files: str = "") -> TemplateDraft:
        kept, wanted = self.model_dump(exclude={"files"}), files if self.files is None else self.files
        return TemplateDraft(**kept, bundle_id=bundle_of(wanted, team_id))


class Favoured(Asked):
    wanted: bool = True


class TemplateInList(Shown):
    id: int
    name: str
    category: str
    subject: str
    owner: str
    shared: bool
    version: int
    changed_at: AwareDatetime
    archived: bool
    favourite: bool = Field(False, description="Of yours.")


class VersionShown(Shown):
    number: int
    author: str
    created_at: AwareDatetime
    subject: str


class TemplateShown(Shown):
    id: int
    name: str
    category: str
    subject: str
    html: str
    text: str
    files: str
    owner_id: int
    shared: bool
    version: int
    changed_at: AwareDatetime
    archived_at: AwareDatetime | None
    versions: list[VersionShown]


class CategoriesShown(Shown):
    categories: list[str]


@api.get("/templates")
def list_templates(query: TemplatesAsked) -> Page[TemplateInList]:
    """The templates that you may use."""
    lines = templates_of(
        work().session, me(), search=query.search, category=query.category, archived=query.archived
    )
    mine = favourites_of(work().session, me())
    return short_list(lines, lambda line: line.id, lambda line: _line(line, mine), query.after, query.limit)


@api.get("/template-categories")
def list_template_categories() -> CategoriesShown:
    """Their categories."""
    return CategoriesShown(categories=categories_of(work().session, me()))


@api.post("/templates", status=201, example={"name": "Opener", "subject": "Hello", "html": "<p>Hello</p>"})
def create_template_of_mine(body: TemplateTyped) -> TemplateShown:
    """A new template."""
    return _shown(create_template(work(), me(), body.draft(me().team_id)))


@api.get("/templates/<int:template_id>")
def get_template(template_id: int) -> TemplateShown:
    """One template with its versions."""
    return _shown(template_of(work().session, me(), template_id))


@api.put(
    "/templates/<int:template_id>",
    edits=Edits(Template, get_template),
    example={"name": "Opener", "subject": "Hello", "html": "<p>Hello</p>", "shared": True},
)
def change_template(template_id: int, body: TemplateTyped) -> TemplateShown:
    """Other words are a new version."""
    template = template_of(work().session, me(), template_id)
    draft = body.draft(template.team_id, digest_of(_content(template).bundle_id))
    return _shown(edit_template(work(), me(), template_id, draft))


@api.post("/templates/<int:template_id>/copy", status=201)
def copy_template_of_team(template_id: int) -> TemplateShown:
    """A copy of your own."""
    return _shown(copy_template(work(), me(), template_id))


@api.post("/templates/<int:template_id>/archive")
def archive_template_of_mine(template_id: int) -> TemplateShown:
    """Put it away; steps that use it keep its words."""
    return _shown(archive_template(work(), me(), template_id))


@api.post("/templates/<int:template_id>/restore")
def restore_template_of_mine(template_id: int) -> TemplateShown:
    """Bring it back."""
    return _shown(restore_template(work(), me(), template_id))


@api.post("/templates/<int:template_id>/favourite", status=204, example={"wanted": True})
def mark_template_of_team(template_id: int, body: Favoured) -> None:
    """It stands first where you choose a template, or no longer."""
    mark_favourite(work(), me(), template_id, wanted=body.wanted)


@api.post("/templates/<int:template_id>/versions/<int:number>/bring-back")
def bring_template_back(template_id: int, number: int) -> TemplateShown:
    """An earlier version, as a new one."""
    return _shown(bring_back_version(work(), me(), template_id, number))


def _line(line: TemplateLine, favourites: Collection[int]) -> TemplateInList:
    shown = TemplateInList.model_validate(line)
    return shown.model_copy(update={"favourite": line.id in favourites})


def _shown(template: Template) -> TemplateShown:
    session = work().session
    session.flush()
    content = _content(template)
    names = ("id", "name", "category", "owner_id", "shared", "version", "changed_at", "archived_at")
    return TemplateShown(
        **{name: getattr(template, name) for name in names},
        subject=content.subject,
        html=content.html,
        text=content.text,
        files=digest_of(content.bundle_id),
        versions=[VersionShown.model_validate(one) for one in versions_of(session, template)],
    )


def _content(template: Template) -> Content:
    return content_of(work().session.get(Wording, template.wording_id))
