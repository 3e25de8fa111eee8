"""Webhooks, the pure rules: how a call is signed, when it is tried again, what a webhook is told of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.webhooks.addresses import is_public
from sales_campaigns.api_access.scopes import Scope, suffices
from sales_campaigns.webhooks.backing_off import FOR, next_try
from sales_campaigns.webhooks.signing import headers_of, is_signed, signature_of
from sales_campaigns.webhooks.telling import wants

NOW = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_it_signs_as_standard_webhooks_does() -> None:
    """Their own example: id, timestamp and body with dots between them."""
    body = b'{"test": 2432232314}'
    signed = signature_of(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert signed == "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(st.binary(max_size=200), st.integers(0, 2**31), st.binary(min_size=1, max_size=5))
def test_what_was_signed_is_known_and_nothing_else(body: bytes, at: int, more: bytes) -> None:
    made = headers_of(SECRET, "call_1", at, body)
    shown = (made["webhook-id"], made["webhook-timestamp"], made["webhook-signature"])
    assert is_signed(SECRET, shown, body, at)
    assert not is_signed(SECRET, shown, body + more, at)
    assert not is_signed(SECRET, shown, body, at + 301)
    assert not is_signed("whsec_another", shown, body, at)


def test_a_call_is_tried_later_and_later_for_three_days() -> None:
    tries, at, pauses = 0, NOW, []
    while (later := next_try(tries := tries + 1, NOW, at)) is not None:
        pauses.append(later - at)
        at = later
    assert pauses == sorted(pauses)
    assert pauses[0] == timedelta(seconds=10)
    assert timedelta(days=2, hours=12) < at - NOW <= FOR
    assert len(pauses) < 20


@pytest.mark.parametrize(
    ("kinds", "kind", "told"),
    [
        ([], "task.completed", True),
        (["task."], "task.completed", True),
        (["task.completed"], "task.completed", True),
        (["task.completed"], "task.skipped", False),
        (["task"], "task.completed", False),
        (["message.", "reply."], "reply.received", True),
        (["message."], "messages.sent", False),
    ],
)
def test_it_is_told_of_the_kinds_that_it_names(kinds: list[str], kind: str, told: bool) -> None:
    assert wants(kinds, kind) is told


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2a00:1450:4001:830::200e", True),
        ("127.0.0.1", False),
        ("0.0.0.0", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::a00:1", False),
        ("2002:7f00:1::", False),
    ],
)
def test_it_reaches_public_addresses_only(address: str, public: bool) -> None:
    assert is_public(address) is public


@pytest.mark.parametrize(
    ("held", "areas", "needed", "area", "enough"),
    [
        (Scope.READ, [], Scope.READ, "tasks", True),
        (Scope.READ, [], Scope.WRITE, "tasks", False),
        (Scope.WRITE, [], Scope.READ, "tasks", True),
        (Scope.WRITE, [], Scope.ADMIN, "users", False),
        (Scope.ADMIN, [], Scope.WRITE, "tasks", True),
        (Scope.WRITE, ["people"], Scope.WRITE, "tasks", False),
        (Scope.WRITE, ["people", "tasks"], Scope.WRITE, "tasks", True),
    ],
)
def test_a_scope_contains_those_below_it(
    held: Scope, areas: list[str], needed: Scope, area: str, enough: bool
) -> None:
    assert suffices(held, areas, needed, area) is enough
