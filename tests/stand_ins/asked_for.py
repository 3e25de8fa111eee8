"""Those that stand in for vendors, for any test that asks for one by its name. Loaded by tests/conftest.py."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stand_ins.google import Google
from tests.stand_ins.microsoft import Microsoft
from tests.stand_ins.vendors import Vendor, vendor_called


@pytest.fixture
def google() -> Iterator[Google]:
    with Google() as made:
        yield made


@pytest.fixture
def microsoft() -> Iterator[Microsoft]:
    with Microsoft() as made:
        yield made


@pytest.fixture(params=["gmail", "outlook"])
def vendor(request: pytest.FixtureRequest) -> Iterator[Vendor]:
    """Either of them: what holds for one holds for the other."""
    with vendor_called(request.param) as made:
        yield made
