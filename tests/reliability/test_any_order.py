"""Whatever happens in whatever order: one copy at most unless a person asked for another, and nothing is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Engine

from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.clock import VirtualClock
from sales_campaigns.enrollments.pausing import pause_campaign, resume_campaign
from sales_campaigns.errors import IllegalMove
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.handing_over.recovery import recover
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.messages.settling import send_again
from sales_campaigns.messages.states import OVER
from sales_campaigns.ports import OutgoingMail
from scheduler.jobs import run_until_quiet
from tests.cast import Cast, cast_of
from tests.conftest import Work
from tests.databases import empty
from tests.outgoing import due_mails, send, with_meanwhile
from tests.sink import Act, Sink

ANSWERS: list[tuple[str, str | Act]] = [
    ("RCPT", "451 4.3.0 later"),
    ("RCPT", "550 5.1.1 nobody"),
    ("BODY", "552 5.3.4 too large"),
    ("BODY", "451 4.3.0 later"),
    ("MAIL", "421 4.7.0 too many"),
    ("DATA", Act.DROP),
    ("BODY", Act.DROP),
    ("BODY", Act.DROP_AFTER_YES),
]
HAPPENINGS = ["tick", "kill before", "kill after", "hour", "day", "pause", "resume", "send again", "patience"]
STEPS = st.lists(st.one_of(st.sampled_from(HAPPENINGS), st.sampled_from(ANSWERS)), min_size=4, max_size=14)


class Killed(BaseException):
    """The process is gone."""


@dataclass
class World:
    """One campaign of two mails for two people, and everything that can happen to it."""

    work: Work
    cast: Cast
    room: PostRoom
    clock: VirtualClock
    sink: Sink
    asked_again: Counter[str | None] = field(default_factory=Counter)

    def happen(self, what: str | tuple[str, str | Act]) -> None:
        if isinstance(what, tuple):
            self.answer_once(*what)
            return
        acts: dict[str, Callable[[], object]] = {
            "tick": lambda: run_until_quiet(self.room),
            "kill before": lambda: self.kill(before=True),
            "kill after": lambda: self.kill(before=False),
            "hour": lambda: self.clock.forward(timedelta(hours=1)),
            "day": lambda: self.clock.forward(timedelta(days=1)),
            "pause": lambda: self.move_campaign(pause_campaign),
            "resume": lambda: self.move_campaign(resume_campaign),
            "send again": self.ask_again,
            "patience": self.end_patience,
        }
        acts[what]()

    def answer_once(self, at: str, what: str | Act) -> None:
        left = [what]
        self.sink.obey(lambda position, _argument: left.pop() if position == at and left else None)

    def kill(self, *, before: bool) -> None:
        """Die at the first hand-over, before the server hears of it or when it has answered; then start again."""

        def die(_mail: OutgoingMail) -> None:
            raise Killed

        doomed = with_meanwhile(self.room, before=die) if before else with_meanwhile(self.room, after=die)
        with suppress(Killed):
            send(doomed)
        with self.work() as uow:
            recover(uow, everything=True)

    def move_campaign(self, move: Callable[..., None]) -> None:
        with suppress(IllegalMove), self.work() as uow:  # it is paused already, or runs
            move(uow, self.cast.cleo, uow.session.scalars(sa.select(Campaign)).one())

    def ask_again(self) -> None:
        with self.work() as uow:
            unsettled = sa.select(Message).where(Message.state == MessageState.UNCERTAIN).limit(1)
            for message in uow.session.scalars(unsettled):
                self.asked_again[message.message_id] += 1
                send_again(uow, self.cast.ana, message)

    def end_patience(self) -> None:
        with self.work() as uow:
            uow.session.execute(sa.text("UPDATE mailbox SET paused_until = NULL"))

    def check(self) -> None:
        copies = Counter(mail.message_id for mail in self.sink.caught)
        for name, times in copies.items():
            assert times <= 1 + self.asked_again[name], f"{name} left {times} times"
        with self.work() as uow:
            for message in uow.session.scalars(sa.select(Message)):
                self.check_one(message, copies)

    def check_one(self, message: Message, copies: Counter[str]) -> None:
        assert message.state not in {MessageState.CLAIMED, MessageState.SENDING}, "nobody is at work"
        assert message.owner is None and message.lease_until is None
        assert (message.ended_at is not None) == (message.state in OVER)
        if message.state is MessageState.SENT:
            assert copies[message.message_id or ""] >= 1
        if message.state in {MessageState.UNCERTAIN, MessageState.RETRYING, MessageState.FAILED}:
            assert message.words, "it says why"


@pytest.fixture
def world(engine: Engine, work: Work, room: PostRoom, clock: VirtualClock) -> Callable[[Sink], World]:
    """A fresh world each time it is asked for."""

    def begin(sink: Sink) -> World:
        empty(engine)
        with work() as uow:
            cast = cast_of(uow)
            for box in (cast.ana_box, cast.ben_box, cast.dirk_box):
                box.port = sink.port
        due_mails(work, cast, "maria@example.com", "nils@example.com", later_steps=1)
        return World(work, cast, room, clock, sink)

    return begin


def live(world: Callable[[Sink], World], steps: list[str | tuple[str, str | Act]]) -> None:
    with Sink() as sink:
        here = world(sink)
        for step in steps:
            here.happen(step)
            here.check()
        here.end_patience()
        run_until_quiet(here.room)
        here.check()


def options(examples: int) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
        database=None,
    )


@options(15)
@given(steps=STEPS)
def test_in_any_order_nothing_leaves_twice_and_nothing_is_lost(
    world: Callable[[Sink], World], steps: list[str | tuple[str, str | Act]]
) -> None:
    live(world, steps)


@pytest.mark.deep
@options(400)
@given(steps=STEPS)
def test_nor_in_very_many_orders(
    world: Callable[[Sink], World], steps: list[str | tuple[str, str | Act]]
) -> None:
    live(world, steps)
