"""The gate's rules as a table: who passes, and what is said to whom does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sales_campaigns.messages.verdicts import RULES, Facts, Verdict, verdict_on

NOW = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
PASSES = Facts(
    now=NOW,
    machine_now=NOW,
    held=None,
    sender_active=True,
    mailbox_connected=True,
    mailbox_waits_until=None,
    unwanted=None,
    due_at=NOW,
    late_at=NOW + 4 * HOUR,
    valid_until=NOW + 120 * HOUR,
)

# What stands otherwise → (event, reason) of the verdict; None passes.
TABLE: list[tuple[dict[str, Any], tuple[str, str] | None]] = [
    ({}, None),
    ({"held": "the campaign is paused"}, ("return", "held")),
    ({"held": ""}, ("return", "held")),
    ({"sender_active": False}, ("return", "sender_gone")),
    ({"mailbox_connected": False}, ("return", "mailbox")),
    ({"mailbox_waits_until": NOW + SECOND}, ("return", "mailbox_waits")),
    ({"mailbox_waits_until": NOW}, None),
    ({"unwanted": ("opted_out", "unsubscribed")}, ("cancel", "opted_out")),
    ({"valid_until": NOW}, ("expire", "expired")),
    ({"valid_until": NOW + SECOND}, None),
    ({"late_at": NOW}, None),
    ({"late_at": NOW - SECOND}, ("cancel", "late")),
    ({"late_at": NOW - SECOND, "attempts": 1}, None),
    ({"late_at": None}, None),
    ({"paced_until": NOW + SECOND}, ("return", "paced")),
    ({"paced_until": NOW}, None),
]


@pytest.mark.parametrize(("otherwise", "said"), TABLE)
def test_the_table(otherwise: dict[str, Any], said: tuple[str, str] | None) -> None:
    verdict = verdict_on(replace(PASSES, **otherwise))
    assert (verdict and (verdict.event, verdict.reason)) == said


def test_the_first_objection_is_the_binding_one() -> None:
    everything = replace(
        PASSES,
        held="paused",
        sender_active=False,
        mailbox_connected=False,
        mailbox_waits_until=NOW + HOUR,
        unwanted=("blocked", "on the block list"),
        valid_until=NOW,
        late_at=NOW - HOUR,
        paced_until=NOW + HOUR,
    )
    assert all(rule.judge(everything) for rule in RULES)
    assert verdict_on(everything) == Verdict("return", "held", "paused")


def test_lateness_is_told_in_hours_and_minutes() -> None:
    late = replace(PASSES, due_at=NOW - 4.5 * HOUR, late_at=NOW - HOUR)
    verdict = verdict_on(late)
    assert verdict is not None
    assert verdict.words == "it was 4 h 30 min late and was not sent blindly"
