"""The sandbox: what comes back, when, and that it is the same every time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest

from integrations.sandbox import SandboxMail
from sales_campaigns.clock import VirtualClock
from sales_campaigns.messages.incoming.facts import parsed
from sales_campaigns.messages.incoming.reports import ReportKind, reports_of
from sales_campaigns.ports import Act, Deed, MailAccount
from tests.providers.mails import a_mail, kinds

ACCOUNT = MailAccount(1, "sandbox", "ana@ana.example")
HOUR = timedelta(hours=1)


def played(*acts: Act) -> tuple[SandboxMail, VirtualClock]:
    """A sandbox that took one mail, whose recipient does this."""
    clock = VirtualClock(datetime(2026, 11, 30, 8, tzinfo=UTC))

    def script(_who: str, _number: int) -> Sequence[Act]:
        return acts

    sandbox = SandboxMail(script, clock.now)
    list(sandbox.open(ACCOUNT).hand_over([a_mail(1)]))
    return sandbox, clock


def came(sandbox: SandboxMail) -> list[str]:
    return [mail.uid for mail in sandbox.changes(ACCOUNT.address, "").mails]


def test_it_files_a_copy_of_what_was_sent() -> None:
    sandbox, _ = played()
    [copy] = sandbox.changes(ACCOUNT.address, "").mails
    assert copy.own and copy.raw == a_mail(1).mime and copy.thread_id == "<1@mail.ana.example>"


def test_what_comes_back_comes_in_its_time_and_once() -> None:
    sandbox, clock = played(Act(Deed.REPLY, HOUR, "Yes."))
    cursor = sandbox.changes(ACCOUNT.address, "").cursor
    assert sandbox.changes(ACCOUNT.address, cursor).mails == ()
    assert sandbox.next_event(clock.now()) == clock.now() + HOUR
    clock.forward(HOUR)
    changes = sandbox.changes(ACCOUNT.address, cursor)
    assert [mail.uid for mail in changes.mails] == ["in-1"]
    assert sandbox.changes(ACCOUNT.address, changes.cursor).mails == ()
    assert sandbox.next_event(clock.now()) is None and came(sandbox) == ["own-1", "in-1"]


def test_a_reply_stands_in_the_thread_of_what_it_answers() -> None:
    sandbox, clock = played(Act(Deed.REPLY, HOUR, "Yes."))
    clock.forward(HOUR)
    mail = message_from_bytes(sandbox.changes(ACCOUNT.address, "").mails[-1].raw, policy=policy.default)
    assert (mail["In-Reply-To"], mail["Subject"]) == ("<1@mail.ana.example>", "Re: A thought")
    assert mail["From"] == "person1@ben.example" and mail["To"] == ACCOUNT.address


@pytest.mark.parametrize(
    ("deed", "kind"), [(Deed.HARD, ReportKind.FAILED), (Deed.COMPLAINT, ReportKind.COMPLAINT)]
)
def test_its_reports_can_be_read_as_those_of_servers(deed: Deed, kind: ReportKind) -> None:
    sandbox, clock = played(Act(deed, HOUR))
    clock.forward(HOUR)
    raw = sandbox.changes(ACCOUNT.address, "").mails[-1].raw
    [report] = reports_of(parsed(raw))
    assert (report.kind, report.original_message_id) == (kind, "<1@mail.ana.example>")
    assert report.recipient == "person1@ben.example"


def test_it_refuses_once_what_is_soft_then_fine_and_always_what_is_hard() -> None:
    sandbox, _ = played(Act(Deed.SOFT_THEN_FINE))
    assert sandbox.taken == []
    assert kinds(sandbox.open(ACCOUNT).hand_over([a_mail(1)])) == ["sent"]
    hard, _ = played(Act(Deed.HARD))
    assert kinds(hard.open(ACCOUNT).hand_over([a_mail(1)])) == ["recipient"] and came(hard) == []


def test_opens_and_clicks_are_looks() -> None:
    sandbox, clock = played(Act(Deed.OPEN, HOUR), Act(Deed.CLICK, 2 * HOUR))
    clock.forward(HOUR)
    [look] = sandbox.looks(0)
    assert (look.message_id, look.clicked) == ("<1@mail.ana.example>", False)
    clock.forward(HOUR)
    assert [look.clicked for look in sandbox.looks(1)] == [True]
