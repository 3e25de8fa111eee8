"""Writing templates: each save is a version, and what cannot be sent is refused where it is written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.policies import refuse_sharing, require_open
from sales_campaigns.content.characters import one_line, sendable
from sales_campaigns.content.models import Template, TemplateVersion, Wording
from sales_campaigns.content.rendering import Content, check
from sales_campaigns.content.template_list import template_of
from sales_campaigns.content.wordings import content_of, wording_for
from sales_campaigns.errors import Invalid, NotFound
from sales_campaigns.unit_of_work import UnitOfWork

LONGEST_NAME = 200
LONGEST_CATEGORY = 120


@dataclass(frozen=True, slots=True)
class TemplateDraft:
    """A template as typed. `text` "" is made from the HTML; one that is not `shared` is seen by its owner only."""

    name: str
    subject: str
    html: str
    text: str = ""
    category: str = ""
    shared: bool = True
    bundle_id: int | None = None

    @property
    def content(self) -> Content:
        """What it says, with its files."""
        return Content(self.subject, self.html, self.text, self.bundle_id)


def create_template(uow: UnitOfWork, actor: User, draft: TemplateDraft) -> Template:
    """Raises Invalid with every problem at once: `name`, `category`, and `subject`, `html`, `text` with places."""
    require_open(uow.session, actor, "edit_templates")
    draft = _checked(uow, actor.team_id, draft)
    _refuse_sharing(uow, actor, draft)
    template = Template(team_id=actor.team_id, owner_id=actor.id, version=0)
    _write(uow, actor, template, draft)
    uow.record("template.created", **_about(actor, template))
    return template


def edit_template(uow: UnitOfWork, actor: User, template_id: int, draft: TemplateDraft) -> Template:
    """A save that changes subject, HTML or text is a new version. Raises NotFound, Invalid as `create_template`."""
    require_open(uow.session, actor, "edit_templates")
    template = template_of(uow.session, actor, template_id)
    draft = _checked(uow, template.team_id, draft, but=template.id)
    if (draft.shared, draft.category) != (template.shared, template.category):
        _refuse_sharing(uow, actor, draft)
    _write(uow, actor, template, draft)
    uow.record("template.changed", **_about(actor, template))
    return template


def archive_template(uow: UnitOfWork, actor: User, template_id: int) -> Template:
    """Nobody is offered it any more; steps that copied it keep their words. Undone by `restore_template`."""
    return _set_archived(uow, actor, template_id, archived=True)


def restore_template(uow: UnitOfWork, actor: User, template_id: int) -> Template:
    return _set_archived(uow, actor, template_id, archived=False)


def copy_template(uow: UnitOfWork, actor: User, template_id: int) -> Template:
    """The same words under a free name, owned by the actor."""
    template = template_of(uow.session, actor, template_id)
    content = content_of(uow.session.get(Wording, template.wording_id))
    name = free_name(uow, actor.team_id, template.name)
    draft = TemplateDraft(
        name, content.subject, content.html, content.text, template.category, bundle_id=content.bundle_id
    )
    return create_template(uow, actor, draft)


def bring_back_version(uow: UnitOfWork, actor: User, template_id: int, number: int) -> Template:
    """Make an old version the newest again. Raises NotFound for a version that is not there."""
    template = template_of(uow.session, actor, template_id)
    content = content_of(_wording_of_version(uow, template, number))
    words = (content.subject, content.html, content.text)
    draft = TemplateDraft(
        template.name, *words, template.category, template.shared, bundle_id=content.bundle_id
    )
    return edit_template(uow, actor, template_id, draft)


def ids_by_name(session: Session, team_id: int, names: Iterable[str]) -> dict[str, int]:
    """Those of these names that the team has."""
    wanted = sorted(set(names))
    query = sa.select(Template.name, Template.id).where(
        Template.team_id == team_id, Template.name.in_(wanted)
    )
    return {name: id for name, id in session.execute(query)} if wanted else {}  # noqa: C416


def free_name(uow: UnitOfWork, team_id: int, name: str) -> str:
    """`name` with "copy", "copy 2" and so on behind it, whichever the team does not use yet."""
    taken = set(uow.session.scalars(sa.select(Template.name).where(Template.team_id == team_id)))
    stem = name[: LONGEST_NAME - 10]
    candidates = (f"{stem} copy{f' {n}' if n > 1 else ''}" for n in range(1, len(taken) + 2))
    return next(candidate for candidate in candidates if candidate not in taken)


def _checked(uow: UnitOfWork, team_id: int, draft: TemplateDraft, but: int | None = None) -> TemplateDraft:
    draft = replace(
        draft,
        name=one_line(draft.name),
        category=one_line(draft.category),
        subject=one_line(draft.subject),
        html=sendable(draft.html),
        text=sendable(draft.text),
    )
    problems = _name_problems(uow, team_id, draft, but)
    try:
        check(draft.content, automatic=False)
    except Invalid as refusal:
        problems |= refusal.problems
    if problems:
        raise Invalid(problems)
    return draft


def _name_problems(uow: UnitOfWork, team_id: int, draft: TemplateDraft, but: int | None) -> dict[str, str]:
    problems = {}
    if not draft.name:
        problems["name"] = "Give the template a name."
    elif len(draft.name) > LONGEST_NAME:
        problems["name"] = f"Use {LONGEST_NAME} characters or fewer."
    elif _is_taken(uow, team_id, draft.name, but):
        problems["name"] = (
            "Another template of your team has this name, perhaps an archived one. Choose another."
        )
    if len(draft.category) > LONGEST_CATEGORY:
        problems["category"] = f"Use {LONGEST_CATEGORY} characters or fewer."
    return problems


def _is_taken(uow: UnitOfWork, team_id: int, name: str, but: int | None) -> bool:
    same = sa.select(Template.id).where(
        Template.team_id == team_id, Template.name == name, Template.id != (but or 0)
    )
    return uow.session.scalar(same) is not None


def _refuse_sharing(uow: UnitOfWork, actor: User, draft: TemplateDraft) -> None:
    if draft.shared:
        refuse_sharing(uow.session, actor, draft.category, "templates")


def _write(uow: UnitOfWork, actor: User, template: Template, draft: TemplateDraft) -> None:
    wording = wording_for(uow.session, draft.content)
    is_new_version = template.wording_id != wording.id
    template.name, template.category, template.shared = draft.name, draft.category, draft.shared
    template.wording_id, template.changed_at = wording.id, uow.now
    template.version += is_new_version
    uow.session.add(template)
    uow.session.flush()
    if is_new_version:
        uow.session.add(_version(uow, actor, template))


def _version(uow: UnitOfWork, actor: User, template: Template) -> TemplateVersion:
    return TemplateVersion(
        template_id=template.id,
        number=template.version,
        wording_id=template.wording_id,
        author_id=actor.id,
        created_at=uow.now,
    )


def _wording_of_version(uow: UnitOfWork, template: Template, number: int) -> Wording:
    wording = uow.session.scalar(
        sa.select(Wording)
        .join(TemplateVersion, TemplateVersion.wording_id == Wording.id)
        .where(TemplateVersion.template_id == template.id, TemplateVersion.number == number)
    )
    if wording is None:
        raise NotFound("This template has no such version.")
    return wording


def _set_archived(uow: UnitOfWork, actor: User, template_id: int, *, archived: bool) -> Template:
    require_open(uow.session, actor, "edit_templates")
    template = template_of(uow.session, actor, template_id)
    template.archived_at = uow.now if archived else None
    uow.record(f"template.{'archived' if archived else 'restored'}", **_about(actor, template))
    return template


def _about(actor: User, template: Template) -> dict[str, object]:
    data = {"template_id": template.id, "name": template.name, "version": template.version}
    return {"actor_id": actor.id, "team_id": template.team_id, "data": data}
