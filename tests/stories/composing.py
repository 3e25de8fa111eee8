"""A rep sends the mail of an e-mail task as the campaign wrote it."""

from __future__ import annotations

import sqlalchemy as sa

from sales_campaigns.campaigns.models import Step
from sales_campaigns.deliveries.models import Delivery
from sales_campaigns.enrollments.models import StepRun
from sales_campaigns.enrollments.scheduling import threading
from sales_campaigns.enrollments.ways import Way, ways_of
from sales_campaigns.messages.queueing import next_attempts, queue
from sales_campaigns.tasks.models import Task
from sales_campaigns.unit_of_work import UnitOfWork


def send_mail_of(uow: UnitOfWork, task: Task) -> None:
    run = uow.session.get_one(StepRun, task.step_run_id)
    [way] = ways_of(uow.session, [run.enrollment_id])
    step = next(step for step in way.steps if step.key == run.step_key)
    [run.message_id] = queue(uow, [_row(uow, way, step)])
    task.message_id = run.message_id


def _row(uow: UnitOfWork, way: Way, step: Step) -> dict[str, object]:
    enrollment = way.enrollment
    delivery_id = uow.session.scalars(
        sa.select(Delivery.id).where(Delivery.campaign_id == way.campaign.id, Delivery.step_key == step.key)
    ).one()
    attempts = next_attempts(uow, [delivery_id], [enrollment.id])
    return {
        "team_id": enrollment.team_id,
        "delivery_id": delivery_id,
        "occasion": enrollment.id,
        "email": enrollment.email,
        "attempt": attempts.get((delivery_id, enrollment.id), 1),
        "campaign_id": way.campaign.id,
        "enrollment_id": enrollment.id,
        "step_key": step.key,
        "person_id": enrollment.person_id,
        "sender_id": enrollment.sender_id,
        "mailbox_id": enrollment.mailbox_id,
        "wording_id": step.wording_id,
        "zone": enrollment.zone,
        "due_at": uow.now,
        **threading(way, step),
    }
