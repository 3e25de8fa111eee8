"""A machine that has no more descriptors, or no more room on its disk: mail waits or goes on, and nothing is lost."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from sales_campaigns.messages.handing_over.dispatching import PostRoom
from tests.cast import Cast
from tests.conftest import Work
from tests.outgoing import due_mails, send, states
from tests.sink import Sink
from tests.stand_ins.imap import ImapServer
from tests.torture.installation import ROOT


def said(*arguments: object) -> Any:
    program = [sys.executable, "-m", "tests.reliability.scarce", *map(str, arguments)]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])  # before it stands what the product logs


def test_without_descriptors_mail_is_not_sent_and_not_failed_and_goes_on_with_them() -> None:
    """The rule: transient, retried within validity (spec/5); the mailbox says what is wrong."""
    with Sink() as server, ImapServer() as inbox:
        found = said("descriptors", server.port, inbox.port)
        assert len(server.caught) == 2
    assert found[:2] == ["transient", "transient"] and found[3:] == ["sent", "sent", "read"]
    assert found[2].startswith("transient: ") and "Too many open files" in found[2]


def test_a_journal_that_cannot_be_written_is_gone_at_once(tmp_path: Path) -> None:
    """One without its last lines would call a mail never begun, which would be sent again."""
    assert said("disk", tmp_path) == []


def test_where_no_journal_can_be_made_mail_leaves_without_one(
    work: Work, cast: Cast, room: PostRoom, sink: Sink, tmp_path: Path
) -> None:
    (tmp_path / "full").write_text("")
    due_mails(work, cast, "maria@example.com")
    send(replace(room, journals=tmp_path / "full" / "journals"))
    assert states(work) == ["sent"] and len(sink.caught) == 1
