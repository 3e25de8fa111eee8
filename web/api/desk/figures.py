"""What came of the work: by campaign, user and template; and the week of the calendar."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Literal

from pydantic import Field

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.accounts.roles import require
from sales_campaigns.analytics.periods import Period
from sales_campaigns.analytics.reading import (
    campaign_names,
    figures_by_campaign,
    figures_by_template,
    figures_by_user,
)
from sales_campaigns.analytics.report import Activity
from sales_campaigns.analytics.week import DayCell, RepWeek, week_of
from sales_campaigns.calendars.models import LeaveKind
from sales_campaigns.enrollments.explaining.team_load import team_lines
from sales_campaigns.errors import Invalid
from sales_campaigns.people.listing import owners
from sales_campaigns.tasks.days import local_date
from web.api.protocol.operations import Area
from web.api.protocol.shapes import Asked, Day, Shown
from web.request_scope import me, work

api = Area("desk", "")
LONGEST = timedelta(days=1100)


class FiguresAsked(Asked):
    """The last 30 days where no days are named; both ends are counted."""

    by: Literal["campaign", "user", "template"] = "campaign"
    mine: bool = Field(False, description="By campaign: only your own part.")
    first: Day | None = None
    last: Day | None = None

    def period(self) -> Period:
        last = self.last or local_date(work().now, me().zone)
        first = self.first or last - timedelta(days=29)
        if first > last or last - first > LONGEST:
            raise Invalid(
                {"first": "Choose a first day that is before the last one, and at most three years."}
            )
        return Period(first, last)


class FiguresOf(Shown):
    """Unique figures count people, total ones count mails."""

    id: int | None
    name: str
    sent: int = Field(description="Total.")
    people: int = Field(description="Unique: people written to.")
    replies: int = Field(description="Total.")
    repliers: int = Field(description="Unique.")
    bounced: int
    launched: int
    tasks: int
    calls: int
    openers: int = Field(description="Unique: people who opened one. What machines did counts nowhere.")
    opens: int = Field(description="Total.")
    clickers: int = Field(description="Unique.")
    clicks: int = Field(description="Total.")


class FiguresShown(Shown):
    first: date
    last: date
    lines: list[FiguresOf]


class WeekAsked(Asked):
    day: Day | None = Field(None, description="Any day of the week; today's where none is named.")


class DayShown(Shown):
    date: date
    sent: int
    planned: int
    tasks: int
    foreseen_mails: int
    foreseen_tasks: int
    leave: LeaveKind | None
    holiday: bool
    full_at: int | None = Field(
        None, description="The mails that may leave that day, where the mails of the day reach them."
    )


class RepWeekShown(Shown):
    user_id: int
    user: str
    mailbox: str | None
    daily_limit: int | None
    days: list[DayShown]


class WeekShown(Shown):
    monday: date
    reps: list[RepWeekShown]


class RepShown(Shown):
    user_id: int
    user: str
    overdue: int
    due: int
    upcoming: int
    snoozed: int
    done: int
    launched: int
    answers: int = Field(description="Replies that wait for an answer.")


class TeamShown(Shown):
    reps: list[RepShown]


@api.get("/figures")
def get_figures(query: FiguresAsked) -> FiguresShown:
    """What a period brought, by campaign, by template, or by user (for administrators of the team)."""
    period, session = query.period(), work().session
    if query.by == "user":
        require(me(), "see_team")
        names: dict[int, str] = {user.id: user.name for user in owners(session, me())}
        lines = [
            _of(id, names[id], one)
            for id, one in figures_by_user(session, me(), period).items()
            if id in names
        ]
    elif query.by == "template":
        lines = [_of(None, name, one) for name, one in figures_by_template(session, me(), period).items()]
    else:
        names = campaign_names(session, me())
        found = figures_by_campaign(session, me(), period, me().id if query.mine else None)
        lines = [_of(id, names[id], one) for id, one in found.items() if id in names]
    return FiguresShown(first=period.first, last=period.last, lines=lines)


@api.get("/calendar")
def get_calendar(query: WeekAsked) -> WeekShown:
    """A week of mails and tasks for each rep, with leave and holidays."""
    day = query.day or local_date(work().now, me().zone)
    monday = day - timedelta(days=day.weekday())
    reps = week_of(work().session, me(), monday, work().now).reps
    return WeekShown(
        monday=monday,
        reps=[
            RepWeekShown(
                user_id=rep.user.id,
                user=rep.user.name,
                **_mailbox(rep.mailbox),
                days=[_day(rep, cell) for cell in rep.days],
            )
            for rep in reps
        ],
    )


@api.get("/team")
def get_team() -> TeamShown:
    """The load of each rep today, for administrators of the team."""
    require(me(), "see_team")
    names = [name for name in RepShown.model_fields if name not in {"user_id", "user"}]
    lines = team_lines(work().session, me(), work().now)
    return TeamShown(
        reps=[
            RepShown(
                user_id=line.user.id, user=line.user.name, **{name: getattr(line, name) for name in names}
            )
            for line in lines
        ]
    )


def _of(id: int | None, name: str, one: Activity) -> FiguresOf:
    names = [field for field in FiguresOf.model_fields if field not in {"id", "name"}]
    return FiguresOf(id=id, name=name, **{field: getattr(one, field) for field in names})


def _mailbox(mailbox: Mailbox | None) -> dict[str, Any]:
    if mailbox is None:
        return {"mailbox": None, "daily_limit": None}
    return {"mailbox": mailbox.address, "daily_limit": mailbox.daily_limit}


def _day(rep: RepWeek, cell: DayCell) -> DayShown:
    return DayShown.model_validate(cell).model_copy(update={"full_at": rep.full_at(cell)})
