"""From a version of a campaign to what the planner needs."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from sales_campaigns.calendars.own_dates import NONE, OwnDates, with_own
from sales_campaigns.campaigns.file import FileSettings
from sales_campaigns.campaigns.holiday_dates import holiday_dates
from sales_campaigns.campaigns.models import CampaignVersion
from sales_campaigns.campaigns.planner import Calendar, Outline, StepOutline
from sales_campaigns.campaigns.stored_settings import settings_of
from sales_campaigns.campaigns.versions import drafts_of

YEARS_AHEAD = 8


def outline_of(version: CampaignVersion, around: datetime | None = None, own: OwnDates = NONE) -> Outline:
    """Steps and calendar of a version, with the holidays of the years from `around` on, else from its save on.

    `own` are the dates on which the team differs from the public holidays. Equal versions give the same object,
    so that the planner's caches work across enrollments.
    """
    steps = tuple(step.outline for step in drafts_of(version))
    year = (around or version.created_at).year
    return _outline(steps, calendar_of(settings_of(version.settings), year, own))


@lru_cache(maxsize=512)
def _outline(steps: tuple[StepOutline, ...], calendar: Calendar) -> Outline:
    return Outline(steps, calendar)


@lru_cache(maxsize=512)
def calendar_of(settings: FileSettings, year: int, own: OwnDates = NONE) -> Calendar:
    """How days are counted, with the holidays from the year before `year` on."""
    holidays = holiday_dates(settings.holidays, range(year - 1, year + YEARS_AHEAD + 1))
    if settings.holidays is not None:
        holidays = with_own(holidays, settings.holidays, own)
    return Calendar(settings.skip_weekends, holidays, settings.send_window)
