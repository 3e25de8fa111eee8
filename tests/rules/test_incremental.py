"""The incremental query as a value: what it may be, its ceiling, and that it is kept as it was chosen."""

from __future__ import annotations

from typing import Any

import pytest

from sales_campaigns.deliveries.incremental import (
    Incremental,
    Mode,
    ceiling_of,
    incremental_from,
    incremental_problems,
    stored_incremental,
)
from sales_campaigns.deliveries.recurrence import Every, Recurrence

WEEKLY = Recurrence(Every.WEEKS, 1, "2027-01-04T09:00", "Europe/Amsterdam", weekdays=(0, 3))


@pytest.mark.parametrize(
    ("ceiling", "largest", "most"),
    [(1_000, 0, 1_000), (1_000, 300, 1_000), (1_000, 334, 1_002), (1, 2, 6), (5_000, 1_000, 5_000)],
)
def test_the_ceiling_is_settable_and_three_times_the_largest_so_far(
    ceiling: int, largest: int, most: int
) -> None:
    """The rule: 1,000 people, or three times the largest so far."""
    assert ceiling_of(Incremental(Mode.NEW, WEEKLY, ceiling=ceiling), largest) == most


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"mode": Mode.NEW}, None),
        ({"since": "2027-01-01T00:00"}, None),
        ({"since": "2027-01-01T00:00", "field": "custom:renewal"}, None),
        ({"since": ""}, "since"),
        ({"since": "2027-01-01T00:00+01:00"}, "since"),
        ({"since": "2027-01-01T00:00", "field": "birthday"}, "field"),
        ({"since": "2027-01-01T00:00", "field": "custom: "}, "field"),
        ({"mode": Mode.NEW, "ceiling": 0}, "ceiling"),
    ],
)
def test_what_is_refused(fields: dict[str, Any], field: str | None) -> None:
    told = {"mode": Mode.CHANGED, "recurrence": WEEKLY, "field": "updated"}
    found = incremental_problems(Incremental(**{**told, **fields}))
    assert set(found) == ({field} if field else set())


def test_it_is_read_as_it_was_kept() -> None:
    wanted = Incremental(Mode.CHANGED, WEEKLY, "custom:renewal", "2027-01-01T00:00", 50)
    assert incremental_from(stored_incremental(wanted)) == wanted
    assert incremental_from({}) is None
