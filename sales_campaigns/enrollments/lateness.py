"""A mail that an outage of ours made late: the campaign says whether it goes to the next slot, is skipped, or asked about."""

from __future__ import annotations

from sales_campaigns.campaigns.models import CampaignVersion
from sales_campaigns.enrollments.mending import mend
from sales_campaigns.enrollments.models import Enrollment, StepRun
from sales_campaigns.enrollments.policies import late_then
from sales_campaigns.enrollments.states import STEP_RUN
from sales_campaigns.messages.models import Message
from sales_campaigns.unit_of_work import UnitOfWork


def act_on_late(uow: UnitOfWork, run: StepRun, message: Message) -> bool:
    """Whether the enrollment goes on now: with the same step again, or with the next."""
    enrollment = uow.session.get_one(Enrollment, run.enrollment_id)
    then = late_then(uow.session.get_one(CampaignVersion, enrollment.version_id).settings)
    if then == "ask":
        mend(uow, run, message)
        return False
    if then == "skip":
        uow.move(STEP_RUN, run, "skip", over_at=uow.now, why="too late")
        return True
    uow.move(STEP_RUN, run, "cancel", why="too late: takes the next slot")
    enrollment.resumed_at = uow.now  # never in the past: the next eligible day at the same time
    return True
