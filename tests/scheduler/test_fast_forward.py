"""Virtual time jumps from one due instant to the next, and work is done at its own instant."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sales_campaigns.clock import VirtualClock
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from scheduler.fast_forward import fast_forward, next_due
from scheduler.jobs import Job, run_until_quiet
from tests.cast import Cast
from tests.conftest import Work
from tests.outgoing import due_mails, message, states
from tests.sink import Sink


def test_each_mail_leaves_at_its_own_instant(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, sink: Sink
) -> None:
    begun = clock.now()
    [first] = due_mails(work, cast, "maria@example.com", later_steps=2)
    fast_forward(room, clock, begun + timedelta(days=7))
    assert states(work) == ["sent"] * 3
    sent = [message(work, first + number) for number in range(3)]
    assert [one.sent_at for one in sent] == [one.due_at for one in sent]
    assert clock.now() == begun + timedelta(days=7)


def test_it_does_nothing_that_is_due_later(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, sink: Sink
) -> None:
    due_mails(work, cast, "maria@example.com", later_steps=1)
    fast_forward(room, clock, clock.now() + timedelta(hours=1))
    assert states(work) == ["sent", "pending"]
    assert next_due(room, clock.now()) is not None


def test_nothing_due_means_only_that_time_passes(room: PostRoom, clock: VirtualClock) -> None:
    until = clock.now() + timedelta(days=365)
    fast_forward(room, clock, until)
    assert clock.now() == until and next_due(room, until) is None


def test_work_that_never_ends_is_found_out(room: PostRoom) -> None:
    endless = Job("endless", lambda _room: ["all"], lambda _room, _key: 1)
    with pytest.raises(RuntimeError, match="does not come to an end"):
        run_until_quiet(room, [endless], rounds=5)
