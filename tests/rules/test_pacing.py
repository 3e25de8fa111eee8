"""Token buckets: in no window of its length does more leave than the limit says, and nothing waits for ever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_campaigns.messages.pace.pacing import (
    CLOCKS_DIFFER,
    Level,
    Limit,
    annoys,
    breaks,
    domain_limit,
    draw,
    full,
    limits_of,
    ramp_limit,
    relay_limits,
    share,
)

NOW = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
limits = st.integers(1, 60).flatmap(
    lambda most: st.builds(Limit, st.just("minute"), st.just(most), st.just(60.0), st.integers(1, most))
)
asked = st.lists(st.tuples(st.floats(0, 30), st.integers(1, 40)), min_size=1, max_size=40)


@given(limit=limits, asks=asked)
def test_no_window_lets_more_through_than_the_limit(limit: Limit, asks: list[tuple[float, int]]) -> None:
    level, at, left = full(limit, NOW), NOW, []
    for pause, wanted in asks:
        at += timedelta(seconds=pause)
        drawn = draw(limit, level, wanted, at)
        level = drawn.level
        left += [at] * drawn.granted
    for begin in left:
        in_window = sum(begin <= one < begin + timedelta(seconds=limit.seconds) for one in left)
        assert in_window <= max(limit.most, 1) + (limit.most == limit.burst)


@given(limit=limits, wanted=st.integers(1, 100))
def test_what_is_over_the_limit_leaves_at_the_instant_that_was_named(limit: Limit, wanted: int) -> None:
    drawn = draw(limit, full(limit, NOW), wanted, NOW)
    assert drawn.granted == min(wanted, limit.burst)
    later = max(drawn.again_at, NOW) + timedelta(milliseconds=1)
    assert draw(limit, drawn.level, 1, later).granted == 1


def test_a_clock_that_goes_back_fills_nothing() -> None:
    limit = Limit("minute", 30, 60.0, 3)
    empty = draw(limit, full(limit, NOW), 3, NOW).level
    assert draw(limit, empty, 1, NOW - timedelta(hours=1)).granted == 0
    assert draw(limit, Level(0.0, NOW), 1, NOW + timedelta(hours=1)).granted == 1


@pytest.mark.parametrize("back", [timedelta(minutes=1), timedelta(hours=2), timedelta(days=400)])
def test_a_clock_that_was_set_back_costs_a_minute_and_one_mail_s_place_at_most(back: timedelta) -> None:
    limit = Limit("minute", 30, 60.0, 3)
    empty = draw(limit, full(limit, NOW), 3, NOW).level
    now = NOW - back
    held = draw(limit, empty, 1, now)
    assert held.granted == 0 and held.again_at <= now + CLOCKS_DIFFER + timedelta(seconds=1 / limit.rate)
    assert draw(limit, held.level, 1, held.again_at + timedelta(milliseconds=1)).granted == 1


def test_clocks_of_two_machines_that_differ_by_seconds_let_no_more_through() -> None:
    limit = Limit("minute", 30, 60.0, 3)
    level, granted = full(limit, NOW), 0
    for second in range(0, 60, 2):
        for behind in (0, 45):
            drawn = draw(limit, level, 9, NOW + timedelta(seconds=second - behind))
            level, granted = drawn.level, granted + drawn.granted
    assert granted <= limit.most


@pytest.mark.parametrize(
    ("provider", "per_minute", "expected"),
    [
        ("smtp", None, []),
        ("smtp", 20, [("minute", 20)]),
        ("gmail", None, [("minute", 40), ("day", 2_000)]),
        ("gmail", 20, [("minute", 20), ("day", 2_000)]),
        ("outlook", None, [("minute", 30), ("day", 10_000)]),
        ("outlook", 10, [("minute", 10), ("day", 10_000)]),
        ("another", None, []),
    ],
)
def test_the_profiles(provider: str, per_minute: int | None, expected: list[tuple[str, int]]) -> None:
    assert [(limit.name, limit.most) for limit in limits_of(provider, per_minute)] == expected


@pytest.mark.parametrize(
    ("per_minute", "per_day", "expected"),
    [
        (None, None, []),
        (20, None, [("minute", 20, 60, 2)]),
        (None, 1_001, [("day", 1_001, 86_400, 500)]),
        (20, 1, [("minute", 20, 60, 2), ("day", 1, 86_400, 1)]),
    ],
)
def test_a_relay_is_as_fast_as_its_administrator_says(
    per_minute: int | None, per_day: int | None, expected: list[tuple[str, int, int, int]]
) -> None:
    found = relay_limits(per_minute, per_day)
    assert [(one.name, one.most, one.seconds, one.burst) for one in found] == expected


@pytest.mark.parametrize(
    ("hard", "handed", "expected"),
    [(10, 200, True), (9, 200, False), (100, 199, False), (0, 200, False), (200, 200, True)],
)
def test_five_in_a_hundred_of_two_hundred_stop_a_mailbox(hard: int, handed: int, expected: bool) -> None:
    assert breaks(hard, handed) is expected


def test_three_reports_of_spam_in_the_last_thousand_stop_a_mailbox() -> None:
    assert [annoys(complaints) for complaints in (0, 2, 3, 10)] == [False, False, True, True]


def test_a_mail_takes_of_all_its_buckets_or_of_none_and_tells_the_limit_it_waits_for() -> None:
    limits = {"box": Limit("day", 10, 60.0, 3), "a": domain_limit("a.example", 10)}
    levels = {key: full(limit, NOW) for key, limit in limits.items()}
    waits = share([["box", "a"], ["box", "a"], ["box", "a"], ["box"], ["box"], ["box"]], limits, levels, NOW)
    assert [wait is None for wait in waits] == [True, False, False, True, True, False]
    assert waits[1] is not None and waits[1].words == "a.example is given 10 mails a minute at most"
    assert [(wait.until - NOW).total_seconds() for wait in waits if wait] == pytest.approx(
        [6.67, 13.33, 8.57], 0.01
    )


def test_a_limit_of_a_date_is_not_filled_before_the_next_one() -> None:
    tomorrow = NOW + timedelta(days=1)
    limit = ramp_limit(2, tomorrow)
    levels = {"ramp": full(limit, NOW)}
    waits = share([["ramp"]] * 3, {"ramp": limit}, levels, NOW)
    assert [wait and wait.until for wait in waits] == [None, None, tomorrow]
    assert draw(limit, levels["ramp"], 1, NOW + timedelta(hours=23)).granted == 0
