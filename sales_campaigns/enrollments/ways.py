"""Read enrollments with all the planner needs, many at once and in flat queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.calendars.leave import Away, away_of
from sales_campaigns.calendars.schedules import team_calendars
from sales_campaigns.calendars.team_calendar import PUBLIC, TeamCalendar
from sales_campaigns.campaigns.file import FileSettings
from sales_campaigns.campaigns.models import Campaign, CampaignVersion, Step, StepVariant
from sales_campaigns.campaigns.outlines import outline_of
from sales_campaigns.campaigns.planner import Assumptions, Outcome, Outline, Over, Planned, Start, plan
from sales_campaigns.campaigns.stored_settings import settings_of
from sales_campaigns.campaigns.variants import variant_for
from sales_campaigns.enrollments.models import Enrollment, Launch, StepRun
from sales_campaigns.enrollments.models import StepRunState as R
from sales_campaigns.enrollments.states import OVER
from sales_campaigns.messages.models import Hold, Message

OUTCOMES = {R.DONE: Outcome.DONE, R.SKIPPED: Outcome.SKIPPED, R.FAILED: Outcome.FAILED}


@dataclass(frozen=True)
class Absence:
    """What keeps a sender from working: spans of leave that dates go around, the team's calendar, and
    the words for which the whole work stands still ("" when it does not)."""

    away: Away = ()
    own: TeamCalendar = PUBLIC
    stopped: str = ""


PRESENT = Absence()


@dataclass(frozen=True, slots=True)
class Frames:
    """What follows from the versions of ways that are read together: found once, however many they are."""

    outlines: dict[tuple[int, TeamCalendar], Outline] = field(default_factory=dict)
    settings: dict[int, FileSettings] = field(default_factory=dict)


@dataclass(frozen=True)
class Way:
    """One enrollment with its campaign, the version it goes through, its launch, its step runs by key, and what
    keeps its sender from working."""

    enrollment: Enrollment
    campaign: Campaign
    version: CampaignVersion
    launch: Launch
    runs: dict[str, StepRun] = field(default_factory=dict)
    absence: Absence = PRESENT
    variants: Mapping[str, str] = field(default_factory=dict)  # key of a step → the variant that its mail has
    frames: Frames = field(default_factory=Frames, repr=False, compare=False)

    def variant_of(self, step: Step) -> StepVariant | None:
        """What this person gets, or got, of a step with several contents; None where all get the same.

        The rule: a mail that is scheduled keeps its variant if that still exists.
        """
        kept, run = self.variants.get(step.key, ""), self.runs.get(step.key)
        if run is not None and run.state in OVER:
            return next((one for one in step.variants if one.key == kept), None)
        if not self.enrollment.email:
            return None
        return variant_for(step.key, step.variants, self.enrollment.email, kept)

    def wording_of(self, step: Step) -> int | None:
        """What the step says to this person."""
        variant = self.variant_of(step)
        return variant.wording_id if variant is not None else step.wording_id

    @property
    def outline(self) -> Outline:
        key = self.version.id, self.absence.own
        if key not in self.frames.outlines:
            self.frames.outlines[key] = outline_of(self.version, own=self.absence.own)
        return self.frames.outlines[key]

    @property
    def settings(self) -> FileSettings:
        if self.version.id not in self.frames.settings:
            self.frames.settings[self.version.id] = settings_of(self.version.settings)
        return self.frames.settings[self.version.id]

    @property
    def steps(self) -> Sequence[Step]:
        return self.version.steps

    @property
    def start(self) -> Start:
        chosen = self.launch.send_at
        return Start(
            launched_at=self.enrollment.launched_at,
            zone=self.enrollment.zone,
            send_at={
                step.position: datetime.fromisoformat(chosen[step.key])
                for step in self.steps
                if step.key in chosen
            },
            resumed_at=self.enrollment.resumed_at,
            slipped=self.enrollment.slipped,
            away=self.absence.away,
            first=self.first,
            first_day=self.enrollment.first_day,
            first_at=self.enrollment.first_at,
        )

    @property
    def launched_first(self) -> int:
        """The position at which the launch began."""
        key = self.launch.first_key
        return next((step.position for step in self.steps if step.key == key), 0)

    @property
    def first(self) -> int:
        """The position that days are counted from; where its step was deleted, the one after what was passed over."""
        key = self.enrollment.first_key
        found = (step.position for step in self.steps if step.key == key) if key else iter((0,))
        passed = (step.position for step in self.steps if self._is_passed_over(step))
        return next(found, 1 + max(passed, default=-1))

    @property
    def over(self) -> dict[int, Over]:
        """The facts: how each step ended that is over, and which were never run for this person.

        The rule: a step inserted before a person's position is not run for that person. Nor is one passed over.
        """
        reached = max((step.position for step in self.steps if step.key in self.runs), default=0)
        never = Over(self.enrollment.launched_at, self.enrollment.launched_at, Outcome.NOT_RUN)
        facts = {}
        for step in self.steps:
            run = self.runs.get(step.key)
            if self._is_passed_over(step):
                facts[step.position] = never
            elif run is not None and run.state in OVER:
                facts[step.position] = _fact(run)
            elif run is None and step.position < reached and not self._ahead_of_its_turn(step):
                facts[step.position] = never
        return facts

    def _is_passed_over(self, step: Step) -> bool:
        run = self.runs.get(step.key)
        return run is not None and run.passed_over

    def _ahead_of_its_turn(self, step: Step) -> bool:
        """Whether only steps that leave at once on day 1 have runs behind this one: then its own turn comes."""
        later = [one for one in self.steps if one.position > step.position and one.key in self.runs]
        return all(self.outline.steps[one.position].leaves_at_once for one in later)

    def ahead(self) -> tuple[Planned, ...]:
        """Every step that is not over, as the planner sees it now."""
        assume = Assumptions(reachable=bool(self.enrollment.email))
        return plan(self.outline, self.start, self.over, assume, self.put_off)

    @property
    def put_off(self) -> dict[int, date]:
        """The local dates of the mails that wait on a later day because of a limit."""
        zone = ZoneInfo(self.enrollment.zone)
        return {
            step.position: run.due_at.astimezone(zone).date()
            for step in self.steps
            if (run := self.runs.get(step.key))
            and run.state is R.SCHEDULED
            and any(move["why"] in {"limit", "pressure", "company"} for move in run.moved)
        }


@dataclass(frozen=True)
class Due:
    """A step of one enrollment that is ready and has no run yet."""

    way: Way
    step: Step
    planned: Planned


def absences_of(session: Session, senders: Iterable[tuple[int, int]]) -> dict[int, Absence]:
    """Sender → absence, from pairs (sender, team); four queries however many there are."""
    teams = dict(senders)
    away, own = away_of(session, teams), team_calendars(session, teams.values())
    stopped = session.execute(
        sa.select(Hold.key, Hold.why).where(Hold.kind == "sender", Hold.key.in_(teams), Hold.stopped)
    )
    whys = {row.key: row.why for row in stopped}
    return {
        id: Absence(away.get(id, ()), own.get(team, PUBLIC), whys.get(id, "")) for id, team in teams.items()
    }


def ways_of(session: Session, enrollment_ids: Iterable[int]) -> list[Way]:
    """The enrollments in order of id; eleven queries however many there are."""
    ids = sorted(set(enrollment_ids))
    enrollments = session.scalars(
        sa.select(Enrollment).where(Enrollment.id.in_(ids)).order_by(Enrollment.id)
    ).all()
    versions = _by_id(session, CampaignVersion, {e.version_id for e in enrollments})
    campaigns = _by_id(session, Campaign, {e.campaign_id for e in enrollments})
    launches = _by_id(session, Launch, {e.launch_id for e in enrollments})
    runs, variants = _runs(session, ids)
    absences = absences_of(session, {(e.sender_id, e.team_id) for e in enrollments})
    frames = Frames()
    return [
        Way(
            e,
            campaigns[e.campaign_id],
            versions[e.version_id],
            launches[e.launch_id],
            runs[e.id],
            absences[e.sender_id],
            variants[e.id],
            frames,
        )
        for e in enrollments
    ]


def _by_id(session: Session, model: Any, ids: set[int]) -> dict[int, Any]:
    rows = session.scalars(sa.select(model).where(model.id.in_(ids)))
    return {row.id: row for row in rows}


def _runs(
    session: Session, ids: list[int]
) -> tuple[dict[int, dict[str, StepRun]], dict[int, dict[str, str]]]:
    """Enrollment → its live runs by the key of the step, and the variants that mails of them have."""
    found: dict[int, dict[str, StepRun]] = defaultdict(dict)
    variants: dict[int, dict[str, str]] = defaultdict(dict)
    live = sa.select(StepRun, Message.variant).outerjoin(Message, Message.id == StepRun.message_id)
    for run, variant in session.execute(
        live.where(StepRun.enrollment_id.in_(ids), StepRun.state != R.CANCELLED)
    ):
        found[run.enrollment_id][run.step_key] = run
        if variant:
            variants[run.enrollment_id][run.step_key] = variant
    return found, variants


def _fact(run: StepRun) -> Over:
    assert run.over_at is not None
    sent = run.sent_at is not None
    return Over(
        due_at=run.due_at,
        over_at=run.over_at,
        outcome=Outcome.SENT if sent else OUTCOMES[run.state],
        sent_at=run.sent_at,
    )
