"""Short words for outlines and instants, so that the tests read as sentences."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from sales_campaigns.campaigns.planner import (
    Calendar,
    IfPast,
    Outcome,
    Outline,
    Over,
    Planned,
    SendOption,
    Start,
    StepKind,
    StepOutline,
    Window,
    plan,
)
from sales_campaigns.campaigns.planner.local_time import resolve

STOCKHOLM = "Europe/Stockholm"
BUSINESS_DAYS = Calendar(skip_weekends=True)
OFFICE_HOURS = Window(time(8), time(18))


def mail(day: int, at: str | None = None, *, follow_up: bool = False, now: bool = False) -> StepOutline:
    """An e-mail at a fixed time, or "same time as the previous e-mail" without one."""
    send = SendOption.AT if at else SendOption.SAME_AS_PREVIOUS
    past = IfPast.NOW if now else IfPast.NEXT_DAY
    return StepOutline(day, 1, StepKind.EMAIL, send, (at and time.fromisoformat(at)) or None, past, follow_up)


def chosen_mail() -> StepOutline:
    return StepOutline(1, 1, StepKind.EMAIL, SendOption.CHOOSE)


def mail_task(day: int) -> StepOutline:
    return StepOutline(day, 1, StepKind.EMAIL, SendOption.TASK)


def call(day: int, skip_after: int | None = None) -> StepOutline:
    return StepOutline(day, 1, StepKind.CALL, skip_after_days=skip_after)


def outline(*steps: StepOutline, calendar: Calendar | None = None) -> Outline:
    return Outline(steps, calendar or Calendar())


def started(local: str, zone: str = STOCKHOLM, **more: object) -> Start:
    return Start(utc(local, zone), zone, **more)  # type: ignore[arg-type]


def utc(local: str, zone: str = STOCKHOLM) -> datetime:
    return resolve(datetime.fromisoformat(local), zone)


def locals_of(planned: tuple[Planned, ...]) -> list[str]:
    """Wall-clock times with the weekday: "Mon 2026-11-30 09:00"."""
    return [shown(entry.local) for entry in planned]


def shown(local: datetime) -> str:
    return local.strftime("%a %Y-%m-%d %H:%M" + (":%S" if local.second else ""))


def moves_of(entry: Planned) -> list[tuple[str, str]]:
    return [(move.why, shown(move.from_)) for move in entry.moved]


def over_as_planned(entry: Planned, *, late_by: timedelta = timedelta(0), skipped: bool = False) -> Over:
    """The fact that equals the assumption: a task done (an e-mail task sent) then, a mail sent when due."""
    at = (entry.done_at or entry.at) + late_by
    return Over(entry.at, at, Outcome.SKIPPED if skipped else Outcome.SENT, None if skipped else at)


def done(due: str, over: str, sent: str | None = None, zone: str = STOCKHOLM) -> Over:
    outcome = Outcome.SENT if sent else Outcome.DONE
    return Over(utc(due, zone), utc(over, zone), outcome, utc(sent, zone) if sent else None)


__all__ = [
    "BUSINESS_DAYS",
    "OFFICE_HOURS",
    "STOCKHOLM",
    "UTC",
    "call",
    "chosen_mail",
    "date",
    "done",
    "locals_of",
    "mail",
    "mail_task",
    "moves_of",
    "outline",
    "over_as_planned",
    "plan",
    "shown",
    "started",
    "utc",
]
