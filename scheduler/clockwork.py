"""Ticks that go on when the clock of the machine is put back."""

from __future__ import annotations

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from sales_campaigns.clock import machine_now


class Clockwork(BackgroundScheduler):  # type: ignore[misc]  # APScheduler has no types
    """APScheduler notes the instant of the next tick, and would wait for hours until a clock that stepped back has
    come to it again: a tick that is further away than its interval comes at once.
    """

    def _process_jobs(self) -> float | None:
        wait: float | None = super()._process_jobs()
        now = machine_now()
        for job in self.get_jobs():
            if isinstance(job.trigger, IntervalTrigger) and job.next_run_time > now + job.trigger.interval:
                job.modify(next_run_time=now)  # which wakes whoever waits
        return wait
