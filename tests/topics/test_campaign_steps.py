"""The order of steps while they are edited: days, numbers, moves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_campaigns.campaigns.drafts import (
    LAST_DAY,
    MOST_STEPS,
    StepDraft,
    arranged,
    from_day_one,
    moved,
    placed,
    step_of,
    without_step,
)
from sales_campaigns.campaigns.planner import StepKind
from sales_campaigns.errors import Invalid, NotFound


def steps_on(*days: int) -> tuple[StepDraft, ...]:
    """Calls called a, b, c and so on, on these days."""
    return arranged(
        StepDraft(key=chr(97 + n), day=day, kind=StepKind.CALL, name=f"Call {n}")
        for n, day in enumerate(days)
    )


def places(steps: tuple[StepDraft, ...]) -> str:
    return " ".join(f"{step.key}{step.day}.{step.number}" for step in steps)


def test_it_numbers_steps_within_their_day() -> None:
    assert places(steps_on(3, 1, 3, 1)) == "b1.1 d1.2 a3.1 c3.2"


def test_it_moves_past_a_neighbour_of_the_same_day() -> None:
    assert places(moved(steps_on(1, 1, 3), "b", "up")) == "b1.1 a1.2 c3.1"
    assert places(moved(steps_on(1, 1, 3), "a", "down")) == "b1.1 a1.2 c3.1"


def test_it_moves_onto_the_next_day_from_the_edge_of_its_own() -> None:
    assert places(moved(steps_on(1, 1, 3), "b", "down")) == "a1.1 b2.1 c3.1"
    assert places(moved(steps_on(1, 2, 2), "b", "up")) == "a1.1 b1.2 c2.1"
    assert places(moved(steps_on(1, 2), "a", "down")) == "a2.1 b2.2"


@pytest.mark.parametrize(
    ("days", "then", "words"),
    [
        ((1, 3), "a1.1 b3.1", ""),
        ((2, 4), "a1.1 b3.1", "The first step is on day 1, so every step is now 1 day earlier."),
        ((3, 3, 7), "a1.1 b1.2 c5.1", "The first step is on day 1, so every step is now 2 days earlier."),
        ((), "", ""),
    ],
)
def test_the_first_step_is_on_day_1_and_the_gaps_stay(days: tuple[int, ...], then: str, words: str) -> None:
    steps, said = from_day_one(steps_on(*days))
    assert (places(steps), said) == (then, words)


def test_it_moves_a_whole_day_at_once() -> None:
    assert places(moved(steps_on(1, 1), "a", "later")) == "b1.1 a2.1"


def test_it_cannot_move_before_day_1() -> None:
    with pytest.raises(Invalid, match="first step of day 1"):
        moved(steps_on(1, 3), "a", "up")


def test_it_takes_the_order_of_the_page() -> None:
    assert places(placed(steps_on(1, 1, 3), ["day:1", "c", "day:4", "b", "a"])) == "c1.1 b4.1 a4.2"


@pytest.mark.parametrize("order", [["day:1", "a"], ["day:1", "a", "b", "x"], ["day:1", "a", "a", "b"]])
def test_it_refuses_an_order_that_lost_a_step_or_knows_another(order: list[str]) -> None:
    with pytest.raises(Invalid, match="changed meanwhile"):
        placed(steps_on(1, 1), order)


def test_it_has_limits() -> None:
    with pytest.raises(Invalid, match="at most 100 steps"):
        steps_on(*[1] * (MOST_STEPS + 1))
    for day in (0, LAST_DAY + 1):
        with pytest.raises(Invalid, match="from 1 to 1000"):
            steps_on(day)


def test_it_says_that_a_step_is_gone() -> None:
    with pytest.raises(NotFound, match="no longer part"):
        step_of(without_step(steps_on(1, 1), "a"), "a")


@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=8),
    st.lists(st.tuples(st.integers(0, 7), st.sampled_from(["up", "down", "earlier", "later"])), max_size=12),
)
def test_it_stays_in_order_and_loses_nothing_whatever_is_moved(
    days: list[int], moves: list[tuple[int, str]]
) -> None:
    steps = steps_on(*days)
    keys = {step.key for step in steps}
    for place, towards in moves:
        try:
            steps = moved(steps, steps[place % len(steps)].key, towards)
        except Invalid:
            continue
        assert {step.key for step in steps} == keys
        assert [(step.day, step.number) for step in steps] == sorted(
            (step.day, step.number) for step in steps
        )
        assert arranged(steps) == steps


@given(st.lists(st.integers(1, 5), min_size=2, max_size=6), st.integers(0, 5))
def test_it_comes_back_after_up_and_down_within_a_day(days: list[int], place: int) -> None:
    steps = steps_on(*days)
    step = steps[place % len(steps)]
    if any(other.day == step.day and other.number == step.number + 1 for other in steps):
        assert moved(moved(steps, step.key, "down"), step.key, "up") == steps
