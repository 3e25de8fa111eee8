"""What another version means for each person under way. The preview and the act read the same; nothing is written.

The rule: future steps follow the new version; a deleted step is skipped; a step inserted before a person's position is
not run for that person.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from sales_campaigns.campaigns.models import CampaignVersion, Step
from sales_campaigns.campaigns.planner import IfPast, Planned, Start, StepKind, next_slot
from sales_campaigns.enrollments.changes.shared_plans import SharedPlans
from sales_campaigns.enrollments.daily_limits import within_limits
from sales_campaigns.enrollments.models import StepRun
from sales_campaigns.enrollments.models import StepRunState as R
from sales_campaigns.enrollments.states import WAITING
from sales_campaigns.enrollments.ways import Due, Way, ways_of

Instants = dict[str, datetime]  # by the key of the step
MOVABLE = frozenset({R.PLANNED, R.SCHEDULED})  # a task that is open stays open


@dataclass(frozen=True)
class Change:
    """One person under the other version: `way`, without what is `gone`.

    `gone` still waits, and its step was deleted or is another kind of step now. `lost` are the counted days by which
    deleted steps had delayed this person. `waiting` is what has a run and another date; `before` and `after` are the
    dates of everything that is not over. `same_words` are the keys of steps that say what they said, `missed` of those
    that are ready now and whose time is over: they take the next slot.
    """

    way: Way
    gone: tuple[StepRun, ...]
    lost: int
    waiting: tuple[Due, ...]
    before: Instants
    after: Instants
    same_words: frozenset[str]
    missed: frozenset[str]


@dataclass(frozen=True)
class Changes:
    """`placed` are all mails and tasks that get another date, also those of other people whose place is taken."""

    people: Sequence[Change]
    placed: Sequence[Due]


def changes_of(
    session: Session,
    enrollment_ids: Sequence[int],
    version: CampaignVersion,
    now: datetime,
    plans: SharedPlans | None = None,
) -> Changes:
    """What the version would change at `now`, the mailboxes' daily limits kept. Chunks of one change share `plans`."""
    plans = plans or SharedPlans(now)
    found = [_change(way, version, plans) for way in ways_of(session, enrollment_ids)]
    dues = [due for change in found for due in change.waiting]
    freed = [run.message_id for change in found for run in change.gone if run.message_id]
    moving = [run.message_id for due in dues if (run := due.way.runs[due.step.key]).message_id]
    mails = [due for due in dues if not due.planned.is_task]
    tasks = [due for due in dues if due.planned.is_task]
    placed = [*tasks, *within_limits(session, mails, now, {*freed, *moving})]
    at = {(due.way.enrollment.id, due.step.key): due.planned.at for due in placed}
    return Changes([_placed(change, at) for change in found], placed)


def _change(way: Way, version: CampaignVersion, plans: SharedPlans) -> Change:
    under = replace(way, version=version)
    gone = tuple(run for run in way.runs.values() if run.state in WAITING and _is_gone(run, way, under))
    after = replace(under, runs={key: run for key, run in way.runs.items() if run not in gone})
    start, over = way.start, way.over
    lost = max(0, plans.slip(way, start, over) - plans.slip(after, after.start, after.over))
    planned, late = _ahead(after, replace(after.start, slipped=start.slipped + lost), plans)
    return Change(
        way=after,
        gone=gone,
        lost=lost,
        waiting=tuple(_waiting(after, planned)),
        before=_instants(way, plans.of(way, start, over, way.put_off)),
        after=_instants(after, planned),
        same_words=plans.same_words(way.version, version),
        missed=frozenset(key for index in late if (key := after.steps[index].key) not in after.runs),
    )


def _is_gone(run: StepRun, before: Way, after: Way) -> bool:
    """A mail that becomes a task, or a call an InMail, is begun anew."""
    former, step = _step(before, run.step_key), _step(after, run.step_key)
    return step is None or step.is_task != run.is_task or (former is not None and former.kind != step.kind)


def _step(way: Way, key: str) -> Step | None:
    return next((step for step in way.steps if step.key == key), None)


def _ahead(way: Way, start: Start, plans: SharedPlans) -> tuple[Sequence[Planned], Collection[int]]:
    """Every step that is not over, and the indexes of those that were late.

    The rule “never in the past”: a mail whose new time is over takes the next eligible day, and later days slip.
    """
    over, put_off, now = way.over, way.put_off, plans.now
    planned = plans.of(way, start, over, put_off)
    outline = plans.outline(way)
    late = {one.index: next_slot(outline, start, one, now) for one in planned if _passed(way, one, now)}
    if not late:
        return planned, ()
    dates: dict[int, date] = put_off | {index: one.local.date() for index, one in late.items()}
    return [late.get(one.index, one) for one in plans.of(way, start, over, dates)], late


def _passed(way: Way, planned: Planned, now: datetime) -> bool:
    step = way.steps[planned.index]
    run = way.runs.get(step.key)
    stays = run is not None and run.due_at == planned.at
    return planned.ready and not (planned.is_task or stays or step.if_past is IfPast.NOW) and planned.at < now


def _waiting(way: Way, planned: Sequence[Planned]) -> list[Due]:
    dues = [Due(way, way.steps[one.index], one) for one in planned if one.ready]
    return [
        due
        for due in dues
        if (run := way.runs.get(due.step.key)) and run.state in MOVABLE and due.planned.at != run.due_at
    ]


def _instants(way: Way, planned: Sequence[Planned]) -> Instants:
    """What is open or scheduled stands where it stands. Without an address there are no e-mails."""
    steps = [(way.steps[one.index], one) for one in planned]
    return {
        step.key: run.due_at if (run := way.runs.get(step.key)) and run.state is R.TASK_OPEN else one.at
        for step, one in steps
        if way.enrollment.email or step.kind is not StepKind.EMAIL
    }


def _placed(change: Change, at: Mapping[tuple[int, str], datetime]) -> Change:
    """With the dates that the daily limits leave."""
    mine = {due.step.key: at[change.way.enrollment.id, due.step.key] for due in change.waiting}
    return replace(change, after=change.after | mine)
