"""Who waits behind a task in a campaign, by the rep who has it.

The rule: “the campaign page counts who is stuck behind a task, by rep”.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.enrollments.models import Enrollment, StepRun
from sales_campaigns.enrollments.models import StepRunState as R
from sales_campaigns.enrollments.states import UNDER_WAY
from sales_campaigns.tasks.models import Task, TaskState


@dataclass(frozen=True, slots=True)
class BehindTasks:
    """So many `people` go on only when this user has done, or skipped, a task."""

    user_id: int
    user: str
    people: int


def behind_tasks(session: Session, campaign: Campaign) -> list[BehindTasks]:
    """Whoever has most people waiting first; one query. An e-mail task whose mail is scheduled waits for nobody."""
    people = sa.func.count(sa.distinct(StepRun.enrollment_id)).label("people")
    query = (
        sa.select(User, people)
        .select_from(StepRun)
        .join(Enrollment, Enrollment.id == StepRun.enrollment_id)
        .join(Task, Task.id == StepRun.task_id)
        .join(User, User.id == Task.assignee_id)
        .where(Enrollment.campaign_id == campaign.id, Enrollment.state.in_(UNDER_WAY))
        .where(StepRun.state == R.TASK_OPEN, Task.state == TaskState.OPEN, Task.message_id.is_(None))
        .group_by(User.id)
        .order_by(people.desc(), User.first_name, User.last_name, User.id)
    )
    return [BehindTasks(user.id, user.name, number) for user, number in session.execute(query)]
