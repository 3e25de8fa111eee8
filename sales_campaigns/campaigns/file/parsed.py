"""What a campaign file says, once read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from sales_campaigns.campaigns.planner import Calendar, Outline, StepOutline, Window

FORMAT = "sales-campaign/1"


class ZoneOf(StrEnum):
    """Whose wall clock the times of day are read from."""

    SENDER = "sender"
    RECIPIENT = "recipient"


class OnReply(StrEnum):
    CONTINUE = "continue"
    END = "end"
    END_SUCCESS = "end_success"


class OutOfOffice(StrEnum):
    IGNORE = "ignore"
    PAUSE = "pause"


class Colleagues(StrEnum):
    """What happens to others of the same company in the campaign when one of them replies."""

    CONTINUE = "continue"
    PAUSE = "pause"
    END = "end"


class Lateness(StrEnum):
    """What happens to a mail that an outage of ours made late."""

    NEXT_SLOT = "next_slot"
    SKIP = "skip"
    ASK = "ask"
    SEND = "send"


class Quote(StrEnum):
    """What a follow-up quotes: the previous step's template, or the mail that was really sent."""

    TEMPLATE = "template"
    SENT = "sent"


class Priority(StrEnum):
    NORMAL = "normal"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Late:
    limit: timedelta = timedelta(hours=4)
    then: Lateness = Lateness.NEXT_SLOT


@dataclass(frozen=True, slots=True)
class Tracking:
    opens: bool = True
    clicks: bool = True


@dataclass(frozen=True, slots=True)
class FileSettings:
    """`holidays` is an ISO country, or country and subdivision: SE, US-CA.

    `schedule` is the name of one of the team's; its days, hours and holidays then take the place of those here.
    """

    skip_weekends: bool = False
    holidays: str | None = None
    send_window: Window | None = None
    timezone: ZoneOf = ZoneOf.SENDER
    on_reply: OnReply = OnReply.END
    remove_on_bounce: bool = True
    out_of_office: OutOfOffice = OutOfOffice.PAUSE
    late: Late = field(default_factory=Late)
    tracking: Tracking = field(default_factory=Tracking)
    colleagues: Colleagues = Colleagues.CONTINUE
    schedule: str | None = None


@dataclass(frozen=True, slots=True)
class FileStep:
    """A step with its content: either `template`, the name of a stored one, or subject, html and text.

    `from_template` remembers the stored template that exported content came from.
    """

    outline: StepOutline
    name: str | None = None
    subject: str | None = None
    html: str | None = None
    text: str | None = None
    template: str | None = None
    from_template: str | None = None
    quote: Quote = Quote.TEMPLATE
    details: str | None = None
    priority: Priority = Priority.NORMAL


@dataclass(frozen=True, slots=True)
class CampaignFile:
    name: str
    category: str
    settings: FileSettings
    steps: tuple[FileStep, ...]


def outline(campaign: CampaignFile, holidays: frozenset[date] = frozenset()) -> Outline:
    """What the planner needs of the file; `holidays` are the dates of `settings.holidays`."""
    settings = campaign.settings
    calendar = Calendar(settings.skip_weekends, holidays, settings.send_window)
    return Outline(tuple(step.outline for step in campaign.steps), calendar)
