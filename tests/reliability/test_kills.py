"""The real process, killed with -9 while it sends: nothing is lost, nothing is sent twice, the history is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.databases import postgresql_url, worker_name
from tests.torture.kills import kill_while_sending


def test_it_loses_nothing_and_sends_nothing_twice_when_it_is_killed(tmp_path: Path) -> None:
    ledger = kill_while_sending(tmp_path, messages=150, kills=3, seed=1)
    assert ledger.wrong == []
    assert ledger.states.get("uncertain", 0) <= 3, "at most the one that was being handed over at each kill"


def test_it_holds_the_same_on_a_bulk_lane(tmp_path: Path) -> None:
    """The rule: at most one uncertain for each connection; what was let through and not begun goes back."""
    ledger = kill_while_sending(tmp_path, messages=400, kills=3, seed=3, bulk=True)
    assert ledger.wrong == []
    assert ledger.states.get("uncertain", 0) <= 3 * 4


@pytest.mark.deep
def test_it_holds_the_same_on_postgresql_where_claims_end_with_their_lease(tmp_path: Path) -> None:
    url = postgresql_url(f"{worker_name()}_kills")
    ledger = kill_while_sending(tmp_path, messages=150, kills=3, seed=2, database_url=url)
    assert ledger.wrong == []
    assert ledger.states.get("uncertain", 0) <= 3
