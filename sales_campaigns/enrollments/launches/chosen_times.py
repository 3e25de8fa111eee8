"""Other times for e-mails, chosen at the launch: for which steps, and what is refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sales_campaigns.campaigns.models import CampaignVersion, Step
from sales_campaigns.campaigns.planner import Outline, Planned, SendOption, Start, plan
from sales_campaigns.campaigns.planner.local_time import resolve, wall_clock
from sales_campaigns.errors import Invalid

WITH_A_TIME = {SendOption.CHOOSE, SendOption.AT}


def timed_steps(version: CampaignVersion, first: int = 0) -> list[Step]:
    """The rule: every automatic e-mail step with a time of its own can be given another one for a launch."""
    return [step for step in version.steps[first:] if step.send in WITH_A_TIME]


def refuse_bad_times(
    version: CampaignVersion,
    outline: Outline,
    send_at: Mapping[str, datetime],
    starts: Iterable[Start],
    now: datetime,
    first: int = 0,
) -> None:
    """The rule: a chosen time earlier than the launch, or than the step before it, is refused.

    Raises Invalid({"send_at.KEY": words}), in the zone in which it is so.
    """
    timed = {step.key: step for step in timed_steps(version, first)}
    problems = {
        f"send_at.{key}": "Only an e-mail with a time of its own can be given another one."
        for key in send_at.keys() - timed.keys()
    }
    for start in starts if send_at else ():
        planned = plan(outline, start)
        for key in send_at.keys() & timed.keys():
            words = _too_early(start, planned, timed[key].position, now)
            if words:
                problems.setdefault(f"send_at.{key}", words)
    if problems:
        raise Invalid(problems)


def _too_early(start: Start, planned: tuple[Planned, ...], position: int, now: datetime) -> str:
    at = instant_of(start.send_at[position], start.zone)
    if at < now:
        return f"{local_words(at, start.zone)} has passed. Choose a later time."
    before = max((entry.at for entry in planned if entry.index < position), default=now)
    if at < before:
        return f"The step before it happens on {local_words(before, start.zone)}. Choose a later time."
    return ""


def instant_of(chosen: datetime, zone: str) -> datetime:
    """A naive time is what the clocks of `zone` show."""
    return chosen if chosen.tzinfo else resolve(chosen, zone)


def local_words(at: datetime, zone: str) -> str:
    """Mon 30 Nov 09:00 (Europe/Stockholm)"""
    local = wall_clock(at, zone)
    return f"{local:%a} {local.day} {local:%b} {local:%H:%M} ({zone})"
