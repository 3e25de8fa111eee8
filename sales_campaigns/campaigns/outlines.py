"""From a version of a campaign to what the planner needs."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from sales_campaigns.calendars.own_dates import with_own
from sales_campaigns.calendars.team_calendar import PUBLIC, TeamCalendar
from sales_campaigns.campaigns.day_rules import calendar_by, place_kept
from sales_campaigns.campaigns.file import FileSettings
from sales_campaigns.campaigns.holiday_dates import holiday_dates
from sales_campaigns.campaigns.models import CampaignVersion
from sales_campaigns.campaigns.planner import Calendar, Outline, StepOutline
from sales_campaigns.campaigns.stored_settings import settings_of
from sales_campaigns.campaigns.versions import drafts_of

YEARS_AHEAD = 8


def outline_of(
    version: CampaignVersion, around: datetime | None = None, own: TeamCalendar = PUBLIC
) -> Outline:
    """Steps and calendar of a version, with the holidays of the years from `around` on, else from its save on.

    `own` is the team's calendar: its own dates, and the schedules that a version may name. Equal versions give the
    same object, so that the planner's caches work across enrollments.
    """
    steps = tuple(step.outline for step in drafts_of(version))
    year = (around or version.created_at).year
    return _outline(steps, calendar_of(settings_of(version.settings), year, own))


@lru_cache(maxsize=512)
def _outline(steps: tuple[StepOutline, ...], calendar: Calendar) -> Outline:
    return Outline(steps, calendar)


@lru_cache(maxsize=512)
def calendar_of(settings: FileSettings, year: int, own: TeamCalendar = PUBLIC) -> Calendar:
    """How days are counted, with the holidays from the year before `year` on."""
    place = place_kept(settings, own)
    holidays = holiday_dates(place, range(year - 1, year + YEARS_AHEAD + 1))
    if place is not None:
        holidays = with_own(holidays, place, own.dates)
    return calendar_by(settings, holidays, own)
