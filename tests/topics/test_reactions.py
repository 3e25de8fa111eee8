"""What must follow something that happened follows once, in order, however late its row becomes visible."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from sales_campaigns.activity import AWAITED, Activity
from sales_campaigns.messages.dispatching import PostRoom
from sales_campaigns.reactions import BATCH, REACTIONS, react
from tests.cast import Cast
from tests.conftest import Work
from tests.outgoing import due_mails, send, states
from tests.sink import Sink

# SQLite lets one transaction write at a time, so there is nothing to see.
on_postgresql = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)


def happens(work: Work, times: int = 1) -> None:
    with work() as uow:
        for _ in range(times):
            uow.record("message.sent")


def unanswered(work: Work) -> int:
    with work() as uow:
        open_ = sa.select(sa.func.count(Activity.id)).where(Activity.awaited, Activity.reacted_at.is_(None))
        return uow.session.scalar(open_) or 0


def test_what_is_awaited_and_what_follows_are_the_same_list() -> None:
    assert set(REACTIONS) == AWAITED


def test_the_next_step_follows_once(work: Work, cast: Cast, room: PostRoom, sink: Sink) -> None:
    due_mails(work, cast, "maria@example.com", later_steps=1)
    send(room)
    for _ in range(3):
        with work() as uow:
            react(uow)
    assert states(work) == ["sent", "pending"]


def test_it_works_in_batches_until_nothing_is_left(work: Work) -> None:
    happens(work, BATCH + 3)
    done = []
    for _ in range(3):
        with work() as uow:
            done.append(react(uow))
    assert done == [BATCH, 3, 0]


def test_what_a_failed_reaction_took_is_open_again(work: Work) -> None:
    happens(work)
    with work() as uow:
        assert react(uow) == 1
        uow.session.rollback()
    assert unanswered(work) == 1


@on_postgresql
def test_two_processes_share_what_is_open(work: Work) -> None:
    happens(work, 3)
    with work() as one:
        first = react(one)
        with work() as other:
            second = react(other)
    assert (first, second, unanswered(work)) == (3, 0, 0)


@on_postgresql
def test_a_row_that_becomes_visible_late_is_not_forgotten(work: Work) -> None:
    """The lower number commits after the higher one was read: a cursor would have passed it by."""
    with work() as slow:
        slow.record("message.sent")
        slow.session.flush()
        with work() as fast:
            fast.record("message.sent")
        with work() as uow:
            assert react(uow) == 1
    with work() as uow:
        assert react(uow) == 1
    assert unanswered(work) == 0
