"""A finished delivery whose mail comes back soft: it is in progress while that is tried again, until it is over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.clock import VirtualClock
from sales_campaigns.deliveries.pausing import pause, resume, stop
from sales_campaigns.errors import IllegalMove
from sales_campaigns.messages.feedback.qualifying import Answered
from sales_campaigns.messages.feedback.taking import Feedback, take
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.incoming.reports import ReportKind
from sales_campaigns.messages.models import Message
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.deliveries import confirmed, delivery, figures, let_jobs_run, said
from tests.outgoing import states
from tests.sink import Sink
from tests.topics.test_delivery_sending import send_all

OVER_QUOTA = (ReportKind.FAILED, Answered(452, "4.2.2", "over quota"))


@pytest.fixture
def finished(work: Work, cast: Cast, room: PostRoom, sink: Sink) -> Iterator[int]:
    """One mail of it has left on a bulk lane, and it has finished."""
    with work() as uow:
        a_person(uow, cast.ana, "a@example.com")
        uow.session.execute(sa.update(Mailbox).values(bulk_lane=True))
    number = confirmed(work, cast.cleo)
    send_all(work, room)
    assert delivery(work, number).state == "finished"
    yield number


def comes_back(work: Work) -> None:
    with work() as uow:
        take(uow, [Feedback(uow.session.scalars(sa.select(Message.id)).one(), "report", *OVER_QUOTA)])


def test_it_is_in_progress_while_mail_is_tried_again_and_finishes_once_more(
    work: Work, room: PostRoom, clock: VirtualClock, finished: int
) -> None:
    """The rule: soft failures carry “retrying” until the validity period ends."""
    comes_back(work)
    let_jobs_run(work)
    assert (delivery(work, finished).state, states(work)) == ("in_progress", ["retrying"])
    assert delivery(work, finished).ended_at is None
    assert "info: Mail came back and is tried again: it is in progress until that is over." in said(
        work, finished
    )
    clock.forward(timedelta(hours=2))
    send_all(work, room)
    assert (delivery(work, finished).state, states(work)) == ("finished", ["sent"])
    assert (figures(work, finished).sent, figures(work, finished).failed) == (1, 0)


def test_it_is_stopped_at_once_and_what_is_tried_again_is_cancelled(
    work: Work, cast: Cast, room: PostRoom, sink: Sink, clock: VirtualClock, finished: int
) -> None:
    """The rule: stop cancels what is queued or retrying. Nobody waits for the next look of the scheduler."""
    comes_back(work)
    with work() as uow:
        assert stop(uow, cast.cleo, finished) == 1
    clock.forward(timedelta(days=1))
    send_all(work, room)
    assert (delivery(work, finished).state, len(sink.caught)) == ("stopped", 1)
    assert (figures(work, finished).sent, figures(work, finished).failed) == (0, 1)


def test_it_is_paused_and_goes_on(
    work: Work, cast: Cast, room: PostRoom, sink: Sink, clock: VirtualClock, finished: int
) -> None:
    comes_back(work)
    with work() as uow:
        pause(uow, cast.cleo, finished)
    clock.forward(timedelta(hours=2))
    send_all(work, room)
    assert len(sink.caught) == 1
    with work() as uow:
        resume(uow, cast.cleo, finished)
    send_all(work, room)
    assert (delivery(work, finished).state, len(sink.caught)) == ("finished", 2)


def test_it_ends_with_its_validity(work: Work, room: PostRoom, clock: VirtualClock, finished: int) -> None:
    comes_back(work)
    let_jobs_run(work)
    clock.forward(timedelta(days=6))
    let_jobs_run(work)
    assert (delivery(work, finished).state, states(work)) == ("finished", ["cancelled"])
    assert figures(work, finished).failed == 1


def test_one_of_which_nothing_came_back_stays_finished(work: Work, cast: Cast, finished: int) -> None:
    with work() as uow, pytest.raises(IllegalMove, match="it is finished"):
        stop(uow, cast.cleo, finished)
    let_jobs_run(work)
    assert delivery(work, finished).state == "finished"
