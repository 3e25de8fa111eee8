"""What became of a campaign so far: step by step, by version, by weekday and hour. Counted in flat queries.

A figure is people whose step came so far. Sent counts mails that left, by themselves or from a rep's hands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.activity import Activity
from sales_campaigns.campaigns.checks import wordings_of
from sales_campaigns.campaigns.lanes import titles_of
from sales_campaigns.campaigns.models import Campaign, CampaignVersion, Step
from sales_campaigns.campaigns.planner.local_time import wall_clock
from sales_campaigns.campaigns.versions import drafts_of, in_force
from sales_campaigns.enrollments.models import Enrollment, EnrollmentState, StepRun
from sales_campaigns.enrollments.models import StepRunState as R
from sales_campaigns.enrollments.states import WAITING
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.messages.states import LEFT
from sales_campaigns.tracking.figures import OPENING
from sales_campaigns.tracking.models import EventKind, TrackingEvent

REPLY = "reply.received"


@dataclass
class Funnel:
    """People at one step. `failed` are mails that bounced or could not leave, also after they were sent."""

    reached: int = 0
    waiting: int = 0
    sent: int = 0
    done: int = 0
    skipped: int = 0
    failed: int = 0
    opened: int = 0
    clicked: int = 0
    replied: int = 0

    def __iadd__(self, other: Funnel) -> Funnel:
        for name, number in vars(other).items():
            setattr(self, name, getattr(self, name) + number)
        return self


@dataclass(frozen=True)
class StepFigures:
    """One step with its funnel, and the same by the number of the version under which people had it.

    `step` is None for one that the version in force no longer has; its place and title are then unknown.
    """

    step: Step | None
    title: str
    funnel: Funnel
    versions: Mapping[int, Funnel]


@dataclass(frozen=True)
class Figures:
    """`hours` and `replies` map (weekday from 0 for Monday, hour) at the person's place to mails due then.

    `people` counts by state; `ends` says why those who ended did, the most frequent first.
    """

    steps: Sequence[StepFigures]
    people: Mapping[EnrollmentState, int]
    ends: Mapping[str, int]
    hours: Mapping[tuple[int, int], int] = field(default_factory=dict)
    replies: Mapping[tuple[int, int], int] = field(default_factory=dict)


def figures_of(session: Session, campaign: Campaign) -> Figures:
    """Everything that the report of a campaign shows; as many queries for one person as for a million."""
    funnels = _funnels(session, campaign)
    for key, version, replied in session.execute(_replies(campaign)):
        funnels.setdefault((key, version), Funnel()).replied += replied
    for key, version, opened, clicked in session.execute(_noticed(campaign)):
        funnel = funnels.setdefault((key, version), Funnel())
        funnel.opened, funnel.clicked = opened, clicked
    people, ends = _people(session, campaign)
    sent = _mails(campaign).where(StepRun.sent_at.is_not(None))
    answered = _mails(campaign).where(StepRun.message_id.in_(_answered(campaign)))
    return Figures(
        _steps(session, campaign, funnels), people, ends, _by_hour(session, sent), _by_hour(session, answered)
    )


def _funnels(session: Session, campaign: Campaign) -> dict[tuple[str, int], Funnel]:
    """(step, version) → funnel. Whoever was led past a step has not reached it."""
    query = (
        sa.select(
            StepRun.step_key,
            CampaignVersion.number,
            StepRun.state,
            Message.state,
            StepRun.is_task,
            sa.func.count(),
            sa.func.count(StepRun.sent_at),
        )
        .select_from(StepRun)
        .join(Enrollment, Enrollment.id == StepRun.enrollment_id)
        .join(Step, Step.id == StepRun.step_id)
        .join(CampaignVersion, CampaignVersion.id == Step.version_id)
        .outerjoin(Message, Message.id == StepRun.message_id)
        .where(Enrollment.campaign_id == campaign.id, StepRun.state != R.CANCELLED, ~StepRun.passed_over)
        .group_by(StepRun.step_key, CampaignVersion.number, StepRun.state, Message.state, StepRun.is_task)
    )
    found: dict[tuple[str, int], Funnel] = {}
    for key, version, state, message, is_task, number, sent in session.execute(query):
        bounced = message is MessageState.FAILED and state is not R.FAILED
        one = Funnel(
            reached=number,
            waiting=number * (state in WAITING),
            sent=sent,
            done=number * (state is R.DONE and is_task),
            skipped=number * (state is R.SKIPPED),
            failed=number * (state is R.FAILED or bounced),
        )
        found.setdefault((key, version), Funnel()).__iadd__(one)
    return found


def _replies(campaign: Campaign) -> sa.Select[str, int, int]:
    """People who answered a mail of the step."""
    return (
        sa.select(StepRun.step_key, CampaignVersion.number, sa.func.count(sa.distinct(StepRun.enrollment_id)))
        .join(Step, Step.id == StepRun.step_id)
        .join(CampaignVersion, CampaignVersion.id == Step.version_id)
        .where(StepRun.message_id.in_(_answered(campaign)), StepRun.state != R.CANCELLED)
        .group_by(StepRun.step_key, CampaignVersion.number)
    )


def _noticed(campaign: Campaign) -> sa.Select[str, int, int, int]:
    """People of whom an opening or a click counts. The rule: a click implies an open; machines are left out."""
    clicked = sa.case((TrackingEvent.kind == EventKind.CLICK, StepRun.enrollment_id))
    return (
        sa.select(
            StepRun.step_key,
            CampaignVersion.number,
            sa.func.count(sa.distinct(StepRun.enrollment_id)),
            sa.func.count(sa.distinct(clicked)),
        )
        .join(Step, Step.id == StepRun.step_id)
        .join(CampaignVersion, CampaignVersion.id == Step.version_id)
        .join(Message, Message.id == StepRun.message_id)
        .join(TrackingEvent, TrackingEvent.message_id == Message.id)
        .where(
            Message.campaign_id == campaign.id,
            Message.state.in_(LEFT),
            TrackingEvent.machine == "",
            TrackingEvent.kind.in_(OPENING),
            StepRun.state != R.CANCELLED,
        )
        .group_by(StepRun.step_key, CampaignVersion.number)
    )


def _answered(campaign: Campaign) -> sa.Select[int | None]:
    return sa.select(Activity.message_id).where(
        Activity.campaign_id == campaign.id, Activity.kind == REPLY, Activity.message_id.is_not(None)
    )


def _mails(campaign: Campaign) -> sa.Select[str, datetime, int]:
    """Mails by zone and the instant at which they were due: few groups, because many are due at once."""
    return (
        sa.select(Message.zone, Message.due_at, sa.func.count())
        .join(StepRun, StepRun.message_id == Message.id)
        .where(Message.campaign_id == campaign.id)
        .group_by(Message.zone, Message.due_at)
    )


def _by_hour(session: Session, query: sa.Select[str, datetime, int]) -> Counter[tuple[int, int]]:
    found: Counter[tuple[int, int]] = Counter()
    for zone, due_at, number in session.execute(query):
        local = wall_clock(due_at, zone)
        found[local.weekday(), local.hour] += number
    return found


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


def _steps(
    session: Session, campaign: Campaign, funnels: Mapping[tuple[str, int], Funnel]
) -> list[StepFigures]:
    """The steps in force, in order; then those that only earlier versions had."""
    version = in_force(session, campaign)
    drafts = drafts_of(version)
    titles = titles_of(drafts, wordings_of(session, drafts))
    known = {step.key for step in version.steps}
    steps = [
        _figures(step, title, step.key, funnels) for step, title in zip(version.steps, titles, strict=True)
    ]
    former = dict.fromkeys(key for key, _ in funnels if key not in known)
    return [*steps, *(_figures(None, "A step that was deleted", key, funnels) for key in former)]


def _figures(
    step: Step | None, title: str, key: str, funnels: Mapping[tuple[str, int], Funnel]
) -> StepFigures:
    mine = {number: funnel for (at, number), funnel in sorted(funnels.items()) if at == key}
    total = Funnel()
    for funnel in mine.values():
        total += funnel
    return StepFigures(step, title, total, mine)
