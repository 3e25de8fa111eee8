"""What the planner is told: the steps, how days are counted, when it started, and what has ended so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum

from sales_campaigns.errors import Invalid


class StepKind(StrEnum):
    EMAIL = "email"
    CALL = "call"
    INMAIL = "inmail"
    CUSTOM = "custom"


class SendOption(StrEnum):
    """How an e-mail step leaves (the send options of the seed)."""

    CHOOSE = "choose"
    AT = "at"
    SAME_AS_PREVIOUS = "same_as_previous"
    TASK = "task"


class IfPast(StrEnum):
    """What a fixed time does that has already passed when its step becomes ready."""

    NEXT_DAY = "next_day"
    NOW = "now"


@dataclass(frozen=True, slots=True)
class StepOutline:
    """One step. `day` is a position (day 3 is the third day), `number` counts within the day; both from 1."""

    day: int
    number: int
    kind: StepKind
    send: SendOption | None = None
    at: time | None = None
    if_past: IfPast = IfPast.NEXT_DAY
    follow_up: bool = False
    skip_after_days: int | None = None

    @property
    def is_task(self) -> bool:
        """Somebody has to do it: everything but an e-mail that leaves by itself."""
        return self.kind != StepKind.EMAIL or self.send == SendOption.TASK

    @property
    def leaves_at_once(self) -> bool:
        """The rule: "same time as the previous e-mail" on day 1 is due at the start of the campaign."""
        return self.day == 1 and self.send == SendOption.SAME_AS_PREVIOUS and not self.is_task


@dataclass(frozen=True, slots=True)
class Window:
    """Automatic e-mails leave from `opens` (included) to `closes` (not included), wall-clock."""

    opens: time
    closes: time

    def __post_init__(self) -> None:
        if self.opens >= self.closes:
            raise Invalid({"send_window": "The window must open before it closes, on the same day."})


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which dates count as days, and when automatic e-mails may leave.

    `free` are the days of the week (Monday is 0) that never count, such as the weekend of another country.
    """

    skip_weekends: bool = False
    holidays: frozenset[date] = frozenset()
    window: Window | None = None
    free: frozenset[int] = frozenset()

    @property
    def every_day_counts(self) -> bool:
        return not (self.skip_weekends or self.holidays or self.free)


@dataclass(frozen=True, slots=True)
class Outline:
    steps: tuple[StepOutline, ...]
    calendar: Calendar = field(default_factory=Calendar)


@dataclass(frozen=True, slots=True)
class Start:
    """When and where one enrollment started.

    `launched_at` is aware. `send_at` maps a step's index to what was chosen at the launch: aware is that
    instant, naive is wall-clock time in the enrollment's `zone`. Nothing that is not over is planned before
    `resumed_at` (a pause, a leave or a lost mailbox has ended then). `slipped` is the delay, in counted days,
    that was caused by steps which the outline no longer has. `away` are the spans of the sender's leave (aware,
    the end not included, in order) that every step goes around.

    `first` is the index of the step with which this person began, or to which somebody jumped later: what stands
    before it and is not over is not run. Its day, `first_day`, is the date of the launch, or of `first_at` (aware).
    """

    launched_at: datetime
    zone: str
    send_at: Mapping[int, datetime] = field(default_factory=dict)
    resumed_at: datetime | None = None
    slipped: int = 0
    away: tuple[tuple[datetime, datetime], ...] = ()
    first: int = 0
    first_day: int = 1
    first_at: datetime | None = None


class Outcome(StrEnum):
    """How a step ended. NOT_RUN: before the person's first step or position, so it delays and lends nothing."""

    SENT = "sent"
    DONE = "done"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"
    FAILED = "failed"
    NOT_RUN = "not_run"


@dataclass(frozen=True, slots=True)
class Over:
    """A step that has ended. `due_at` is the instant it was due (mail) or opened (task); all aware."""

    due_at: datetime
    over_at: datetime
    outcome: Outcome
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What is assumed about steps that are not over.

    A task counts as done at 09:00 of the day it opens, or when it opens where that is later, and
    `task_delay_days` counted days after that. What is still open is never assumed to have ended before `now`.
    Where there is no address (`reachable` is False) the e-mails, tasks or not, are over when they are due, unsent.
    """

    task_delay_days: int = 0
    now: datetime | None = None
    reachable: bool = True
