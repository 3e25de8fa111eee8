"""Mail that came back for good: the enrollment ends or goes on without mail, and somebody finds a new address."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from sales_campaigns.activity import Activity
from sales_campaigns.campaigns.models import Campaign, CampaignVersion, Step
from sales_campaigns.campaigns.stored_settings import settings_of
from sales_campaigns.enrollments.ending import end
from sales_campaigns.enrollments.models import Enrollment, StepRun, StepRunState
from sales_campaigns.enrollments.states import STEP_RUN
from sales_campaigns.messages.feedback.qualifying import Answered
from sales_campaigns.messages.feedback.reasons import address_is_bad
from sales_campaigns.messages.feedback.taking import Feedback, take
from sales_campaigns.messages.incoming.models import ReceivedMail
from sales_campaigns.messages.incoming.reports import ReportKind
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.messages.telling import about
from sales_campaigns.tasks.models import Priority, Task, TaskKind, TaskState
from sales_campaigns.unit_of_work import UnitOfWork

CAME_BACK = "mail came back"
FIND_AN_ADDRESS = "Find a new address"
SOURCE = "bounce"


def reports_came(uow: UnitOfWork, happened: Sequence[Activity]) -> None:
    """React to bounces, delays and notices of delivery of mails that had been taken."""
    mails = [row.data["received"] for row in happened]
    rows = uow.session.scalars(
        sa.select(ReceivedMail).where(ReceivedMail.id.in_(mails)).order_by(ReceivedMail.id)
    )
    take(uow, [_feedback(mail) for mail in rows if mail.answers_id is not None])


def mails_failed_after_all(uow: UnitOfWork, happened: Sequence[Activity]) -> None:
    """Their steps were over when they left; now they are steps that failed. One that waits is ended by its message."""
    ids = [row.message_id for row in happened if row.message_id]
    rows = uow.session.execute(
        sa.select(StepRun, Message)
        .join(Message, Message.id == StepRun.message_id)
        .where(
            Message.id.in_(ids),
            Message.state == MessageState.FAILED,
            Message.sent_at.is_not(None),
            StepRun.state == StepRunState.DONE,
        )
        .order_by(Message.id)
    ).all()
    for run, message in rows:
        uow.move(STEP_RUN, run, "bounce", about=about(message), sent_at=None, why=message.words[:200])
        if address_is_bad(message.failure, message.reason):
            after_hard_bounce(uow, run, message)


def _feedback(mail: ReceivedMail) -> Feedback:
    said = mail.report
    answer = Answered(said["code"], said["enhanced"], said["words"])
    key = mail.message_id[:80] or f"mail {mail.id}"
    assert mail.answers_id is not None
    return Feedback(mail.answers_id, key, ReportKind(said["kind"]), answer)


def after_hard_bounce(uow: UnitOfWork, run: StepRun, message: Message) -> bool:
    """The rule: “remove on bounce” ends the enrollment, else later tasks still come; either way a task *find a new
    address* is offered. Whether the enrollment goes on.
    """
    enrollment = uow.session.get_one(Enrollment, run.enrollment_id)
    version = uow.session.get_one(CampaignVersion, enrollment.version_id)
    removed = settings_of(version.settings).remove_on_bounce
    if removed:
        end(uow, CAME_BACK, Enrollment.id == enrollment.id)
    _offer(uow, run, message)
    return not removed


def _offer(uow: UnitOfWork, run: StepRun, message: Message) -> None:
    """One open task a person, whoever's mails come back."""
    mine = (Task.person_id == message.person_id, Task.source == SOURCE, Task.state == TaskState.OPEN)
    if uow.session.scalar(sa.select(Task.id).where(*mine).limit(1)) is not None:
        return
    enrollment, step, campaign = uow.session.execute(
        sa.select(Enrollment, Step, Campaign)
        .join(Campaign, Campaign.id == Enrollment.campaign_id)
        .join(Step, Step.id == run.step_id)
        .where(Enrollment.id == run.enrollment_id)
    ).one()
    task = Task(
        team_id=enrollment.team_id,
        assignee_id=enrollment.sender_id,
        person_id=enrollment.person_id,
        kind=TaskKind.CUSTOM,
        name=FIND_AN_ADDRESS,
        details=f"{message.email}: {message.words}",
        priority=Priority.HIGH,
        due_at=uow.now,
        source=SOURCE,
        campaign_id=campaign.id,
        enrollment_id=enrollment.id,
        step_label=f"{campaign.name} · day {step.day}, step {step.number}",
        created_at=uow.now,
    )
    uow.session.add(task)
    uow.session.flush()
    told = {**about(message), "task_id": task.id}
    uow.record("task.opened", **told, data={"kind": task.kind.value, "name": task.name})
