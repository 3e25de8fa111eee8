"""When a delivery asks for a look: each criterion at its edge."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sales_campaigns.deliveries.alarms.criteria import Criterion, Standing, alarming


@pytest.mark.parametrize(
    ("standing", "criteria"),
    [
        (Standing(), []),
        (Standing(preparation_failed=True), [Criterion.PREPARATION_FAILED]),
        (Standing(overdue=True), [Criterion.OVERDUE]),
        (Standing(over=True, to_deliver=3), [Criterion.DELIVERY_FAILED]),
        (Standing(over=True, to_deliver=3, delivered=1), []),
        (Standing(handed=100, hard=5, soft=5), []),
        (Standing(handed=100, hard=6, soft=5), [Criterion.HARD_RATIO]),
        (Standing(handed=100, hard=5, soft=6), [Criterion.SOFT_RATIO]),
        (Standing(handed=1, hard=1), [Criterion.HARD_RATIO]),
        (Standing(longest_wait=timedelta(hours=1)), []),
        (Standing(longest_wait=timedelta(hours=1, seconds=1)), [Criterion.PENDING]),
        (Standing(allowed=60, last_hour=29, waiting=60), [Criterion.THROUGHPUT]),
        (Standing(allowed=60, last_hour=30, waiting=60), []),
        (Standing(allowed=60, last_hour=0, waiting=59), []),
        (Standing(allowed=0, last_hour=0, waiting=900), []),
    ],
)
def test_each_criterion_at_its_edge(standing: Standing, criteria: list[Criterion]) -> None:
    assert [criterion for criterion, _ in alarming(standing)] == criteria


def test_a_ratio_says_the_share_and_both_numbers() -> None:
    assert [words for _, words in alarming(Standing(handed=8, hard=2))] == [
        "25.0 % came back for good: 2 of 8 handed off."
    ]
