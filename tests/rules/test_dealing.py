"""Capacity as slots: no slot holds more than the rule lets leave, nobody moves earlier, nobody further than needed."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_campaigns.deliveries.dealing import Share, deal

HOUR = 3600


def dealt(groups: list[tuple[int, int]], used: dict[int, int], most: int) -> list[tuple[int, int]]:
    """(instant, instant it moved to) of each recipient."""
    found = []
    for after, shares in deal(groups, used, most, HOUR).items():
        for share in shares:
            for place in range(share.first, share.last):
                slots = share.slots + ((place - share.first) // share.each if share.each else 0)
                found.append((after, after + slots * HOUR))
    return found


@pytest.mark.parametrize(
    ("groups", "used", "shares"),
    [
        ([(0, 2)], {}, {0: [Share(0, 2, 0, 3)]}),
        ([(0, 7)], {}, {0: [Share(0, 7, 0, 3)]}),
        ([(0, 4)], {0: 1}, {0: [Share(0, 2, 0), Share(2, 4, 1, 3)]}),
        ([(0, 4)], {0: 3, 1: 3}, {0: [Share(0, 4, 2, 3)]}),
        ([(0, 6), (HOUR, 3)], {}, {0: [Share(0, 6, 0, 3)], HOUR: [Share(0, 3, 1, 3)]}),
        ([(-HOUR, 1)], {}, {-HOUR: [Share(0, 1, 0, 3)]}),
    ],
)
def test_what_is_over_three_an_hour_moves_to_the_next_slot(
    groups: list[tuple[int, int]], used: dict[int, int], shares: dict[int, list[Share]]
) -> None:
    assert deal(groups, used, 3, HOUR) == shares


@given(
    st.dictionaries(st.integers(-20, 40).map(lambda n: n * 1800), st.integers(1, 30), min_size=1, max_size=8),
    st.dictionaries(st.integers(0, 30), st.integers(0, 12), max_size=8),
    st.integers(1, 9),
)
def test_no_slot_is_overfull_and_nobody_is_lost(
    groups: dict[int, int], used: dict[int, int], most: int
) -> None:
    found = dealt(list(groups.items()), used, most)
    assert Counter(before for before, _ in found) == Counter(groups), "everybody once"
    assert all(later >= before for before, later in found)
    full = Counter(later // HOUR for _, later in found)
    assert all(number + used.get(slot, 0) <= most for slot, number in full.items())
    for before, later in found:
        between = range(before // HOUR, later // HOUR)
        assert all(full[slot] + used.get(slot, 0) >= most for slot in between), "no place was passed over"
