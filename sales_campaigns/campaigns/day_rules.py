"""How a campaign counts its days: by its own settings, or as the named schedule says that it has picked."""

from __future__ import annotations

from datetime import date

from sales_campaigns.calendars.team_calendar import TeamCalendar
from sales_campaigns.campaigns.file import FileSettings
from sales_campaigns.campaigns.planner import Calendar, Window


def place_kept(settings: FileSettings, team: TeamCalendar) -> str | None:
    """Whose holidays count: those of the schedule, where one is picked."""
    hours = team.hours(settings.schedule)
    return settings.holidays if hours is None else hours.place or None


def calendar_by(settings: FileSettings, holidays: frozenset[date], team: TeamCalendar) -> Calendar:
    """The rule: a schedule takes the place of the days, the hours and the holidays of the campaign."""
    hours = team.hours(settings.schedule)
    if hours is None:
        return Calendar(settings.skip_weekends, holidays, settings.send_window)
    window = Window(hours.opens, hours.closes) if hours.opens and hours.closes else None
    return Calendar(holidays=holidays, window=window, free=hours.free)


def zone_by(schedule: str | None, team: TeamCalendar, sender: str) -> str:
    """The zone in which local times are read: the schedule's where it has one, else the sender's."""
    hours = team.hours(schedule)
    return (hours.zone if hours else "") or sender
