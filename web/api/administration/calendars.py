"""A team's named schedules and its own holidays, for administrators."""

from __future__ import annotations

import datetime
from typing import Annotated

from pydantic import AwareDatetime, Field

from sales_campaigns.absence.keeping_holidays import drop_holiday, keep_holiday
from sales_campaigns.absence.keeping_schedules import (
    TypedSchedule,
    add_schedule,
    change_schedule,
    drop_schedule,
)
from sales_campaigns.accounts.roles import require
from sales_campaigns.api_access.scopes import Scope
from sales_campaigns.calendars.models import OwnHoliday, Schedule
from sales_campaigns.calendars.own_holidays import own_holidays_seen
from sales_campaigns.calendars.schedules import schedule_of, schedules_seen
from web.api.protocol.cursors import short_list
from web.api.protocol.operations import Area, Edits
from web.api.protocol.shapes import Asked, AskedPage, Day, Line, Page, Shown, TimeOfDay
from web.request_scope import me, work

api = Area("calendars", "A team's schedules and holidays.", Scope.ADMIN)
Clock = Annotated[str, Field(max_length=5)]
EXAMPLE = {"name": "Office", "days": ["1", "2", "3", "4", "5"], "opens": "08:00", "closes": "18:00"}


class NamedScheduleTyped(Asked):
    """Days from 1, a Monday, to 7."""

    name: Line
    days: list[Annotated[str, Field(pattern="^[1-7]$")]] = Field(max_length=7)
    zone: Line = ""
    place: str = Field("", max_length=12, description="Whose public holidays: SE, US-CA.")
    opens: Clock = ""
    closes: Clock = ""

    def typed(self) -> TypedSchedule:
        return TypedSchedule(**{**self.model_dump(), "days": tuple(sorted(set(self.days)))})


class NamedScheduleShown(Shown):
    id: int
    name: str
    days: str
    zone: str
    place: str
    opens: TimeOfDay | None
    closes: TimeOfDay | None
    changed_at: AwareDatetime


class HolidayTyped(Asked):
    place: Annotated[str, Field(max_length=12)]
    day: Day
    free: bool = Field(True, description="False: worked on, although it is a public holiday.")
    name: Line = ""


class HolidayShown(Shown):
    id: int
    place: str
    day: datetime.date
    free: bool
    name: str


@api.get("/schedules")
def list_schedules(query: AskedPage) -> Page[NamedScheduleShown]:
    """The schedules that campaigns can pick."""
    require(me(), "see_team")
    found = schedules_seen(work().session, me())
    return short_list(found, lambda one: one.id, NamedScheduleShown.model_validate, query.after, query.limit)


@api.post("/schedules", status=201, example=EXAMPLE)
def create_schedule(body: NamedScheduleTyped) -> NamedScheduleShown:
    """A new schedule."""
    return _schedule(add_schedule(work(), me(), body.typed()))


@api.get("/schedules/<int:schedule_id>")
def get_schedule(schedule_id: int) -> NamedScheduleShown:
    """One schedule."""
    row = schedule_of(work().session, me(), schedule_id)
    require(me(), "see_team")
    return _schedule(row)


@api.put("/schedules/<int:schedule_id>", edits=Edits(Schedule, get_schedule), example=EXAMPLE)
def change_schedule_of_team(schedule_id: int, body: NamedScheduleTyped) -> NamedScheduleShown:
    """Change it; people in campaigns that pick it get new dates."""
    return _schedule(change_schedule(work(), me(), schedule_id, body.typed())[0])


@api.delete("/schedules/<int:schedule_id>")
def delete_schedule(schedule_id: int) -> None:
    """Take it out, where no campaign picks it."""
    drop_schedule(work(), me(), schedule_id)


@api.get("/holidays")
def list_holidays(query: AskedPage) -> Page[HolidayShown]:
    """The dates on which your team differs from the public holidays of a place."""
    require(me(), "see_team")
    found = [row for row, _ in own_holidays_seen(work().session, me())]
    return short_list(found, lambda one: one.id, HolidayShown.model_validate, query.after, query.limit)


@api.post("/holidays", status=201, example={"place": "SE", "day": "2026-12-30", "name": "Bridge"})
def keep_holiday_of_team(body: HolidayTyped) -> HolidayShown:
    """Free, or worked on; people in campaigns of that place get new dates."""
    row, _ = keep_holiday(work(), me(), body.place, body.day, free=body.free, name=body.name)
    return _holiday(row)


@api.delete("/holidays/<int:holiday_id>")
def delete_holiday(holiday_id: int) -> None:
    """As it is in public again."""
    drop_holiday(work(), me(), holiday_id)


def _schedule(row: Schedule) -> NamedScheduleShown:
    work().session.flush()
    return NamedScheduleShown.model_validate(row)


def _holiday(row: OwnHoliday) -> HolidayShown:
    work().session.flush()
    return HolidayShown.model_validate(row)
