"""A wrong password; a server that trickles, never answers, hangs up, floods or greylists: the other mailboxes go on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.torture.mailboxes import send_from_many


@pytest.mark.deep
def test_bad_mailboxes_say_so_and_the_others_keep_their_time(tmp_path: Path) -> None:
    """The rule: a due message starts within 30 s at p99 (spec/6). `make torture` asks it of 200 mailboxes."""
    found = send_from_many(tmp_path, boxes=6, each=2)
    assert found.wrong == [] and found.taken == 6 * 2
