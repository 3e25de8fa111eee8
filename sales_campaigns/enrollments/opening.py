"""Open the tasks whose moment has come, and end the e-mail steps of people without an address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.calendars.leave import stand_ins
from sales_campaigns.campaigns.models import Campaign, Step
from sales_campaigns.campaigns.planner import StepKind
from sales_campaigns.campaigns.variants import variant_for
from sales_campaigns.claims import claim
from sales_campaigns.content.models import Wording
from sales_campaigns.content.rendering import Content
from sales_campaigns.database import insert_rows
from sales_campaigns.enrollments.models import Enrollment, EnrollmentState, StepRun
from sales_campaigns.enrollments.models import StepRunState as R
from sales_campaigns.enrollments.scheduling import go_on
from sales_campaigns.messages.models import Hold
from sales_campaigns.messages.outbox.composing import words_for
from sales_campaigns.people.models import Person
from sales_campaigns.tasks.models import Priority, Task, TaskKind
from sales_campaigns.unit_of_work import UnitOfWork

BATCH = 500
LONGEST_NAME = 300
NAMES = {StepKind.EMAIL: "Write an e-mail", StepKind.CALL: "Call", StepKind.INMAIL: "Send an InMail"}
NOON = time(12)


class _Opening(NamedTuple):
    """A step run whose time has come, and what its task is made of."""

    run: StepRun
    enrollment: Enrollment
    step: Step
    campaign: Campaign
    person: Person
    sender: User

    def can_be_done(self) -> bool:
        return self.run.is_task and (bool(self.enrollment.email) or self.step.kind is not StepKind.EMAIL)


def open_due(uow: UnitOfWork) -> int:
    """Open up to a batch of due tasks; how many step runs were taken. Nothing opens in a paused campaign."""
    due = (StepRun.state == R.PLANNED, StepRun.due_at <= uow.now, on_the_way())
    order, values = (StepRun.due_at, StepRun.id), {"state": R.TASK_OPEN}
    ids = claim(uow.session, StepRun, *due, order=order, limit=BATCH, values=values)
    if ids:
        openings = _openings(uow.session, ids)
        _open_all(uow, _tasks(uow, [one for one in openings if one.can_be_done()]))
        _leave_out(uow, [one.run for one in openings if not one.can_be_done()])
    return len(ids)


def _openings(session: Session, ids: Sequence[int]) -> list[_Opening]:
    query = (
        sa.select(StepRun, Enrollment, Step, Campaign, Person, User)
        .join(Enrollment, Enrollment.id == StepRun.enrollment_id)
        .join(Step, Step.id == StepRun.step_id)
        .join(Campaign, Campaign.id == Enrollment.campaign_id)
        .join(Person, Person.id == Enrollment.person_id)
        .join(User, User.id == Enrollment.sender_id)
        .where(StepRun.id.in_(ids))
        .order_by(StepRun.due_at, StepRun.id)
    )
    return [_Opening(*row) for row in session.execute(query)]


def next_opening(session: Session, after: datetime) -> datetime | None:
    """The next instant at which some task opens."""
    return session.scalar(
        sa.select(sa.func.min(StepRun.due_at)).where(
            StepRun.state == R.PLANNED, StepRun.due_at > after, on_the_way()
        )
    )


@cache
def on_the_way() -> sa.ColumnElement[bool]:
    """A condition on StepRun: neither the person nor the campaign nor the sender is paused, and nothing has ended."""
    return sa.exists().where(
        Enrollment.id == StepRun.enrollment_id,
        Enrollment.state == EnrollmentState.ACTIVE,
        sa.exists().where(Campaign.id == Enrollment.campaign_id, Campaign.state == "active"),
        ~sa.exists().where(Hold.kind == "sender", Hold.key == Enrollment.sender_id, Hold.stopped),
    )


def _open_all(uow: UnitOfWork, opened: Sequence[tuple[StepRun, dict[str, Any]]]) -> None:
    """A task for each run, three statements however many there are."""
    if not opened:
        return
    made = insert_rows(uow.session, Task, [task for _, task in opened], Task.step_run_id, Task.id)
    task_of = {row.step_run_id: row.id for row in made}
    mine = sa.select(Task.id).where(Task.step_run_id == StepRun.id).scalar_subquery()
    own = sa.update(StepRun).where(StepRun.id.in_(task_of)).values(task_id=mine)
    uow.session.execute(own.execution_options(synchronize_session=False))
    uow.record_many("task.opened", [_told(task, task_of[run.id]) for run, task in opened])


def _tasks(uow: UnitOfWork, openings: Sequence[_Opening]) -> list[tuple[StepRun, dict[str, Any]]]:
    """Each run with the row of its task. A colleague who stands in has it while its sender is on leave."""
    instead = stand_ins(uow.session, {one.sender.id for one in openings})
    subjects = _subjects(uow.session, {one.step.id: one.step for one in openings}.values())
    return [(one.run, _task(one, subjects, instead.get(one.sender.id), uow.now)) for one in openings]


def _task(
    opening: _Opening, subjects: Mapping[int | None, str], stand_in: int | None, now: datetime
) -> dict[str, Any]:
    run, enrollment, step, campaign, person, sender = opening
    subject = subjects.get(_wording(step, enrollment))
    return {
        "team_id": enrollment.team_id,
        "assignee_id": stand_in or enrollment.sender_id,
        "lent_by_id": enrollment.sender_id if stand_in else None,
        "person_id": enrollment.person_id,
        "kind": TaskKind(step.kind.value),
        "name": _name(step, subject, person, sender),
        "details": step.details,
        "priority": Priority(step.priority),
        "due_at": due_for_work(run.due_at, enrollment.zone),
        "source": "campaign",
        "campaign_id": campaign.id,
        "enrollment_id": enrollment.id,
        "step_run_id": run.id,
        "step_label": f"{campaign.name} · day {step.day}, step {step.number}",
        "created_at": now,
    }


def _told(task: dict[str, Any], task_id: int) -> dict[str, Any]:
    about = {key: task[key] for key in ("team_id", "person_id", "campaign_id", "enrollment_id")}
    return {**about, "task_id": task_id, "data": {"kind": task["kind"].value, "name": task["name"]}}


def _wording(step: Step, enrollment: Enrollment) -> int | None:
    variant = variant_for(step.key, step.variants, enrollment.email)
    return variant.wording_id if variant is not None else step.wording_id


def _subjects(session: Session, steps: Iterable[Step]) -> dict[int | None, str]:
    """Wording → its subject, of all that these steps may say; one query."""
    ids = {id for step in steps for id in (step.wording_id, *(one.wording_id for one in step.variants)) if id}
    if not ids:
        return {}
    rows = session.execute(sa.select(Wording.id, Wording.subject).where(Wording.id.in_(ids)))
    return {row.id: row.subject for row in rows}


def _name(step: Step, subject: str | None, person: Person, sender: User) -> str:
    """The step's own name, or the subject as this person would get it."""
    if step.name or not subject:
        return step.name or NAMES.get(step.kind, "Task")
    return words_for(Content(subject, "<p>-</p>"), person, sender, None).subject[:LONGEST_NAME]


def due_for_work(opens_at: datetime, zone: str) -> datetime:
    """A task of the day is due at noon where the person is, or when it opens where that is later.

    It opens at midnight there, which may still be the day before for the rep: noon is on the right day for both.
    """
    local = opens_at.astimezone(ZoneInfo(zone))
    return max(opens_at, datetime.combine(local.date(), NOON, local.tzinfo))


def _leave_out(uow: UnitOfWork, runs: Sequence[StepRun]) -> None:
    """Without an address, or by a rule of the team, only the e-mail steps are left out; the next step follows."""
    for run in runs:
        run.state, run.over_at, run.why = R.FAILED, uow.now, run.why or "no e-mail address"
    if runs:
        go_on(uow, [run.enrollment_id for run in runs])
