"""The servers that provider tests talk to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sink import Manners, Sink


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as made:
        yield made


@pytest.fixture(
    params=[Manners(), Manners(together=True), Manners(pipelining=False)],
    ids=["pipelined", "together", "one by one"],
)
def either(request: pytest.FixtureRequest) -> Iterator[Sink]:
    """A server with pipelining, one that gives the answers to a group together, and one without."""
    with Sink(request.param) as made:
        yield made
