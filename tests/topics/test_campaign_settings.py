"""Settings of a campaign: stored as the campaign file writes them, typed in a form, read back equal."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_campaigns.campaigns.file import (
    FileSettings,
    Late,
    Lateness,
    OnReply,
    OutOfOffice,
    Tracking,
    ZoneOf,
)
from sales_campaigns.campaigns.outlines import calendar_of
from sales_campaigns.campaigns.planner import Window
from sales_campaigns.campaigns.stored_settings import settings_of, settings_typed, stored_form, typed_form
from sales_campaigns.errors import Invalid

settings_values = st.builds(
    FileSettings,
    skip_weekends=st.booleans(),
    holidays=st.sampled_from([None, "SE", "US-CA"]),
    send_window=st.sampled_from([None, Window(time(8), time(18)), Window(time(0, 30), time(23, 59, 59))]),
    timezone=st.sampled_from(ZoneOf),
    on_reply=st.sampled_from(OnReply),
    remove_on_bounce=st.booleans(),
    out_of_office=st.sampled_from(OutOfOffice),
    late=st.builds(
        Late,
        limit=st.sampled_from([timedelta(minutes=30), timedelta(hours=4), timedelta(days=2)]),
        then=st.sampled_from(Lateness),
    ),
    tracking=st.builds(Tracking, opens=st.booleans(), clicks=st.booleans()),
)


def test_it_takes_the_defaults_of_the_campaign_file_for_what_is_left_out() -> None:
    assert settings_of({}) == FileSettings()


@given(settings_values)
def test_it_reads_back_what_it_stored(settings: FileSettings) -> None:
    assert settings_of(stored_form(settings)) == settings


@given(settings_values)
def test_it_reads_back_what_the_form_shows(settings: FileSettings) -> None:
    shown = {
        name: "1" if value is True else value
        for name, value in typed_form(settings).items()
        if value is not False
    }
    assert settings_typed(shown) == settings


def test_it_says_everything_that_is_wrong_with_the_form_at_once() -> None:
    typed = {
        "holidays": "XX",
        "window_from": "25:00",
        "window_to": "18:00",
        "on_reply": "dance",
        "late_limit": "soon",
    }
    with pytest.raises(Invalid) as refused:
        settings_typed(typed)
    assert refused.value.problems.keys() == {"holidays", "window_from", "on_reply", "late_limit"}


@pytest.mark.parametrize(
    ("opens", "closes", "field"),
    [("08:00", "", "window_to"), ("", "18:00", "window_from"), ("18:00", "08:00", "window_to")],
)
def test_it_wants_both_ends_of_a_window_in_order(opens: str, closes: str, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        settings_typed({"window_from": opens, "window_to": closes})
    assert refused.value.problems.keys() == {field}


def test_it_counts_the_holidays_of_the_country_and_reads_it_in_small_letters() -> None:
    settings = settings_typed({"holidays": "se"})
    assert settings.holidays == "SE"
    assert date(2026, 12, 25) in calendar_of(settings, 2026).holidays
    assert calendar_of(FileSettings(), 2026).holidays == frozenset()
