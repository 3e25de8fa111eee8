"""A mailbox that gets known sends more every day, until it sends as much as it is meant to."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_campaigns.accounts.ramps import Ramp

MONDAY = date(2026, 11, 30)
ramps = st.builds(
    lambda first, percent, more: Ramp(first, percent, first + more, MONDAY),
    st.integers(1, 1_000),
    st.integers(5, 200),
    st.integers(0, 100_000),
)


@pytest.mark.parametrize(
    ("ramp", "days"),
    [
        (Ramp(20, 50, 100, MONDAY), [20, 30, 45, 67, None]),
        (Ramp(50, 100, 400, MONDAY), [50, 100, 200, None]),
        (Ramp(40, 5, 40, MONDAY), [None]),
    ],
)
def test_how_many_leave_on_each_day(ramp: Ramp, days: list[int | None]) -> None:
    assert [ramp.on(MONDAY + timedelta(days=n)) for n in range(len(days))] == days
    assert ramp.ends == MONDAY + timedelta(days=len(days) - 1)


@given(ramps)
def test_it_never_sends_less_than_the_day_before_and_ends(ramp: Ramp) -> None:
    days = (ramp.ends - MONDAY).days
    numbers = [ramp.on(MONDAY + timedelta(days=n)) or 0 for n in range(days)]
    assert numbers == sorted(numbers) and all(ramp.first <= number <= ramp.most for number in numbers)
    assert ramp.on(ramp.ends) is None and ramp.on(ramp.ends + timedelta(days=40_000)) is None


def test_a_daily_limit_holds_beside_it() -> None:
    ramp = Ramp(20, 50, 100, MONDAY)
    assert [ramp.within(35, MONDAY + timedelta(days=n)) for n in range(5)] == [20, 30, 35, 35, 35]
