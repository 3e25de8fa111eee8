"""From a version of a campaign to what the planner needs."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache

from sales_campaigns.campaigns.file import FileSettings
from sales_campaigns.campaigns.holiday_dates import holiday_dates
from sales_campaigns.campaigns.models import CampaignVersion
from sales_campaigns.campaigns.planner import Calendar, Outline, StepOutline
from sales_campaigns.campaigns.stored_settings import settings_of
from sales_campaigns.campaigns.versions import drafts_of

YEARS_BACK, YEARS_AHEAD = 2, 3


def outline_of(version: CampaignVersion, around: datetime | date) -> Outline:
    """Steps and calendar of a version, with the holidays of the years about `around`.

    Equal versions give the same object, so that the planner's caches work across enrollments.
    """
    steps = tuple(step.outline for step in drafts_of(version))
    return _outline(steps, calendar_of(settings_of(version.settings), around))


def calendar_of(settings: FileSettings, around: datetime | date) -> Calendar:
    return _calendar(settings, around.year)


@lru_cache(maxsize=512)
def _outline(steps: tuple[StepOutline, ...], calendar: Calendar) -> Outline:
    return Outline(steps, calendar)


@lru_cache(maxsize=512)
def _calendar(settings: FileSettings, year: int) -> Calendar:
    holidays = holiday_dates(settings.holidays, range(year - YEARS_BACK, year + YEARS_AHEAD + 1))
    return Calendar(settings.skip_weekends, holidays, settings.send_window)
