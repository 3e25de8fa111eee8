"""What a mailbox and its rep have before them already: mails that are scheduled and tasks that are open, by day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.enrollments.daily_limits import NOT_COUNTED
from sales_campaigns.enrollments.models import Enrollment, EnrollmentState, StepRun, StepRunState
from sales_campaigns.messages.models import Message
from sales_campaigns.tasks.models import Task, TaskState


def mails_ahead(session: Session, mailbox: Mailbox, zone: str, now: datetime) -> Counter[date]:
    """Local date of the sender → campaign mails that have their place in the mailbox, today's that left included."""
    today = datetime.combine(now.astimezone(ZoneInfo(zone)).date(), time(0), ZoneInfo(zone))
    query = (
        sa.select(Message.due_at)
        .join(StepRun, StepRun.message_id == Message.id)
        .where(
            Message.mailbox_id == mailbox.id,
            Message.due_at >= today,
            Message.state.not_in(NOT_COUNTED),
            ~StepRun.is_task,
        )
    )
    return _by_day(session.scalars(query), zone, now)


def tasks_ahead(session: Session, user: User, zone: str, now: datetime) -> Counter[date]:
    """Local date → open tasks that are due then, overdue ones today, and campaign tasks that will open then."""
    due = sa.select(Task.due_at).where(Task.assignee_id == user.id, Task.state == TaskState.OPEN)
    opening = (
        sa.select(StepRun.due_at)
        .join(Enrollment, Enrollment.id == StepRun.enrollment_id)
        .where(
            Enrollment.sender_id == user.id,
            Enrollment.state == EnrollmentState.ACTIVE,
            StepRun.state == StepRunState.PLANNED,
            StepRun.is_task,
        )
    )
    return _by_day([*session.scalars(due), *session.scalars(opening)], zone, now)


def _by_day(instants: Iterable[datetime], zone: str, now: datetime) -> Counter[date]:
    return Counter(max(at, now).astimezone(ZoneInfo(zone)).date() for at in instants)
