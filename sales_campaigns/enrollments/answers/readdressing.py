"""A new address for somebody whose mail came back: the campaigns go on at the step that failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.enrollments.answers.bouncing import CAME_BACK, SOURCE
from sales_campaigns.enrollments.answers.redirecting import lock_mails, redirect
from sales_campaigns.enrollments.locking import one_at_a_time
from sales_campaigns.enrollments.models import Enrollment, EnrollmentState, StepRun, StepRunState
from sales_campaigns.enrollments.pausing import about, plan_again
from sales_campaigns.enrollments.states import ENROLLMENT, STEP_RUN, UNDER_WAY, WAITING
from sales_campaigns.enrollments.ways import Way, ways_of
from sales_campaigns.lifecycle import move_many
from sales_campaigns.messages.holds import release
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.queueing import cancel_many
from sales_campaigns.people.editing import change_person
from sales_campaigns.people.models import Person
from sales_campaigns.people.suppression import why_not
from sales_campaigns.tasks.models import Task, TaskState
from sales_campaigns.tasks.states import TASK
from sales_campaigns.tasks.working import finish_task
from sales_campaigns.unit_of_work import UnitOfWork

NEW_ADDRESS = "the person has a new address"


def change_and_go_on(
    uow: UnitOfWork,
    actor: User,
    person_id: int,
    typed: Mapping[str, str],
    custom: Mapping[str, str] | None = None,
) -> tuple[Person, int]:
    """Save the person; what waits goes to a new address, and the task that asked for one is done. How many campaigns
    in which mail had failed go on.
    """
    if "email" in typed:
        lock_mails(uow, [person_id])
    before = uow.session.scalar(sa.select(Person.address_id).where(Person.id == person_id))
    person = change_person(uow, actor, person_id, typed, custom)
    if person.address_id == before:
        return person, 0
    redirect(uow, actor, person)
    return person, _new_address(uow, actor, person)


def _new_address(uow: UnitOfWork, actor: User, person: Person) -> int:
    if person.address_id is None or why_not(uow.session, person.id) is not None:
        return 0
    tasks = uow.session.scalars(
        sa.select(Task)
        .where(Task.person_id == person.id, Task.source == SOURCE, Task.state == TaskState.OPEN)
        .with_for_update()
    ).all()
    for task in tasks:
        finish_task(uow, actor, task, "complete", undo_until=uow.now, note=person.email)
    ways = ways_of(uow.session, one_at_a_time(uow, _bounced(uow, person)))
    going = [way for way in ways if _take_up(uow, actor, way, person)]
    plan_again(uow, [way.enrollment.id for way in going])
    return len(going)


def _bounced(uow: UnitOfWork, person: Person) -> Sequence[int]:
    """Those that ended because mail came back, and those under way in which a mail failed."""
    failed = sa.exists().where(
        StepRun.enrollment_id == Enrollment.id,
        StepRun.state == StepRunState.FAILED,
        StepRun.message_id.is_not(None),
    )
    over = sa.and_(Enrollment.state == EnrollmentState.ENDED, Enrollment.why == CAME_BACK)
    stands = sa.or_(over, Enrollment.state.in_({*UNDER_WAY, EnrollmentState.FINISHED}))
    mine = (Enrollment.person_id == person.id, failed, stands)
    newest = sa.select(sa.func.max(Enrollment.id)).where(*mine).group_by(Enrollment.campaign_id)
    return uow.session.scalars(newest).all()


def _take_up(uow: UnitOfWork, actor: User, way: Way, person: Person) -> bool:
    """Run the failed steps after the last one that was done once more; False when there is none to run."""
    enrollment, runs = way.enrollment, way.runs
    done = max(
        (step.position for step in way.steps if step.key in runs and runs[step.key].state in _HAPPENED),
        default=-1,
    )
    again = [runs[step.key].id for step in way.steps if step.position > done and step.key in runs]
    failed = [run for run in runs.values() if run.id in again and run.state is StepRunState.FAILED]
    enrollment.email = person.email.lower()
    if not failed or _is_elsewhere(uow, enrollment):
        return False
    _undo(uow, again)
    if enrollment.state not in UNDER_WAY:
        uow.move(ENROLLMENT, enrollment, "readdress", about=about(enrollment, actor), why="", ended_at=None)
        release(uow.session, "enrollment", [enrollment.id])
    return True


def _undo(uow: UnitOfWork, run_ids: Sequence[int]) -> None:
    mine = StepRun.id.in_(run_ids)
    messages = sa.select(StepRun.message_id).where(mine, StepRun.state.in_(WAITING))
    tasks = sa.select(StepRun.task_id).where(mine, StepRun.state.in_(WAITING))
    cancel_many(uow, NEW_ADDRESS, Message.id.in_(messages))
    move_many(uow.session, TASK, Task, "cancel", Task.id.in_(tasks), ended_at=uow.now)
    for event in ("cancel", "take_up_again"):
        move_many(uow.session, STEP_RUN, StepRun, event, mine, why=NEW_ADDRESS)
    uow.session.expire_all()


def _is_elsewhere(uow: UnitOfWork, enrollment: Enrollment) -> bool:
    """Somebody added the person to this campaign once more meanwhile: at most one active enrollment."""
    other = (
        Enrollment.campaign_id == enrollment.campaign_id,
        Enrollment.person_id == enrollment.person_id,
        Enrollment.id != enrollment.id,
        Enrollment.state.in_(UNDER_WAY),
    )
    return uow.session.scalar(sa.select(Enrollment.id).where(*other).limit(1)) is not None


_HAPPENED = frozenset({StepRunState.DONE, StepRunState.SKIPPED})
