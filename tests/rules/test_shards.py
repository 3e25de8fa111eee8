"""Parts of a long count are the whole, each once."""

from __future__ import annotations

import pytest

from tests.shards import Shard, shard_from


@pytest.mark.parametrize("of", [1, 2, 3, 8, 50])
def test_all_parts_are_the_whole(of: int) -> None:
    parts = [Shard(number, of) for number in range(1, of + 1)]
    assert sorted(seed for part in parts for seed in part.among(range(1_000, 1_125))) == [
        *range(1_000, 1_125)
    ]
    assert sum(part.share(500) for part in parts) == 500
    assert len({part.seed(7) for part in parts}) == of


def test_without_a_part_it_is_everything() -> None:
    assert shard_from("") == Shard(1, 1) and Shard().seed(7) == 7
    assert shard_from("3/8") == Shard(3, 8)


@pytest.mark.parametrize("written", ["0/8", "9/8", "3", "a/b", "1/0", "-1/8", "1/60"])
def test_anything_else_is_refused(written: str) -> None:
    with pytest.raises(pytest.UsageError, match="such as 3/8"):
        shard_from(written)
