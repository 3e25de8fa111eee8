"""Pause and resume a campaign or a person in it: one row of holds stops the mail, the planner finds the new dates."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.campaigns.states import CAMPAIGN
from sales_campaigns.enrollments.models import Enrollment, EnrollmentState, StepRun, StepRunState
from sales_campaigns.enrollments.scheduling import go_on, late_at
from sales_campaigns.enrollments.states import ENROLLMENT
from sales_campaigns.enrollments.ways import Way, ways_of
from sales_campaigns.messages.holds import release, stop
from sales_campaigns.messages.queueing import reschedule
from sales_campaigns.unit_of_work import UnitOfWork

CHUNK = 500


def pause_campaign(uow: UnitOfWork, actor: User, campaign: Campaign) -> None:
    """Once this transaction stands, nothing of it is handed over and no task opens."""
    require(actor, "edit_campaigns")
    uow.move(CAMPAIGN, campaign, "pause", about=_about(actor, campaign))
    stop(uow.session, "campaign", [campaign.id], "the campaign is paused")


def resume_campaign(uow: UnitOfWork, actor: User, campaign: Campaign) -> None:
    """What came due meanwhile follows “never in the past” and “slip”."""
    require(actor, "edit_campaigns")
    uow.move(CAMPAIGN, campaign, "resume", about=_about(actor, campaign))
    release(uow.session, "campaign", [campaign.id])
    ids = list(
        uow.session.scalars(
            sa.select(Enrollment.id).where(
                Enrollment.campaign_id == campaign.id, Enrollment.state == EnrollmentState.ACTIVE
            )
        )
    )
    plan_again(uow, ids)


def pause_enrollment(uow: UnitOfWork, actor: User, enrollment: Enrollment) -> None:
    require(actor, "work_tasks")
    uow.move(ENROLLMENT, enrollment, "pause", about=about(enrollment, actor), why="paused")
    stop(uow.session, "enrollment", [enrollment.id], "this person is paused in the campaign")


def resume_enrollment(uow: UnitOfWork, actor: User, enrollment: Enrollment) -> None:
    require(actor, "work_tasks")
    uow.move(ENROLLMENT, enrollment, "resume", about=about(enrollment, actor), why="")
    release(uow.session, "enrollment", [enrollment.id])
    plan_again(uow, [enrollment.id])


def plan_again(uow: UnitOfWork, enrollment_ids: list[int]) -> None:
    """Nothing that waits stays planned before now."""
    for first in range(0, len(enrollment_ids), CHUNK):
        chunk = enrollment_ids[first : first + CHUNK]
        uow.session.execute(
            sa.update(Enrollment)
            .where(Enrollment.id.in_(chunk))
            .values(resumed_at=uow.now.replace(microsecond=0))
        )
        uow.session.expire_all()
        for way in ways_of(uow.session, chunk):
            move_waiting(uow, way)
        go_on(uow, chunk)


def about(enrollment: Enrollment, actor: User | None = None) -> dict[str, object]:
    return {
        "actor_id": actor.id if actor else None,
        "team_id": enrollment.team_id,
        "person_id": enrollment.person_id,
        "campaign_id": enrollment.campaign_id,
        "enrollment_id": enrollment.id,
    }


def move_waiting(uow: UnitOfWork, way: Way, *, also_earlier: bool = False) -> None:
    """Give what waits the dates that the planner finds now; a limit has put some off, so never `also_earlier` alone."""
    for planned in way.ahead():
        run = way.runs.get(way.steps[planned.index].key)
        if run is None or not planned.ready or planned.at == run.due_at:
            continue
        if planned.at < run.due_at and not also_earlier:
            continue
        if _can_move(uow, run, planned.at, way):
            run.due_at, run.own_date = planned.at, planned.own_date
            run.moved = [{"why": move.why, "from": move.from_.isoformat()} for move in planned.moved]


def _can_move(uow: UnitOfWork, run: StepRun, at: datetime, way: Way) -> bool:
    """A task that is not open yet can; a mail only while it waits."""
    if run.message_id is None:
        return run.state is StepRunState.PLANNED
    return reschedule(uow, run.message_id, at, late_at(way, at))


def _about(actor: User, campaign: Campaign) -> dict[str, object]:
    return {"actor_id": actor.id, "team_id": campaign.team_id, "campaign_id": campaign.id}
