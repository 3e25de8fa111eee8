"""A/B tests of deliveries as rules: what a plan may be, who tries what, when it is over, and who wins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_campaigns.deliveries.variants.plan import (
    Chooser,
    Measure,
    Plan,
    is_over,
    judged,
    lot,
    plan_problems,
    too_late,
    too_small,
    tried_part,
)
from sales_campaigns.deliveries.waves import equal_waves
from sales_campaigns.tracking.winner import Sample

LEFT = datetime(2026, 12, 1, 9, tzinfo=UTC)
PERSON, BEST, SURE = Chooser.PERSON, Chooser.BEST, Chooser.SURE
REFUSED = [
    (Plan(share=0), "share"),
    (Plan(share=91), "share"),
    (Plan(hours=0), "hours"),
    (Plan(hours=120), "hours"),  # as long as the delivery is valid: the winner could not leave
    (Plan(hours=2_000), "hours"),
    (Plan(floor=-1), "floor"),
    (Plan(measure=Measure.CLICKED), "measure"),  # clicks are not noticed here
]
JUDGED = [
    # (who chooses, (delivered, hits) of each) → winner, the beginning of the words
    (BEST, [(40, 10), (40, 12)], "B", "B has the most opens, 30.0 % of delivered."),
    (BEST, [(40, 10), (40, 12), (40, 20)], "C", "C has the most opens"),
    (BEST, [(40, 10), (80, 20)], "", "A tie: A and B have the same share of opens."),
    (BEST, [(40, 0), (40, 0)], "", "A tie: A and B"),
    (BEST, [(40, 10), (40, 12), (40, 12)], "", "A tie: B and C"),
    (BEST, [(40, 10), (19, 12)], "", "Too few to tell: of B only 19 of 20 are delivered."),
    (BEST, [(0, 0), (0, 0)], "", "Too few to tell: of A only 0"),
    (PERSON, [(40, 10), (40, 12)], "", "B has the most opens"),
    (SURE, [(40, 10), (40, 12)], "", "No winner yet: 40 of 100 delivered."),
    (SURE, [(100, 10), (100, 15)], "", "No winner yet: the difference may be chance."),
    (SURE, [(100, 10), (100, 22)], "B", "B is better, 95 %."),
    (SURE, [(100, 10), (100, 10)], "", "A tie"),
]
OVER = [
    # (hours passed, hits of A and B, floor) → over
    (23.9, (3, 4), 0, False),
    (24, (0, 0), 0, True),
    (1, (3, 4), 5, False),
    (1, (3, 5), 5, True),
]


@pytest.mark.parametrize(("plan", "field"), REFUSED)
def test_what_a_plan_may_not_be(plan: Plan, field: str) -> None:
    assert list(plan_problems(plan, opens=True, clicks=False, validity_hours=120)) == [field]


def test_a_plan_that_fits() -> None:
    assert not plan_problems(Plan(share=90, hours=119), opens=True, clicks=False, validity_hours=120)
    replies = Plan(measure=Measure.REPLIED)
    assert not plan_problems(replies, opens=False, clicks=False, validity_hours=120)


@pytest.mark.parametrize(("chooser", "found", "winner", "words"), JUDGED)
def test_ties_and_too_few_are_for_a_person(
    chooser: Chooser, found: list[tuple[int, int]], winner: str, words: str
) -> None:
    samples = {"ABC"[n]: Sample(*one) for n, one in enumerate(found)}
    judgement = judged(Plan(chooser=chooser), samples)
    assert judgement.winner == winner
    assert judgement.words.startswith(words)


@pytest.mark.parametrize(("hours", "hits", "floor", "over"), OVER)
def test_it_is_over_after_its_time_or_at_its_floor(
    hours: float, hits: tuple[int, int], floor: int, over: bool
) -> None:
    samples = {"A": Sample(50, hits[0]), "B": Sample(50, hits[1])}
    assert is_over(Plan(floor=floor), LEFT, samples, LEFT + timedelta(hours=hours)) is over


def test_every_variant_has_somebody() -> None:
    assert too_small(Plan(share=20), 3, 10) == (
        "20 % of 10 people are 2: too few for 3 variants. Let more try them."
    )
    assert not too_small(Plan(share=30), 3, 10)


def test_the_last_wave_of_the_winner_fits_the_validity() -> None:
    waves = equal_waves(50, timedelta(hours=24))
    assert not too_late(Plan(hours=24), waves, 0, timedelta(hours=49))
    assert "48 h after the start, when the validity of 48 h" in too_late(
        Plan(hours=24), waves, 0, timedelta(hours=48)
    )
    assert too_late(Plan(hours=24), (), 6 * 3600, timedelta(hours=30))


@given(st.integers(1, 90), st.integers(1, 10_000_000))
def test_somebody_is_left_for_the_winner(share: int, recipients: int) -> None:
    part = tried_part(share, recipients)
    assert part * 100 >= recipients * share, "at least the share"
    assert part < recipients or recipients < 10


@given(st.integers(1, 2**31 - 1), st.integers(1, 2**31 - 1))
def test_a_lot_is_stable_and_fits_both_databases(delivery: int, address: int) -> None:
    assert lot(delivery, address) == lot(delivery, address)
    assert 0 <= lot(delivery, address) < 2**31


def test_lots_follow_no_order_of_the_addresses() -> None:
    """Whoever was imported in turn from two lists, or first, is dealt as anybody else."""
    ranked = sorted(range(1, 20_001), key=lambda address: lot(7, address))
    tried = ranked[:4_000]
    assert abs(sum(address % 2 for address in tried) - 2_000) < 150
    assert abs(sum(address <= 10_000 for address in tried) - 2_000) < 150
    first = tried[::2]
    assert abs(sum(address % 2 for address in first) - 1_000) < 110
    assert len({lot(7, address) for address in ranked}) > 19_900
    other = sorted(range(1, 20_001), key=lambda address: lot(8, address))[:4_000]
    assert abs(len({*tried} & {*other}) - 800) < 150, "another delivery asks others"
