"""Token buckets: in no window of its length does more leave than the limit says, and nothing waits for ever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_campaigns.messages.pace.pacing import Level, Limit, breaks, draw, full, limits_of

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
    ("hard", "handed", "expected"),
    [(10, 200, True), (9, 200, False), (100, 199, False), (0, 200, False), (200, 200, True)],
)
def test_five_in_a_hundred_of_two_hundred_stop_a_mailbox(hard: int, handed: int, expected: bool) -> None:
    assert breaks(hard, handed) is expected
