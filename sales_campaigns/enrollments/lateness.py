"""A mail that an outage of ours made late: it takes the next slot, is skipped, or is asked about."""

from __future__ import annotations

from sales_campaigns.campaigns.file import Lateness
from sales_campaigns.campaigns.models import CampaignVersion
from sales_campaigns.campaigns.stored_settings import settings_of
from sales_campaigns.enrollments.mending import mend
from sales_campaigns.enrollments.models import Enrollment, StepRun
from sales_campaigns.enrollments.scheduling import take_next_slot
from sales_campaigns.enrollments.states import STEP_RUN
from sales_campaigns.messages.models import Message
from sales_campaigns.unit_of_work import UnitOfWork


def act_on_late(uow: UnitOfWork, run: StepRun, message: Message) -> bool:
    """Whether the enrollment goes on now: with the same step again, or with the next."""
    enrollment = uow.session.get_one(Enrollment, run.enrollment_id)
    version = uow.session.get_one(CampaignVersion, enrollment.version_id)
    then = settings_of(version.settings).late.then
    if then is Lateness.ASK:
        mend(uow, run, message, "Late mail: send it?")
        return False
    if then is Lateness.SKIP:
        uow.move(STEP_RUN, run, "skip", over_at=uow.now, why="too late")
        return True
    uow.move(STEP_RUN, run, "cancel", why="too late: takes the next slot")
    take_next_slot(uow, enrollment.id, run.step_key)
    return False
