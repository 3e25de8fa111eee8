"""A person says what nobody else knows: it was sent, send it again, or go on without it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.activity import Activity
from sales_campaigns.clock import VirtualClock
from sales_campaigns.errors import IllegalMove
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.settling import give_it_up, say_it_was_sent, send_again
from sales_campaigns.unit_of_work import UnitOfWork
from scheduler.fast_forward import fast_forward
from scheduler.jobs import run_until_quiet
from tests.cast import Cast
from tests.conftest import Work
from tests.outgoing import due_mails, message, states
from tests.sink import Act, Sink

Settle = Callable[[UnitOfWork, User, Message], None]


@pytest.fixture
def uncertain(work: Work, cast: Cast, room: PostRoom, sink: Sink) -> int:
    """A mail that the server read to its end and never answered; another step would follow it."""
    sink.obey(lambda position, argument: Act.DROP if position == "BODY" else None)
    [first] = due_mails(work, cast, "maria@example.com", later_steps=1)
    run_until_quiet(room)
    assert states(work) == ["uncertain"], "no next step while nobody knows"
    sink.obey(lambda position, argument: None)
    return first


def settle(work: Work, cast: Cast, message_id: int, answer: Settle) -> None:
    with work() as uow:
        answer(uow, cast.ana, uow.session.get_one(Message, message_id))


def test_it_was_sent(uncertain: int, work: Work, cast: Cast, room: PostRoom, sink: Sink) -> None:
    settle(work, cast, uncertain, say_it_was_sent)
    run_until_quiet(room)
    assert states(work) == ["sent", "pending"] and not sink.caught
    assert message(work, uncertain).sent_at == message(work, uncertain).due_at


def test_send_it_again_under_the_same_name(
    uncertain: int, work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    name = message(work, uncertain).message_id
    settle(work, cast, uncertain, send_again)
    run_until_quiet(room)
    assert states(work) == ["sent", "pending"]
    assert [mail.message_id for mail in sink.caught] == [name], "a copy would be seen to be one"


def test_send_it_again_also_long_after_its_time(
    uncertain: int, work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, sink: Sink
) -> None:
    fast_forward(room, clock, clock.now() + timedelta(days=9))
    settle(work, cast, uncertain, send_again)
    run_until_quiet(room)
    assert message(work, uncertain).state == "sent" and len(sink.caught) == 1


def test_go_on_without_it(
    uncertain: int, work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, sink: Sink
) -> None:
    settle(work, cast, uncertain, give_it_up)
    run_until_quiet(room)
    assert states(work) == ["failed", "pending"] and message(work, uncertain).reason == "given_up"
    fast_forward(room, clock, clock.now() + timedelta(days=3))
    assert states(work) == ["failed", "sent"]


@pytest.mark.parametrize("answer", [say_it_was_sent, send_again, give_it_up])
def test_it_is_settled_once_and_the_history_says_by_whom(
    answer: Settle, uncertain: int, work: Work, cast: Cast, sink: Sink
) -> None:
    settle(work, cast, uncertain, answer)
    for other in (say_it_was_sent, send_again, give_it_up):
        with pytest.raises(IllegalMove, match="settled already"):
            settle(work, cast, uncertain, other)
    with work() as uow:
        told = uow.session.scalars(
            sa.select(Activity).where(Activity.actor_id == cast.ana.id).order_by(Activity.id)
        ).all()
        assert told[-1].message_id == uncertain
