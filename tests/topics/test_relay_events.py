"""Relays report what became of mails: signed, in any order, any number of times; the end state is the same."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest
import sqlalchemy as sa

from integrations.mailgun import Events
from sales_campaigns.accounts.mailboxes import let_relay_report
from sales_campaigns.accounts.models import User
from sales_campaigns.clock import machine_now
from sales_campaigns.enrollments.answers.relay_events import relay_events_came
from sales_campaigns.errors import Invalid, NotAllowed
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.people.models import Address
from sales_campaigns.ports.programs import RelayEvent
from sales_campaigns.reactions import react
from tests.cast import Cast
from tests.conftest import Work
from tests.incoming import sent
from tests.sink import Sink

KEY = "key-of-mailgun"


def a_mailgun_event(event: str = "failed", **more: Any) -> bytes:
    timestamp, token = str(int(machine_now().timestamp())), "t" * 50
    signed = hmac.new(KEY.encode(), f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
    data = {
        "id": "ev1",
        "event": event,
        "severity": "permanent",
        "message": {"headers": {"message-id": "m-1@north.example"}},
        "delivery-status": {"code": 550, "enhanced-code": "5.1.1", "message": "no such user"},
        **more,
    }
    signature = {"timestamp": timestamp, "token": token, "signature": signed}
    return json.dumps({"signature": signature, "event-data": data}).encode()


def test_an_event_of_mailgun_is_read() -> None:
    (read,) = Events(KEY).read(a_mailgun_event(recipient="Maria@Example.com"))
    told = ("failed", "<m-1@north.example>", 550, "5.1.1", "no such user", "maria@example.com")
    assert read == RelayEvent("ev1", *told)


@pytest.mark.parametrize(
    ("event", "severity", "kind"),
    [
        ("delivered", "", "delivered"),
        ("failed", "permanent", "failed"),
        ("failed", "temporary", "delayed"),
        ("complained", "", "complaint"),
        ("opened", "", None),
    ],
)
def test_it_says_what_the_product_knows(event: str, severity: str, kind: str | None) -> None:
    read = Events(KEY).read(a_mailgun_event(event, severity=severity))
    assert [one.kind for one in read] == ([kind] if kind else [])


@pytest.mark.parametrize("body", [b"", b"[]", b'{"signature": 1}', b"[" * 2000])
def test_what_is_no_event_is_refused(body: bytes) -> None:
    with pytest.raises(Invalid):
        Events(KEY).read(body)


def test_another_key_does_not_fit() -> None:
    with pytest.raises(NotAllowed):
        Events("another").read(a_mailgun_event())


def test_a_failure_counts_once_however_often_it_comes(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    (name,) = sent(work, cast, room, "maria@example.com")
    event = RelayEvent("ev1", "failed", name, 550, "5.1.1", "no such user")
    for _ in range(2):
        with work() as uow:
            assert relay_events_came(uow, [event]) == 1
    with work() as uow:
        state = uow.session.scalar(sa.select(Message.state).where(Message.message_id == name))
        assert state is MessageState.FAILED
        assert uow.session.scalars(sa.select(Address)).one().quarantined_at is not None


@pytest.mark.parametrize(
    ("reports", "before", "after"),
    [(True, MessageState.RELAYED, MessageState.SENT), (False, MessageState.SENT, MessageState.SENT)],
)
def test_where_its_relay_reports_a_mail_is_open_until_then(
    work: Work,
    cast: Cast,
    room: PostRoom,
    sink: Sink,
    reports: bool,
    before: MessageState,
    after: MessageState,
) -> None:
    """The rule: SMTP confirms deliveries … or where a provider's event webhook is connected."""
    with work() as uow:
        let_relay_report(uow, cast.ana, wanted=False)
        uow.session.get_one(User, cast.ana.id).can_start = True
    with work() as uow:
        let_relay_report(uow, uow.session.get_one(User, cast.ana.id), wanted=reports)
    (name,) = sent(work, cast, room, "maria@example.com")
    state = sa.select(Message.state).where(Message.message_id == name)
    with work() as uow:
        assert uow.session.scalar(state) is before
        relay_events_came(uow, [RelayEvent("ev4", "delivered", name)])
    with work() as uow:
        assert uow.session.scalar(state) is after


@pytest.mark.parametrize(
    ("recipient", "counts"), [("boss@north.example", 0), ("maria@example.com", 1), ("", 1)]
)
def test_what_became_of_a_copy_is_not_what_became_of_the_mail(
    recipient: str, counts: int, work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    (name,) = sent(work, cast, room, "maria@example.com")
    event = RelayEvent("ev1", "failed", name, 550, "5.1.1", "no such user", recipient)
    with work() as uow:
        uow.session.execute(sa.update(Message).values(cc="Boss@north.example"))
        assert relay_events_came(uow, [event]) == counts
    with work() as uow:
        bad = sa.select(Address.quarantined_at).where(Address.email == "maria@example.com")
        assert bool(uow.session.scalar(bad)) is bool(counts)


def test_who_may_not_start_deliveries_does_not_say_that_a_relay_reports(work: Work, cast: Cast) -> None:
    with work() as uow, pytest.raises(NotAllowed, match=cast.cleo.name):
        let_relay_report(uow, cast.ana, wanted=True)


def test_a_complaint_is_for_good(work: Work, cast: Cast, room: PostRoom, sink: Sink) -> None:
    (name,) = sent(work, cast, room, "maria@example.com")
    with work() as uow:
        relay_events_came(uow, [RelayEvent("ev2", "complaint", name)])
    with work() as uow:
        react(uow)
    with work() as uow:
        assert uow.session.scalars(sa.select(Address)).one().complained_at is not None


def test_a_mail_of_somebody_else_is_left_alone(work: Work) -> None:
    with work() as uow:
        assert relay_events_came(uow, [RelayEvent("ev3", "failed", "<unknown@example.com>")]) == 0
