"""Mail that comes due between two ticks is looked for when it is due, and does not wait for the next tick."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import structlog
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler

from sales_campaigns.clock import machine_now
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.handing_over.due_mail import next_due
from sales_campaigns.unit_of_work import unit_of_work

SEND = "send"  # the job that looks for due mail
SOONEST = 0.1  # seconds between two looks, however many mails come due between them

log = structlog.get_logger()


def look_ahead(clockwork: BackgroundScheduler, room: PostRoom, pace: float) -> None:
    """The next tick of `send` comes when the next mail is due, if that is before `pace` seconds are over."""
    if pace <= SOONEST:
        return
    try:
        wait = _seconds_to_next(room, pace)
    except Exception:
        log.exception("the next due mail cannot be found")
        return
    if wait is not None:
        with suppress(JobLookupError):  # it is being shut down
            at = machine_now() + timedelta(seconds=max(SOONEST, wait))
            clockwork.modify_job(SEND, next_run_time=at)


def _seconds_to_next(room: PostRoom, pace: float) -> float | None:
    """Real seconds until the next mail may be taken, None where none is within `pace` seconds."""
    with unit_of_work(room.reads, room.clock) as uow:
        at = next_due(uow.session, uow.now, uow.now + uow.people_seconds(pace))
        return (at - uow.now) / uow.people_seconds(1) if at else None
