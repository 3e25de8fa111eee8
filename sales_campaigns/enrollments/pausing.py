"""Pause and resume a campaign or people in it: one row of holds stops the mail, the planner finds the new dates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.campaigns.states import CAMPAIGN
from sales_campaigns.enrollments.daily_limits import within_limits
from sales_campaigns.enrollments.models import Enrollment, EnrollmentState, StepRun, StepRunState
from sales_campaigns.enrollments.postponing import keep_out_of_the_past
from sales_campaigns.enrollments.scheduling import give_date, go_on
from sales_campaigns.enrollments.states import ENROLLMENT
from sales_campaigns.enrollments.ways import Due, Way, ways_of
from sales_campaigns.errors import IllegalMove
from sales_campaigns.lifecycle import move_many
from sales_campaigns.messages.holds import release, stop
from sales_campaigns.unit_of_work import UnitOfWork

CHUNK = 500
PAUSED = "this person is paused in the campaign"


def pause_campaign(uow: UnitOfWork, actor: User, campaign: Campaign) -> None:
    """Once this transaction stands, nothing of it is handed over and no task opens."""
    require(actor, "edit_campaigns")
    uow.move(CAMPAIGN, campaign, "pause", about=_about(actor, campaign))
    stop(uow.session, "campaign", [campaign.id], "the campaign is paused")


def resume_campaign(uow: UnitOfWork, actor: User, campaign: Campaign) -> None:
    """What came due meanwhile follows “never in the past” and “slip”. People paused one by one stay so."""
    require(actor, "edit_campaigns")
    uow.move(CAMPAIGN, campaign, "resume", about=_about(actor, campaign))
    release(uow.session, "campaign", [campaign.id])
    active = sa.select(Enrollment.id).where(
        Enrollment.campaign_id == campaign.id, Enrollment.state == EnrollmentState.ACTIVE
    )
    plan_again(uow, list(uow.session.scalars(active.order_by(Enrollment.id))))


def pause_enrollment(uow: UnitOfWork, actor: User, enrollment: Enrollment) -> None:
    """Raises IllegalMove unless the person is on the way."""
    require(actor, "work_tasks")
    uow.move(ENROLLMENT, enrollment, "pause", about=about(enrollment, actor), why="paused", resume_at=None)
    stop(uow.session, "enrollment", [enrollment.id], PAUSED)


def resume_enrollment(uow: UnitOfWork, actor: User, enrollment: Enrollment) -> None:
    """Raises IllegalMove unless the person is paused or held."""
    require(actor, "work_tasks")
    uow.move(ENROLLMENT, enrollment, "resume", about=about(enrollment, actor), why="", resume_at=None)
    release(uow.session, "enrollment", [enrollment.id])
    plan_again(uow, [enrollment.id])


def pause_people(uow: UnitOfWork, actor: User, enrollments: Sequence[Enrollment]) -> int:
    """Pause those who are on the way; how many. Raises IllegalMove when nobody is."""
    require(actor, "work_tasks")
    ids = _move(uow, actor, enrollments, "pause", why="paused")
    stop(uow.session, "enrollment", ids, PAUSED)
    return len(ids)


def resume_people(uow: UnitOfWork, actor: User, enrollments: Sequence[Enrollment]) -> int:
    """Let those go on who are paused or held; how many. Raises IllegalMove when nobody is."""
    require(actor, "work_tasks")
    ids = _move(uow, actor, enrollments, "resume", why="")
    release(uow.session, "enrollment", ids)
    plan_again(uow, ids)
    return len(ids)


def plan_again(uow: UnitOfWork, enrollment_ids: list[int]) -> None:
    """Nothing that waits stays planned before now; the daily limits hold for what is moved."""
    for first in range(0, len(enrollment_ids), CHUNK):
        chunk = enrollment_ids[first : first + CHUNK]
        uow.session.execute(
            sa.update(Enrollment)
            .where(Enrollment.id.in_(chunk))
            .values(resumed_at=uow.now.replace(microsecond=0))
        )
        uow.session.expire_all()
        ways = ways_of(uow.session, chunk)
        _place_again(uow, [due for way in ways for due in _late(way)])
        keep_out_of_the_past(uow, ways)
        go_on(uow, chunk)


def plan_anew(uow: UnitOfWork, enrollment_ids: list[int]) -> None:
    """Give what waits the dates that the planner finds now, earlier or later; nothing goes back into the past.

    For what has changed the calendar itself: a leave, a holiday. The daily limits hold for what is moved.
    """
    for first in range(0, len(enrollment_ids), CHUNK):
        uow.session.expire_all()
        ways = ways_of(uow.session, enrollment_ids[first : first + CHUNK])
        dues = (due for way in ways for due in _waiting(way))
        _place_again(uow, [due for due in dues if due.planned.at >= min(uow.now, _run(due).due_at)])


def about(enrollment: Enrollment, actor: User | None = None) -> dict[str, object]:
    """The columns of Activity that tell whose way it is."""
    return {
        "actor_id": actor.id if actor else None,
        "team_id": enrollment.team_id,
        "person_id": enrollment.person_id,
        "campaign_id": enrollment.campaign_id,
        "enrollment_id": enrollment.id,
    }


def _waiting(way: Way) -> Iterator[Due]:
    """What has a run and now another date. A task that is open stays open."""
    for planned in way.ahead():
        step = way.steps[planned.index]
        run = way.runs.get(step.key)
        if run is not None and planned.ready and planned.at != run.due_at and _is_movable(run):
            yield Due(way, step, planned)


def _is_movable(run: StepRun) -> bool:
    return run.state in {StepRunState.PLANNED, StepRunState.SCHEDULED}


def _late(way: Way) -> Iterator[Due]:
    return (due for due in _waiting(way) if due.planned.at > way.runs[due.step.key].due_at)


def _place_again(uow: UnitOfWork, dues: list[Due]) -> None:
    mails = [due for due in dues if not due.planned.is_task]
    moving = {_run(due).message_id or 0 for due in mails}
    tasks = [due for due in dues if due.planned.is_task]
    for due in (*tasks, *within_limits(uow.session, mails, uow.now, moving)):
        give_date(uow, due)


def _run(due: Due) -> StepRun:
    return due.way.runs[due.step.key]


def _move(uow: UnitOfWork, actor: User, enrollments: Sequence[Enrollment], event: str, why: str) -> list[int]:
    wanted = [enrollment.id for enrollment in enrollments]
    ids = move_many(
        uow.session, ENROLLMENT, Enrollment, event, Enrollment.id.in_(wanted), why=why, resume_at=None
    )
    if not ids:
        state = "on the way" if event == "pause" else "paused or held"
        raise IllegalMove(f"Nobody of these is {state} any more: somebody or something was faster.")
    kind = f"enrollment.{ENROLLMENT.target(event)}"
    for enrollment in enrollments:
        if enrollment.id in set(ids):
            uow.session.expire(enrollment)
            uow.record(kind, **about(enrollment, actor))
    return sorted(ids)


def _about(actor: User, campaign: Campaign) -> dict[str, object]:
    return {"actor_id": actor.id, "team_id": campaign.team_id, "campaign_id": campaign.id}
