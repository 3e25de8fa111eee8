"""Which variant is better, and when nobody knows yet: pure.

The rule: no winner before 100 delivered of each, and none without a two-proportion test at 95 %.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

FLOOR = 100
DOUBT = 0.05
FEWEST = 5.0  # expected in each cell: with fewer the test sees winners where there are none


@dataclass(frozen=True, slots=True)
class Sample:
    """Of `delivered` people `hits` did what is compared."""

    delivered: int
    hits: int

    @property
    def rate(self) -> float:
        return self.hits / self.delivered if self.delivered else 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """`winner` is a letter, "" while there is none; `words` say which, or what it lacks."""

    winner: str
    words: str


def verdict_of(samples: Mapping[str, Sample]) -> Verdict | None:
    """Letter → sample of the variants that are compared. None for fewer than two."""
    if len(samples) < 2:
        return None
    least = min(sample.delivered for sample in samples.values())
    if least < FLOOR:
        return Verdict("", f"No winner yet: {least} of {FLOOR} delivered.")
    best = max(samples, key=lambda letter: samples[letter].rate)
    others = [samples[letter] for letter in samples if letter != best]
    if not all(_is_countable(samples[best], other) for other in others):
        return Verdict("", "No winner yet: too few did it to tell.")
    if all(chance_of(samples[best], other) < _doubt(samples) for other in others):
        return Verdict(best, f"{best} is better, 95 %.")
    return Verdict("", "No winner yet: the difference may be chance.")


def chance_of(one: Sample, other: Sample) -> float:
    """How likely two samples of the same proportion differ by as much: two-sided, pooled, from 0 to 1."""
    pooled = (one.hits + other.hits) / (one.delivered + other.delivered)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / one.delivered + 1 / other.delivered))
    if not spread:
        return 1.0
    return math.erfc(abs(one.rate - other.rate) / spread / math.sqrt(2))


def _doubt(samples: Mapping[str, Sample]) -> float:
    """Among more than two the best is picked after the fact: the doubt is shared by all pairs."""
    return DOUBT / len(list(combinations(samples, 2)))


def _is_countable(one: Sample, other: Sample) -> bool:
    pooled = (one.hits + other.hits) / (one.delivered + other.delivered)
    return min(one.delivered, other.delivered) * min(pooled, 1 - pooled) >= FEWEST
