"""A step's mail that cannot be made becomes a task: somebody mends it, sends it, and the next step follows."""

from __future__ import annotations

import sqlalchemy as sa

from sales_campaigns.calendars.leave import stand_ins
from sales_campaigns.campaigns.models import Campaign, Step
from sales_campaigns.enrollments.models import Enrollment, StepRun, StepRunState
from sales_campaigns.messages.models import Message
from sales_campaigns.tasks.models import Priority, Task, TaskKind
from sales_campaigns.unit_of_work import UnitOfWork


def mend(uow: UnitOfWork, run: StepRun, message: Message, name: str = "Mend this mail") -> Task:
    """Open the task *Mend this mail*, or one of another name; its run waits for it."""
    enrollment, step, campaign = uow.session.execute(
        sa.select(Enrollment, Step, Campaign)
        .select_from(Enrollment)
        .join(Step, Step.id == run.step_id)
        .join(Campaign, Campaign.id == Enrollment.campaign_id)
        .where(Enrollment.id == run.enrollment_id)
    ).one()
    stand_in = stand_ins(uow.session, [enrollment.sender_id]).get(enrollment.sender_id)
    task = Task(
        team_id=enrollment.team_id,
        assignee_id=stand_in or enrollment.sender_id,
        lent_by_id=enrollment.sender_id if stand_in else None,
        person_id=enrollment.person_id,
        kind=TaskKind.EMAIL,
        name=name,
        details=message.words,
        priority=Priority.HIGH,
        due_at=uow.now,
        source="campaign",
        campaign_id=campaign.id,
        enrollment_id=enrollment.id,
        step_run_id=run.id,
        step_label=f"{campaign.name} · day {step.day}, step {step.number}",
        created_at=uow.now,
    )
    uow.session.add(task)
    uow.session.flush()
    run.state, run.task_id = StepRunState.TASK_OPEN, task.id
    uow.record(
        "task.opened",
        team_id=task.team_id,
        person_id=task.person_id,
        campaign_id=campaign.id,
        enrollment_id=enrollment.id,
        task_id=task.id,
        message_id=message.id,
        data={"kind": "email", "name": task.name, "words": message.words},
    )
    return task
