"""A campaign file against the stored campaign of its name: what would change for steps and people."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.campaigns.checks import wordings_of
from sales_campaigns.campaigns.drafts import StepDraft, Steps
from sales_campaigns.campaigns.file import CampaignFile
from sales_campaigns.campaigns.filing import Filed, import_campaign, stored_campaign
from sales_campaigns.campaigns.lanes import titles_of
from sales_campaigns.campaigns.models import CampaignVersion
from sales_campaigns.campaigns.stored_settings import settings_of, stored_form
from sales_campaigns.campaigns.versions import drafts_of, in_force, newest
from sales_campaigns.enrollments.changes.changing import change_campaign, may_change
from sales_campaigns.enrollments.changes.date_changes import DateChange, date_changes
from sales_campaigns.enrollments.changes.effects import Effect, chunks_under_way, counted, told
from sales_campaigns.enrollments.changes.meaning import changes_of
from sales_campaigns.enrollments.changes.shared_plans import SharedPlans
from sales_campaigns.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class StepChange:
    """One step that differs: `what` is added, deleted, moved or changed."""

    what: str
    day: int
    number: int
    kind: str
    title: str


@dataclass(frozen=True)
class FilePlan:
    """What applying a file would do.

    `exists` is False for a campaign that the file would make. `waiting` tells that edits which are not in force yet
    would be left behind, `allowed` that the actor may apply it. `dates` are in order of person and step.
    """

    campaign: str
    exists: bool
    waiting: bool = False
    allowed: bool = True
    steps: tuple[StepChange, ...] = ()
    settings: tuple[str, ...] = ()
    effect: Effect = field(default_factory=Effect)
    dates: tuple[DateChange, ...] = ()

    @property
    def nothing(self) -> bool:
        """Whether the file says what is in force."""
        return self.exists and not self.waiting and not self.steps and not self.settings


def plan_file(uow: UnitOfWork, actor: User, file: CampaignFile) -> FilePlan:
    """What `apply_file` would do now: it is really imported, read, and taken back, so nothing is written.

    Raises NotAllowed, and Invalid with every problem of the file at once.
    """
    known = stored_campaign(uow.session, actor, file)
    former = in_force(uow.session, known) if known else None
    waiting = known is not None and newest(uow.session, known).number != known.version
    category = known.category if known else ""
    savepoint = uow.session.begin_nested()
    try:
        filed = import_campaign(uow, actor, file)
        uow.session.flush()
        if former is None:
            return FilePlan(file.name, exists=False, steps=_steps(uow.session, (), drafts_of(filed.version)))
        settings = (*_settings(former, filed.version), *(["category"] if category != file.category else []))
        return _plan(
            uow, actor, filed, former, replace(FilePlan(file.name, True, waiting), settings=settings)
        )
    finally:
        savepoint.rollback()


def apply_file(uow: UnitOfWork, actor: User, file: CampaignFile) -> tuple[Filed, Effect]:
    """Make the stored campaign say what the file says, in force at once, also for the people under way.

    Raises NotAllowed, and Invalid with every problem of the file at once; nothing is half applied.
    """
    filed = import_campaign(uow, actor, file)
    if filed.in_force:
        return filed, Effect()
    effect = change_campaign(uow, actor, filed.campaign.id)
    return replace(filed, in_force=True), effect


def _plan(uow: UnitOfWork, actor: User, filed: Filed, former: CampaignVersion, plan: FilePlan) -> FilePlan:
    session, version = uow.session, filed.version
    effect, dates, plans = Effect(), list[DateChange](), SharedPlans(uow.now)
    for ids in chunks_under_way(session, filed.campaign, version):
        changes = changes_of(session, ids, version, uow.now, plans).people
        effect += counted(session, changes)
        dates += date_changes(session, former, version, changes)
    return replace(
        plan,
        allowed=may_change(uow, actor, filed.campaign),
        steps=_steps(session, drafts_of(former), drafts_of(version)),
        effect=told(session, version, effect),
        dates=tuple(dates),
    )


def _steps(session: Session, former: Steps, steps: Steps) -> tuple[StepChange, ...]:
    """What differs, in the order of the new steps; what is deleted comes last."""
    old, keys = {step.key: step for step in former}, {step.key for step in steps}
    titles = titles_of(steps, wordings_of(session, steps))
    changed = [
        (what, step, title)
        for step, title in zip(steps, titles, strict=True)
        if (what := _what(old.get(step.key), step))
    ]
    lost = zip(former, titles_of(former, wordings_of(session, former)), strict=True)
    gone = [("deleted", step, title) for step, title in lost if step.key not in keys]
    return tuple(
        StepChange(what, step.day, step.number, step.kind.value, title)
        for what, step, title in (*changed, *gone)
    )


def _what(old: StepDraft | None, step: StepDraft) -> str:
    """ "" when nothing differs. The number within the day changes by itself when a neighbour comes or goes."""
    if old is None:
        return "added"
    if replace(old, number=step.number) == step:
        return ""
    return "moved" if replace(old, number=step.number, day=step.day) == step else "changed"


def _settings(former: CampaignVersion, version: CampaignVersion) -> list[str]:
    """The names of the settings that differ, as the file calls them."""
    old, new = (stored_form(settings_of(one.settings)) for one in (former, version))
    return [name for name in new if old.get(name) != new[name]]
