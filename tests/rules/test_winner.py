"""No winner before a sample floor, and none that chance explains."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_campaigns.tracking.winner import Sample, chance_of, verdict_of

TABLE = [
    # (delivered, hits) of A, B, C → winner, words
    ([(34, 3), (40, 9)], "", "No winner yet: 34 of 100 delivered."),
    ([(100, 0), (99, 50)], "", "No winner yet: 99 of 100 delivered."),
    ([(100, 0), (100, 4)], "", "No winner yet: too few did it to tell."),
    ([(100, 10), (100, 15)], "", "No winner yet: the difference may be chance."),
    ([(100, 10), (100, 22)], "B", "B is better, 95 %."),
    ([(500, 60), (500, 30)], "A", "A is better, 95 %."),
    # Among three the best is picked after the fact, so the same difference proves less.
    ([(100, 10), (100, 22), (100, 10)], "", "No winner yet: the difference may be chance."),
    ([(400, 40), (400, 88), (400, 44)], "B", "B is better, 95 %."),
    ([(400, 40), (400, 88), (400, 84)], "", "No winner yet: the difference may be chance."),
]
samples = st.integers(1, 5000).flatmap(
    lambda delivered: st.builds(Sample, st.just(delivered), st.integers(0, delivered))
)


@pytest.mark.parametrize(("found", "winner", "words"), TABLE)
def test_the_verdict(found: list[tuple[int, int]], winner: str, words: str) -> None:
    verdict = verdict_of({"ABC"[n]: Sample(*one) for n, one in enumerate(found)})
    assert verdict is not None
    assert (verdict.winner, verdict.words) == (winner, words)


def test_one_alone_is_compared_with_nothing() -> None:
    assert verdict_of({"A": Sample(1000, 100)}) is None


def test_the_test_is_that_of_two_proportions() -> None:
    """Worked by hand: pooled 0.16, standard error 0.0518, z = 2.315."""
    assert chance_of(Sample(100, 10), Sample(100, 22)) == pytest.approx(0.0206, abs=0.0005)


@given(samples, samples)
def test_it_does_not_matter_which_is_named_first(one: Sample, other: Sample) -> None:
    assert chance_of(one, other) == pytest.approx(chance_of(other, one))
    assert 0 <= chance_of(one, other) <= 1


@given(samples, samples, samples)
def test_no_winner_is_worse_than_another(one: Sample, two: Sample, three: Sample) -> None:
    found = {"A": one, "B": two, "C": three}
    verdict = verdict_of(found)
    assert verdict is not None
    if verdict.winner:
        assert found[verdict.winner].rate == max(sample.rate for sample in found.values())
        assert min(sample.delivered for sample in found.values()) >= 100
