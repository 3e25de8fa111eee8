"""Ticks that go on when the clock of the machine steps."""

from __future__ import annotations

from datetime import datetime, timedelta

from apscheduler.job import Job
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from sales_campaigns.clock import machine_now

MISSED = timedelta(minutes=1)


class Clockwork(BackgroundScheduler):  # type: ignore[misc]  # APScheduler has no types
    """APScheduler notes the instant of the next tick. It would wait for hours until a clock that was put back has come
    to it again, and for one that was put ahead, or a machine that slept, it counts every tick that was missed, which
    takes half a minute for four hours. Here such a tick is due now.
    """

    def _process_jobs(self) -> float | None:
        now = machine_now()
        for job in self.get_jobs():
            if isinstance(job.trigger, IntervalTrigger) and _is_far(job, now):
                job.modify(next_run_time=now)
        wait: float | None = super()._process_jobs()
        return wait


def _is_far(job: Job, now: datetime) -> bool:
    ahead: timedelta = job.next_run_time - now
    return ahead > job.trigger.interval or ahead < -MISSED
