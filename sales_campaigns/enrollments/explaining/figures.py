"""What became of a campaign so far: step by step, by version and variant, by rep, by weekday
and hour. Counted in flat queries.

A figure is people whose step came so far. Sent counts mails that left, by themselves or from a rep's hands.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.campaigns.checks import wordings_of
from sales_campaigns.campaigns.lanes import titles_of
from sales_campaigns.campaigns.models import Campaign, CampaignVersion, Step
from sales_campaigns.campaigns.versions import drafts_of, in_force
from sales_campaigns.enrollments.explaining.funnels import Funnel, total
from sales_campaigns.enrollments.explaining.marks import with_marks
from sales_campaigns.enrollments.explaining.spread import (
    DELIVERED,
    Hour,
    RepFigures,
    by_hour,
    by_rep,
    funnel_of,
)
from sales_campaigns.enrollments.models import Enrollment, EnrollmentState, StepRun
from sales_campaigns.enrollments.models import StepRunState as R
from sales_campaigns.enrollments.states import WAITING
from sales_campaigns.messages.models import Message, MessageState

Funnels = dict[tuple[str, int, str], Funnel]  # (step, version, letter of the variant)


@dataclass(frozen=True)
class StepFigures:
    """One step with its funnel, and the same by the number of the version under which people had it, and by variant.

    `step` is None for one that the version in force no longer has; its place and title are then unknown. `variants`
    has only mails that had one; it is empty for a step that always said the same to everybody.
    """

    key: str
    step: Step | None
    title: str
    funnel: Funnel
    versions: Mapping[int, Funnel]
    variants: Mapping[str, Funnel] = field(default_factory=dict)


@dataclass(frozen=True)
class Figures:
    """`moments` maps (weekday from 0 for Monday, hour) at the person's place to what became of the mails due then.

    `people` counts by state; `ends` says why those who ended did, the most frequent first.
    """

    steps: Sequence[StepFigures]
    people: Mapping[EnrollmentState, int]
    ends: Mapping[str, int]
    moments: Mapping[Hour, Funnel] = field(default_factory=dict)
    reps: Sequence[RepFigures] = ()

    @property
    def hours(self) -> dict[Hour, int]:
        """Mails that left."""
        return {at: funnel.sent for at, funnel in self.moments.items() if funnel.sent}

    @property
    def replies(self) -> dict[Hour, int]:
        """Mails that were answered."""
        return {at: funnel.replied for at, funnel in self.moments.items() if funnel.replied}

    @property
    def mails(self) -> Funnel:
        """All steps together."""
        return total(one.funnel for one in self.steps)


def figures_of(session: Session, campaign: Campaign) -> Figures:
    """Everything that the report of a campaign shows; as many queries for one person as for a million."""
    people, ends = _people(session, campaign)
    steps = _steps(session, campaign, _funnels(session, campaign))
    return Figures(steps, people, ends, by_hour(session, campaign), by_rep(session, campaign))


def step_figures(session: Session, campaign: Campaign, key: str) -> StepFigures:
    """Those of one step."""
    found = _funnels(session, campaign, StepRun.step_key == key)
    return _figures(None, "", key, found)


def _funnels(session: Session, campaign: Campaign, *which: sa.ColumnElement[bool]) -> Funnels:
    query = (
        sa.select(
            StepRun.step_key,
            CampaignVersion.number,
            Message.variant,
            StepRun.state,
            Message.state.label("message"),
            StepRun.is_task,
            sa.func.count().label("people"),
            sa.func.count(StepRun.sent_at).label("sent"),
            sa.func.count(DELIVERED).label("delivered"),
        )
        .select_from(StepRun)
        .join(Enrollment, Enrollment.id == StepRun.enrollment_id)
        .join(Step, Step.id == StepRun.step_id)
        .join(CampaignVersion, CampaignVersion.id == Step.version_id)
        .outerjoin(Message, Message.id == StepRun.message_id)
        .where(
            Enrollment.campaign_id == campaign.id,
            StepRun.state != R.CANCELLED,
            ~StepRun.passed_over,
            *which,
        )
        .group_by(
            StepRun.step_key,
            CampaignVersion.number,
            Message.variant,
            StepRun.state,
            Message.state,
            StepRun.is_task,
        )
    )
    found: Funnels = defaultdict(Funnel)
    for row in session.execute(with_marks(query, campaign)):
        found[row.step_key, row.number, row.variant or ""] += _funnel(row)
    return found


def _funnel(row: Any) -> Funnel:
    number: int = row.people
    bounced = row.message is MessageState.FAILED and row.state is not R.FAILED
    return funnel_of(
        row,
        reached=number,
        waiting=number * (row.state in WAITING),
        done=number * (row.state is R.DONE and row.is_task),
        skipped=number * (row.state is R.SKIPPED),
        failed=number * (row.state is R.FAILED or bounced),
    )


def _people(session: Session, campaign: Campaign) -> tuple[Counter[EnrollmentState], dict[str, int]]:
    query = (
        sa.select(Enrollment.state, Enrollment.why, sa.func.count())
        .where(Enrollment.campaign_id == campaign.id)
        .group_by(Enrollment.state, Enrollment.why)
    )
    people: Counter[EnrollmentState] = Counter()
    ends: Counter[str] = Counter()
    for state, why, number in session.execute(query):
        people[state] += number
        if state is EnrollmentState.ENDED:
            ends[why] += number
    return people, dict(ends.most_common())


def _steps(session: Session, campaign: Campaign, funnels: Funnels) -> list[StepFigures]:
    """The steps in force, in order; then those that only earlier versions had."""
    version = in_force(session, campaign)
    drafts = drafts_of(version)
    titles = titles_of(drafts, wordings_of(session, drafts))
    known = {step.key for step in version.steps}
    steps = [
        _figures(step, title, step.key, funnels) for step, title in zip(version.steps, titles, strict=True)
    ]
    former = dict.fromkeys(key for key, *_ in funnels if key not in known)
    return [*steps, *(_figures(None, "A step that was deleted", key, funnels) for key in former)]


def _figures(step: Step | None, title: str, key: str, funnels: Funnels) -> StepFigures:
    versions: dict[int, Funnel] = defaultdict(Funnel)
    variants: dict[str, Funnel] = defaultdict(Funnel)
    for (at, number, letter), funnel in sorted(funnels.items(), key=lambda item: item[0]):
        if at == key:
            versions[number] += funnel
            if letter:
                variants[letter] += funnel
    by_letter = dict(sorted(variants.items()))
    return StepFigures(key, step, title, total(versions.values()), dict(versions), by_letter)
