"""What must follow something that happened follows once, in order, however late its row becomes visible."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from sales_campaigns.activity import AWAITED, Activity
from sales_campaigns.errors import NotAllowed
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.people.models import SubscriptionChange
from sales_campaigns.reactions import BATCH, REACTIONS, TRIES, react, set_aside, try_again
from tests.cast import Cast
from tests.conftest import Work
from tests.incoming import a_raw_mail, sent, taken_in
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


def test_one_that_raises_blocks_nobody_and_is_set_aside_after_three_tries(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    due_mails(work, cast, "maria@example.com", "jo@example.com", later_steps=1)
    with work() as uow:  # it names a mail that nobody has
        uow.record("unsubscribe.received", data={})
    send(room)
    for _ in range(TRIES):
        with work() as uow:
            react(uow)
    assert states(work) == ["sent", "sent", "pending", "pending"], "the others went on at once"
    with work() as uow:
        (aside,) = set_aside(uow.session)
        assert (aside.kind, aside.tries) == ("unsubscribe.received", TRIES)
        assert aside.trouble == "KeyError: 'received'"
        with pytest.raises(NotAllowed):
            try_again(uow, cast.ana)
        assert try_again(uow, cast.cleo) == 1
    assert unanswered(work) == 1


def test_what_a_failed_batch_had_begun_is_not_kept_and_done_once(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    sent(work, cast, room)
    taken_in(work, cast, a_raw_mail("", subject="unsubscribe"))
    with work() as uow:
        uow.record("unsubscribe.received", data={"received": "no number"}, person_id=-1)
        uow.record("unsubscribe.received", data={})
    for _ in range(TRIES):
        with work() as uow:
            react(uow)
    with work() as uow:
        assert len(uow.session.scalars(sa.select(SubscriptionChange)).all()) == 1
        assert (
            uow.session.scalar(sa.select(sa.func.count()).where(Activity.kind == "person.unsubscribed")) == 1
        )
