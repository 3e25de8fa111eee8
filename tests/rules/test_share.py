"""How overdue tasks are shared out: even, never over the number a day, nobody lost."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_campaigns.tasks.share import share, working_days

MONDAY = date(2026, 11, 30)
WEEK = working_days(MONDAY, 5, set())


def test_working_days_leave_out_weekends_and_days_off() -> None:
    days = working_days(date(2026, 12, 3), 3, {date(2026, 12, 4)})
    assert days == [date(2026, 12, 3), date(2026, 12, 7), date(2026, 12, 8)]


@pytest.mark.parametrize(
    ("number", "most", "taken", "expected"),
    [
        (10, 40, {}, [2, 2, 2, 2, 2]),
        (12, 40, {}, [3, 3, 2, 2, 2]),
        (3, 40, {}, [1, 1, 1, 0, 0]),
        (30, 4, {}, [4, 4, 4, 4, 4]),
        (10, 5, {MONDAY: 5}, [0, 3, 3, 2, 2]),
        (8, 10, {WEEK[4]: 10}, [2, 2, 2, 2, 0]),
        (9, 2, {}, [2, 2, 2, 2, 1]),
    ],
)
def test_it_shares_evenly(number: int, most: int, taken: dict[date, int], expected: list[int]) -> None:
    counted = Counter(share(number, WEEK, most, taken))
    assert [counted[day] for day in WEEK] == expected


@given(st.integers(0, 200), st.integers(1, 30), st.lists(st.integers(0, 30), min_size=5, max_size=5))
def test_nobody_is_lost_while_there_is_room_and_no_day_is_over_full(
    number: int, most: int, there: list[int]
) -> None:
    taken = dict(zip(WEEK, there, strict=True))
    chosen = share(number, WEEK, most, taken)
    assert len(chosen) == min(number, sum(max(most - held, 0) for held in there))
    assert chosen == sorted(chosen)
    for day, mine in Counter(chosen).items():
        assert mine + taken[day] <= most
