"""A part of the long counts: SHARD=3/8 asks the third of eight, with random numbers of its own that stay the same.

So a long count is run in parts, on several machines or one after the other, and a part that failed is run again.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass

import hypothesis
import pytest

Test = Callable[..., None]
MOST = 50  # every count has something for each part


@dataclass(frozen=True, slots=True)
class Shard:
    """The part `number` of `of`, from 1; 1 of 1 is everything."""

    number: int = 1
    of: int = 1

    def share(self, count: int) -> int:
        """How many of `count` are asked here: over all parts it is `count`."""
        return len(self.among(range(count)))

    def among(self, seeds: range) -> range:
        """Those of these seeds that are asked here: each belongs to one part."""
        return seeds[self.number - 1 :: self.of]

    def seed(self, first: int) -> int:
        """A seed of this part alone, for what begins with one; that of the whole is `first`."""
        return first + self.number - 1

    def drawn(self, test: Test) -> Test:
        """What a property draws in this part: the same each time. The whole draws anew."""
        return test if self.of == 1 else hypothesis.seed(self.number)(test)


def shard_from(written: str) -> Shard:
    """Read "3/8"; nothing is everything. Raises pytest.UsageError."""
    found = re.fullmatch(r"([1-9]\d?)/([1-9]\d?)", written or "1/1")
    if found is None or not int(found[1]) <= int(found[2]) <= MOST:
        raise pytest.UsageError(
            f"SHARD={written}: write which part of how many (at most {MOST}), such as 3/8"
        )
    return Shard(int(found[1]), int(found[2]))


SHARD = shard_from(os.environ.get("SHARD", ""))
