"""Figures side by side, periods that are compared, and the words of the mails that the product writes to its users."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from sales_campaigns.analytics.periods import Period, last_days, week_before
from sales_campaigns.analytics.report import NOTHING, Activity, change, of_week, percent
from sales_campaigns.notices.digest import Morning, of_morning, of_notices

WEEK = Period(date(2026, 11, 23), date(2026, 11, 29))


def test_a_period_stands_beside_as_many_days_before_it() -> None:
    assert WEEK.days == 7
    assert WEEK.before == Period(date(2026, 11, 16), date(2026, 11, 22))
    assert last_days(date(2026, 11, 29), 7) == WEEK
    assert week_before(date(2026, 11, 30)) == (WEEK, WEEK.before)
    assert week_before(date(2026, 12, 6)) == (WEEK, WEEK.before), "on a Sunday the week is not over yet"


def test_its_days_are_those_of_a_zone_also_where_the_clock_changes() -> None:
    start, end = Period(date(2026, 10, 25), date(2026, 10, 25)).span("Europe/Stockholm")
    assert start.astimezone(UTC) == datetime(2026, 10, 24, 22, tzinfo=UTC)
    assert end.astimezone(UTC) == datetime(2026, 10, 25, 23, tzinfo=UTC), "25 hours"


@pytest.mark.parametrize(
    ("figures", "replied", "came_back"),
    [
        (NOTHING, "–", "–"),
        (Activity(sent=12, people=10, replies=4, repliers=3), "30.0 %", "0.0 %"),
        (Activity(bounced=2), "–", "100.0 %"),
    ],
)
def test_a_zero_denominator_prints_a_dash(figures: Activity, replied: str, came_back: str) -> None:
    assert (percent(figures.reply_rate), percent(figures.bounce_rate)) == (replied, came_back)


@pytest.mark.parametrize(
    ("now", "before", "words"), [(5, 2, "+3"), (2, 5, "−3"), (2, 2, ""), (1200, 0, "+1,200")]
)
def test_a_change_is_told_with_its_sign(now: int, before: int, words: str) -> None:
    assert change(now, before) == words


def test_the_weekly_report_labels_unique_and_total() -> None:
    told = of_week("Ana", WEEK, Activity(sent=12, people=10, replies=4, repliers=3), None)
    assert told is not None
    assert told[0] == "Your week: 3 replied of 10"
    assert "E-mails sent (total): 12 (+12)\nPeople written to (unique): 10 (+10)" in told[1]
    assert "30.0 % replied" in told[1]
    assert of_week("Ana", WEEK, None, NOTHING) is None, "two weeks without anything are no news"


def test_a_digest_counts_what_there_is_and_nothing_else() -> None:
    subject, text = of_morning(Morning("Ana", 2, 1, 0, 14, ("Maria replied: Yes",)))
    assert subject == "Today: 2 tasks overdue, 1 task due today"
    assert "14 e-mails planned for today" in text and "waiting" not in text
    assert text.endswith("Since yesterday:\n- Maria replied: Yes\n")
    assert Morning("Ana", 0, 0, 0, 0).is_empty


def test_notices_of_two_minutes_share_a_mail() -> None:
    assert of_notices(["Maria replied: Yes"]) == ("Maria replied: Yes", "Maria replied: Yes\n")
    assert of_notices(["A", "B", "C"])[0] == "A and 2 more"
