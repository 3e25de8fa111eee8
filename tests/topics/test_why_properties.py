"""Follow what Why? says, whatever is the matter: exactly one reason, it decides the moment, and then it happens."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Engine

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.clock import VirtualClock, machine_now
from sales_campaigns.enrollments.explaining.why import Explained, why_person
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.limiting import change_limit
from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.enrollments.pausing import (
    pause_campaign,
    pause_enrollment,
    resume_campaign,
    resume_enrollment,
)
from sales_campaigns.enrollments.progress import complete_task
from sales_campaigns.enrollments.states import UNDER_WAY
from sales_campaigns.errors import IllegalMove
from sales_campaigns.messages.explaining.trace import Stand
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.models import Hold, Message, MessageState
from sales_campaigns.messages.settling import say_it_was_sent
from sales_campaigns.people.models import Address, Person
from sales_campaigns.presence import Presence, beat
from sales_campaigns.tasks.models import Task
from sales_campaigns.unit_of_work import UnitOfWork, unit_of_work
from scheduler.fast_forward import fast_forward
from scheduler.jobs import run_until_quiet
from tests.builders import a_call, a_campaign, a_mail
from tests.cast import Cast, a_person, cast_of
from tests.conftest import Work
from tests.databases import empty
from tests.shards import SHARD
from tests.sink import Sink

SECOND = timedelta(seconds=1)
ROUNDS = 40


def change(model: Any, **values: Any) -> Callable[[UnitOfWork, Cast], object]:
    return lambda uow, _cast: uow.session.execute(sa.update(model).values(**values))


def only(uow: UnitOfWork, model: Any) -> Any:
    return uow.session.scalars(sa.select(model).order_by(model.id)).first()


def marias(uow: UnitOfWork, model: Any, *where: Any) -> Any:
    who = sa.select(Person.id).where(Person.email == "maria@example.com").scalar_subquery()
    return uow.session.scalars(sa.select(model).where(model.person_id == who, *where)).one()


def waiting(state: str, **values: Any) -> Callable[[UnitOfWork, Cast], object]:
    """The first mail of Maria that waits stands as if a server had answered so."""

    def put(uow: UnitOfWork, _cast: Cast) -> None:
        pending = (Message.state == "pending", Message.email == "maria@example.com")
        first = sa.select(sa.func.min(Message.id)).where(*pending).scalar_subquery()
        given = {name: value(uow) if callable(value) else value for name, value in values.items()}
        uow.session.execute(sa.update(Message).where(Message.id == first).values(state=state, **given))

    return put


def instance(*, stopped: bool) -> Callable[[UnitOfWork, Cast], object]:
    words = "all sending is stopped" if stopped else ""
    return lambda uow, _cast: uow.session.execute(
        sa.update(Hold).where(Hold.kind == "instance").values(stopped=stopped, why=words)
    )


TROUBLES: dict[str, Callable[[UnitOfWork, Cast], object]] = {
    "the campaign is paused": lambda uow, cast: pause_campaign(uow, cast.cleo, only(uow, Campaign)),
    "the person is paused": lambda uow, cast: pause_enrollment(uow, cast.ana, marias(uow, Enrollment)),
    "the mailbox is lost": change(Mailbox, state="needs_reconnect", trouble="535 sign in again"),
    "the mailbox waits": lambda uow, cast: change(
        Mailbox, paused_until=machine_now() + timedelta(hours=1), trouble="421 too many"
    )(uow, cast),
    "sending is stopped": instance(stopped=True),
    "the sender is deactivated": change(User, active=False),
    "the address opted out": lambda uow, cast: change(Address, opted_out_at=uow.now)(uow, cast),
    "the server refused it for now": waiting(
        "retrying", attempts=1, words="451 later", act_at=lambda uow: uow.now + timedelta(hours=1)
    ),
    "nobody knows whether it left": waiting("uncertain", words="no answer", attempts=1),
    "nobody keeps time": lambda uow, _cast: uow.session.execute(sa.delete(Presence)),
}
# The binding gate → what puts it right. What is only a matter of time needs nothing but time.
PUT_RIGHT: dict[str, Callable[[UnitOfWork, Cast], object]] = {
    "campaign": lambda uow, cast: resume_campaign(uow, cast.cleo, only(uow, Campaign)),
    "person_in_the_campaign": lambda uow, cast: resume_enrollment(uow, cast.ana, marias(uow, Enrollment)),
    "mailbox": change(Mailbox, state="connected", trouble=""),
    "mailbox's_pace": change(Mailbox, paused_until=None, trouble=""),
    "sending": instance(stopped=False),
    "sender": change(User, active=True),
    "may_be_mailed": change(Address, opted_out_at=None),
    "hand-over": lambda uow, cast: say_it_was_sent(
        uow, cast.ana, marias(uow, Message, Message.state == "uncertain")
    ),
    "task": lambda uow, cast: complete_task(
        uow, cast.ana, marias(uow, Task, Task.state == "open")
    ),
    "scheduler": lambda uow, _cast: beat(uow.session, "scheduler"),
    "daily_limit": lambda uow, cast: change_limit(uow, cast.ana, "500"),
    "not_too_late": change(Message, late_at=None),
}  # fmt: skip


@dataclass
class World:
    """Maria on her way through a call and mails, behind others in a mailbox that may have a small limit."""

    work: Work
    cast: Cast
    room: PostRoom
    clock: VirtualClock

    def steps(self) -> list[Explained]:
        with self.work() as uow:
            maria = uow.session.scalars(sa.select(Person).where(Person.email == "maria@example.com")).one()
            return why_person(uow.session, maria, uow.now)

    def first_open(self) -> Explained | None:
        return next((one for one in self.steps() if one.trace.binding is not None), None)

    def under_way(self) -> bool:
        with self.work() as uow:
            return marias(uow, Enrollment).state in UNDER_WAY

    def act(self, what: Callable[[UnitOfWork, Cast], object]) -> None:
        with self.work() as uow:
            what(uow, self.cast)

    def state_of(self, one: Explained) -> str:
        with self.work() as uow:
            return str(uow.session.get_one(Message, one.message_id).state)

    def check(self) -> None:
        """Exactly one binding reason for every step that waits, and none for what is over."""
        for one in self.steps():
            binding = one.trace.binding
            assert binding is None or [gate is binding for gate in one.trace.gates].count(True) == 1
            if binding is not None:
                assert binding.stand in {Stand.WAITS, Stand.STOPS} and one.trace.sentence
                assert (one.trace.at is None) == (binding.stand is Stand.WAITS and binding.until is None)
            assert one.trace.at is None or one.trace.at >= self.clock.now()

    def follow(self, one: Explained) -> None:
        """Do what the trace says: wait for its instant, or put the binding reason right."""
        trace, binding = one.trace, one.trace.binding
        assert binding is not None
        before = (binding.key, *trace.moment)
        if trace.at is None or binding.key == "mailbox's_pace":
            self.act(PUT_RIGHT[binding.key])
        else:
            self.wait_for(one)
        after = next(step for step in self.steps() if step.step_key == one.step_key).trace
        assert after.binding is None or (after.binding.key, *after.moment) != before, before

    def wait_for(self, one: Explained) -> None:
        """A second before it nothing happens; at the instant it does what was said.

        Machine time, in which a mailbox waits, passes with it.
        """
        assert one.trace.at is not None
        self.act(PUT_RIGHT["mailbox's_pace"])
        if one.trace.at - SECOND > self.clock.now():
            fast_forward(self.room, self.clock, one.trace.at - SECOND)
            again = next(step for step in self.steps() if step.step_key == one.step_key)
            assert again.trace.binding is not None and again.trace.moment == one.trace.moment
        fast_forward(self.room, self.clock, max(one.trace.at, self.clock.now()))
        if one.trace.does == "leaves" and one.message_id is not None:
            assert self.state_of(one) == MessageState.SENT
        if one.trace.does in {"is cancelled", "expires"}:
            assert self.state_of(one) in {MessageState.CANCELLED, MessageState.EXPIRED}


Begin = Callable[[Sink, dict[str, Any]], World]


@pytest.fixture
def begin(engine: Engine, room: PostRoom) -> Begin:
    """A fresh world each time it is asked for: Monday 30 November 2026, 09:00 in Stockholm."""

    def anew(sink: Sink, situation: dict[str, Any]) -> World:
        empty(engine)
        clock = VirtualClock(datetime(2026, 11, 30, 8, 0, tzinfo=UTC))

        def work() -> AbstractContextManager[UnitOfWork]:
            return unit_of_work(room.sessions, clock)

        with work() as uow:
            cast = cast_of(uow)
            limit = situation["limit"]
            for box in (cast.ana_box, cast.ben_box, cast.dirk_box):
                box.port, box.daily_limit = sink.port, limit
            mails = [a_mail(uow, 1, at="10:00"), a_mail(uow, 3, subject="Later", at="16:30")]
            steps = [a_call(1), *mails] if situation["call first"] else [mails[0], a_call(2), mails[1]]
            campaign = a_campaign(uow, cast.ana, steps, **situation["settings"])
            names = ["maria", *(f"a{number}" for number in range(situation["others"]))]
            people = [a_person(uow, cast.ana, f"{name}@example.com").id for name in names]
            launch(uow, cast.ana, Order(campaign.id, people))
            beat(uow.session, "scheduler")
        return World(work, cast, replace(room, clock=clock), clock)

    return anew


SITUATIONS = st.fixed_dictionaries(
    {
        "limit": st.sampled_from([1, 500]),
        "others": st.integers(0, 2),
        "call first": st.booleans(),
        "settings": st.sampled_from(
            [
                {},
                {"skip_weekends": True},
                {"send_window": {"from": "12:00", "to": "15:00"}},
                {"late": {"limit": "1h", "then": "skip"}},
            ]
        ),
        "before": st.sampled_from([0, 2, 30]),
        "troubles": st.lists(st.sampled_from(sorted(TROUBLES)), max_size=4, unique=True),
        "after": st.sampled_from([0, 2, 8]),
    }
)


def whatever_happens(begin: Begin, sink: Sink, situation: dict[str, Any]) -> None:
    """The rule: whoever follows what Why? says brings the person to the end of the campaign."""
    world = begin(sink, situation)
    fast_forward(world.room, world.clock, world.clock.now() + timedelta(hours=situation["before"]))
    for trouble in situation["troubles"]:
        try:
            world.act(TROUBLES[trouble])
        except IllegalMove:
            continue  # it has ended meanwhile
    world.clock.forward(timedelta(hours=situation["after"]))
    if situation["limit"] == 1:  # whoever is late by now seeks another place, and may push others out
        run_until_quiet(world.room)
    for _ in range(ROUNDS):
        world.check()
        one = world.first_open()
        if one is None:
            break
        world.follow(one)
    assert not world.under_way()


FEW = settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    phases=(Phase.generate,),  # a whole world each: what was found is told as it was found
    suppress_health_check=list(HealthCheck),
)
MANY = settings(FEW, max_examples=SHARD.share(60), derandomize=False)


@pytest.fixture(scope="module")
def taking() -> Any:
    with Sink() as sink:
        yield sink


@FEW
@given(SITUATIONS)
def test_it_brings_a_person_to_the_end(begin: Begin, taking: Sink, situation: dict[str, Any]) -> None:
    whatever_happens(begin, taking, situation)


@pytest.mark.deep
@SHARD.drawn
@MANY
@given(SITUATIONS)
def test_it_brings_everybody_to_the_end(begin: Begin, taking: Sink, situation: dict[str, Any]) -> None:
    whatever_happens(begin, taking, situation)
