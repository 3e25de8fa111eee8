"""Named schedules as rules: what takes the place of what, and how days are counted then."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time

import pytest

from sales_campaigns.calendars.team_calendar import Hours, TeamCalendar
from sales_campaigns.campaigns.day_rules import calendar_by, place_kept, zone_by
from sales_campaigns.campaigns.file import FileSettings
from sales_campaigns.campaigns.planner import Calendar, Window
from sales_campaigns.campaigns.planner.days import counted_between, later_by, why_not

SUNDAY_WEEK = Hours("Tel Aviv", "Asia/Jerusalem", frozenset({6, 0, 1, 2, 3}), "IL", time(9), time(17))
TEAM = TeamCalendar(schedules=frozenset({SUNDAY_WEEK, Hours("Any time")}))
OWN = FileSettings(skip_weekends=True, holidays="SE", send_window=Window(time(8), time(18)))
HOLIDAY = frozenset({date(2026, 12, 1)})


@pytest.mark.parametrize(
    ("schedule", "place", "zone", "expected"),
    [
        (None, "SE", "Europe/Stockholm", Calendar(True, HOLIDAY, Window(time(8), time(18)))),
        ("gone", "SE", "Europe/Stockholm", Calendar(True, HOLIDAY, Window(time(8), time(18)))),
        ("Any time", None, "Europe/Stockholm", Calendar(False, HOLIDAY)),
        (
            "Tel Aviv",
            "IL",
            "Asia/Jerusalem",
            Calendar(False, HOLIDAY, Window(time(9), time(17)), frozenset({4, 5})),
        ),
    ],
)
def test_a_schedule_takes_the_place_of_days_hours_holidays_and_zone(
    schedule: str | None, place: str | None, zone: str, expected: Calendar
) -> None:
    settings = replace(OWN, schedule=schedule)
    assert place_kept(settings, TEAM) == place
    assert zone_by(schedule, TEAM, "Europe/Stockholm") == zone
    assert calendar_by(settings, HOLIDAY, TEAM) == expected


def test_days_off_count_as_the_weekend_does() -> None:
    calendar = calendar_by(FileSettings(schedule="Tel Aviv"), frozenset(), TEAM)
    thursday, friday, saturday, sunday = (date(2026, 12, day) for day in (3, 4, 5, 6))
    assert [why_not(calendar, day) for day in (thursday, friday, saturday, sunday)] == [
        None,
        "weekend",
        "weekend",
        None,
    ]
    assert later_by(calendar, thursday, 1) == sunday
    assert counted_between(calendar, thursday, sunday) == 1
