"""Templates: find, write, copy, archive; their versions; how a mail would look."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from sales_campaigns.campaigns.previewing import preview
from sales_campaigns.content.models import Template, Wording
from sales_campaigns.content.rendering import Content
from sales_campaigns.content.template_list import categories_of, template_of, templates_of, versions_of
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
from sales_campaigns.deliveries.proofs import send_test
from sales_campaigns.people.listing import person_of
from web.api.protocol.cursors import short_list
from web.api.protocol.operations import Area, Edits
from web.api.protocol.shapes import Asked, AskedPage, Id, Line, Page, Shown, Source
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


class PreviewAsked(Asked):
    subject: Line = ""
    html: Source = ""
    text: Source = ""
    person_id: Id | None = Field(
        None, description="As this person would get it; examples where nobody is named."
    )


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
    owner_id: int
    shared: bool
    version: int
    changed_at: AwareDatetime
    archived_at: AwareDatetime | None
    versions: list[VersionShown]


class PreviewShown(Shown):
    subject: str
    html: str
    text: str
    problems: list[str] = Field(description="What is missing for this person.")


class TestSent(Shown):
    message_id: int
    email: str


class CategoriesShown(Shown):
    categories: list[str]


@api.get("/templates")
def list_templates(query: TemplatesAsked) -> Page[TemplateInList]:
    """The templates that you may use."""
    lines = templates_of(
        work().session, me(), search=query.search, category=query.category, archived=query.archived
    )
    return short_list(lines, lambda line: line.id, TemplateInList.model_validate, query.after, query.limit)


@api.get("/template-categories")
def list_template_categories() -> CategoriesShown:
    """Their categories."""
    return CategoriesShown(categories=categories_of(work().session, me()))


@api.post("/templates", status=201, example={"name": "Opener", "subject": "Hello", "html": "<p>Hello</p>"})
def create_template_of_mine(body: TemplateTyped) -> TemplateShown:
    """A new template."""
    return _shown(create_template(work(), me(), TemplateDraft(**body.model_dump())))


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
    return _shown(edit_template(work(), me(), template_id, TemplateDraft(**body.model_dump())))


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


@api.post("/templates/<int:template_id>/versions/<int:number>/bring-back")
def bring_template_back(template_id: int, number: int) -> TemplateShown:
    """An earlier version, as a new one."""
    return _shown(bring_back_version(work(), me(), template_id, number))


@api.post("/previews", example={"subject": "Hello {{ first_name }}", "html": "<p>Hello</p>"})
def preview_mail(body: PreviewAsked) -> PreviewShown:
    """How a mail would look for somebody. Nothing is stored."""
    person = person_of(work().session, me(), body.person_id) if body.person_id is not None else None
    return PreviewShown.model_validate(preview(Content(body.subject, body.html, body.text), person, me()))


@api.post("/previews/send", status=201, example={"subject": "Hello", "html": "<p>Hello</p>"})
def send_preview(body: PreviewAsked) -> TestSent:
    """Send it to yourself."""
    message = send_test(work(), me(), Content(body.subject, body.html, body.text), body.person_id)
    work().session.flush()
    return TestSent(message_id=message.id, email=message.email)


def _shown(template: Template) -> TemplateShown:
    session = work().session
    session.flush()
    content = content_of(session.get(Wording, template.wording_id))
    names = ("id", "name", "category", "owner_id", "shared", "version", "changed_at", "archived_at")
    return TemplateShown(
        **{name: getattr(template, name) for name in names},
        subject=content.subject,
        html=content.html,
        text=content.text,
        versions=[VersionShown.model_validate(one) for one in versions_of(session, template)],
    )
