"""One post office for all tests of a worker: starting it takes three seconds. Loaded by tests/conftest.py."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.mta.post_office import PostOffice, post_office


@pytest.fixture(scope="session")
def shared_office() -> Iterator[PostOffice]:
    with post_office() as office:
        yield office


@pytest.fixture
def office(shared_office: PostOffice) -> PostOffice:
    """Ana's mail server with an empty mailbox."""
    shared_office.clear()
    return shared_office
