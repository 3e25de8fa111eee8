"""Waves as tables and as properties; zones of recipients; what a delivery's hash tells apart."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_campaigns.content.rendering import Content
from sales_campaigns.deliveries.inputs import (
    Audience,
    Schedule,
    Settings,
    audience_from,
    digest,
    schedule_from,
    seconds_later,
    settings_from,
    stored,
)
from sales_campaigns.deliveries.typology.controls import content_problems, content_warnings, half_left
from sales_campaigns.deliveries.waves import Wave, calendar_waves, check_validity, ends_of, equal_waves
from sales_campaigns.errors import Invalid

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("percent", "shares"), [(30, [30, 30, 30, 10]), (50, [50, 50]), (100, [100]), (33, [33, 33, 33, 1])]
)
def test_equal_waves(percent: int, shares: list[int]) -> None:
    """30 % gives 30/30/30/10."""
    waves = equal_waves(percent, HOUR)
    assert [wave.percent for wave in waves] == shares
    assert [wave.after for wave in waves] == [place * 3600 for place in range(len(shares))]


@given(percent=st.integers(1, 100), recipients=st.integers(0, 2_000_000))
def test_every_recipient_is_in_one_wave(percent: int, recipients: int) -> None:
    ends = ends_of(equal_waves(percent, HOUR), recipients)
    assert ends == sorted(ends) and ends[-1] == recipients


def test_calendar_waves_are_in_order_and_make_a_hundred_percent() -> None:
    assert calendar_waves([(40, 2 * HOUR), (60, 0 * HOUR)]) == (Wave(60, 0), Wave(40, 7200))
    for bad in ([(90, HOUR)], [(100, -HOUR)], [(0, HOUR), (100, HOUR)]):
        with pytest.raises(Invalid):
            calendar_waves(bad)


@pytest.mark.parametrize(
    ("hours", "later", "fits"), [(24, 0, True), (24, 6, False), (48, 0, False), (47, 0, True)]
)
def test_the_last_wave_must_fit_the_validity_period(hours: int, later: int, fits: bool) -> None:
    waves = (Wave(50, 0), Wave(50, hours * 3600))
    assert (check_validity(waves, later * 3600, timedelta(hours=30 if hours == 24 else 48)) == "") is fits


@pytest.mark.parametrize(
    ("zone", "hours"),
    [("Europe/Stockholm", 0), ("America/New_York", 6), ("Asia/Tokyo", -8), ("", 0)],
)
def test_a_recipients_zone_is_later_or_earlier(zone: str, hours: int) -> None:
    schedule = Schedule("2026-12-01T09:00", "Europe/Stockholm", theirs=True)
    assert seconds_later(schedule, zone) == hours * 3600
    assert seconds_later(replace(schedule, theirs=False), zone) == 0


@pytest.mark.parametrize(
    ("wall", "instant"),
    [
        ("2026-03-29T02:30", "2026-03-29T01:30:00+00:00"),  # does not exist: forward by the gap
        ("2026-10-25T02:30", "2026-10-25T00:30:00+00:00"),  # exists twice: the first
    ],
)
def test_a_contact_date_over_the_clock_change(wall: str, instant: str) -> None:
    found = Schedule(wall, "Europe/Stockholm").instant
    assert found is not None and found.isoformat() == instant


def test_inputs_survive_being_stored_and_every_one_changes_the_hash() -> None:
    audience = Audience(words="CFO", owner=3, groups=(1, 2), people=(7,))
    schedule = Schedule("2026-12-01T09:00", "Europe/Stockholm", theirs=True, ask_again=True)
    settings = Settings(waves=equal_waves(30, HOUR))
    assert audience_from(stored(audience)) == audience
    assert schedule_from(stored(schedule)) == schedule
    assert settings_from(stored(settings)) == settings
    several = [
        {"audience": stored(audience), "settings": stored(settings)},
        {"audience": stored(replace(audience, owner=4)), "settings": stored(settings)},
        {"audience": stored(audience), "settings": stored(replace(settings, validity_hours=7))},
        {"audience": stored(audience), "settings": stored(replace(settings, waves=()))},
    ]
    assert len({digest(parts) for parts in several}) == len(several)


def test_controls_of_the_content() -> None:
    assert content_problems(Content("Hello", "<p>Hello</p>")) == {}
    assert "line 1, column" in content_problems(Content("Hello", "<p>{{ first_name | shout }}</p>"))["html"]
    assert content_problems(Content("Hello\nBcc: x@example.com", "<p>x</p>"))["subject"].startswith(
        "A subject is"
    )
    assert "prompt" in content_problems(Content("Hello", "<p>{{! what? }}</p>"))["html"]
    odd = Content("Hello", '<p><a href="exampel.com">x</a><a href="https://example.com/">y</a></p>')
    assert list(content_warnings(odd)) == ["This link looks odd: “exampel.com”."]
    assert any("KB" in words for words in content_warnings(Content("Hello", "<p>" + "x" * 61_000)))
    assert half_left(10, 5) == "" and half_left(10, 4) != "" and half_left(0, 0) == ""
