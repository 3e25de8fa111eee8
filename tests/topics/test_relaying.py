"""A bulk lane takes the next batch while one is handed over: two are let through, never more, and nothing is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.clock import SystemClock, VirtualClock
from sales_campaigns.errors import Outside, OutsideKind
from sales_campaigns.messages import batch_sizes
from sales_campaigns.messages.handing_over.dispatching import PostRoom, dispatch
from sales_campaigns.messages.handing_over.recovery import settle_journals
from sales_campaigns.messages.models import Attempt, Message
from sales_campaigns.people.models import Address
from sales_campaigns.ports import Capabilities, HandOver, MailAccount, OutgoingMail
from tests.cast import Cast
from tests.conftest import Work
from tests.outgoing import attempts, due_mails, states

on_postgresql = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)

NINE = tuple(f"p{number}@example.com" for number in range(9))
YES, NO, LATER, STOP, FAULT = "sent", "failed", "retrying", "pending", "uncertain"
REFUSALS = {
    NO: Outside(OutsideKind.RECIPIENT, "nobody here", code=550, enhanced="5.1.1"),
    LATER: Outside(OutsideKind.TRANSIENT, "later", code=451),
    STOP: Outside(OutsideKind.POLICY, "go away", code=550, enhanced="5.7.1"),
}


class Broken(Exception):
    """Something of ours that nobody thought of."""


@dataclass
class Relay:
    """An outside that answers the mails in order by `script`, then yes, and remembers which had begun.

    `before` is called before each mail, by whoever hands it over. After STOP it turns the rest of a batch away.
    """

    script: Sequence[str] = ()
    before: Callable[[OutgoingMail], None] = lambda _mail: None
    capabilities: Capabilities = field(default_factory=partial(Capabilities, announces=True))
    begun: list[int] = field(default_factory=list)
    said: dict[int, str] = field(default_factory=dict)
    closed: bool = False

    def open(self, _account: MailAccount) -> Relay:
        return self

    def check(self) -> None: ...

    def close(self) -> None:
        self.closed = True

    def hand_over(self, mails: Sequence[OutgoingMail]) -> Iterator[HandOver]:
        stopped = False
        for mail in mails:
            assert not self.closed
            self.before(mail)
            if not stopped:
                if mail.begins is not None:
                    mail.begins()
                self.begun.append(mail.key)
            said = STOP if stopped else self._next()
            self.said[mail.key] = said
            if said == FAULT:
                raise Broken
            stopped = said == STOP
            yield HandOver(mail.key, said, 250 if said == YES else 550, REFUSALS.get(said))

    def _next(self) -> str:
        number = len(self.begun) - 1
        return self.script[number] if number < len(self.script) else YES


@pytest.fixture
def clock() -> SystemClock:
    return SystemClock()


@pytest.fixture(autouse=True)
def two_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of two mails, so that nine are some of them."""
    monkeypatch.setattr(batch_sizes, "GATED_AT_ONCE", 4)
    monkeypatch.setattr(batch_sizes, "GATED_AT_MOST", 2)


@pytest.fixture
def lane(work: Work, cast: Cast, room: PostRoom, tmp_path: Path) -> PostRoom:
    """Ana's mailbox is a relay, and nine of its mails are due."""
    with work() as uow:
        uow.session.execute(sa.update(Mailbox).values(bulk_lane=True))
    due_mails(work, cast, *NINE)
    return replace(room, journals=tmp_path / "journals")


def through(work: Work, relay: Relay) -> int:
    """How many are let through and have no answer yet."""
    with work() as uow:
        sending = set(uow.session.scalars(sa.select(Message.id).where(Message.state == "sending")))
    return len(sending - set(relay.said))


def wait_for(happened: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.005)


def while_two_are_through(work: Work, relay: Relay, at: int = 0) -> Callable[[OutgoingMail], None]:
    """The mail `at` this place of the row waits until two batches are let through."""

    def wait(_mail: OutgoingMail) -> None:
        if len(relay.begun) == at:
            wait_for(lambda: through(work, relay) >= 4)

    return wait


@on_postgresql
def test_the_next_batch_is_let_through_while_one_is_handed_over_and_never_a_third(
    work: Work, cast: Cast, lane: PostRoom
) -> None:
    """The rule: a bulk lane gates at most what takes one second to write and hand over, both batches together."""
    relay, seen, threads = Relay(), list[int](), set[str]()

    def look(mail: OutgoingMail) -> None:
        while_two_are_through(work, relay)(mail)
        time.sleep(0.05)  # a third would have its time
        seen.append(through(work, relay))
        threads.add(threading.current_thread().name)

    relay.before = look
    assert dispatch(replace(lane, providers=relay), cast.ana_box.id) == 9
    assert states(work) == ["sent"] * 9 and len(attempts(work)) == 9
    assert seen[0] == 4 and max(seen) <= 4, seen
    assert relay.closed and threads == {"handing over_0"}


ALONE = [
    ("sqlite", "the database is no other process"),
    ("postgresql", "time stands still"),
    ("postgresql", "no journal tells what never began"),
]


@pytest.mark.parametrize(("engine", "why"), ALONE, indirect=["engine"])
def test_one_is_handed_over_before_the_next_is_taken_where(
    why: str, work: Work, cast: Cast, lane: PostRoom
) -> None:
    one = {
        "the database is no other process": lane,
        "time stands still": replace(lane, clock=VirtualClock(SystemClock().now())),
        "no journal tells what never began": replace(lane, journals=None),
    }[why]
    relay, threads = Relay(), set[threading.Thread]()
    relay.before = lambda _mail: threads.add(threading.current_thread())
    assert dispatch(replace(one, providers=relay), cast.ana_box.id) == 9
    assert states(work) == ["sent"] * 9 and threads == {threading.current_thread()}


@on_postgresql
def test_a_mailbox_that_stops_is_not_asked_for_those_that_were_let_through_before(
    work: Work, cast: Cast, lane: PostRoom
) -> None:
    """They wait again at once, and nothing of it was an attempt."""
    relay = Relay([STOP])
    relay.before = while_two_are_through(work, relay)
    dispatch(replace(lane, providers=relay), cast.ana_box.id)
    assert len(relay.begun) == 1 and len(relay.said) == 2
    assert states(work) == ["pending"] * 9
    with work() as uow:
        rows = uow.session.scalars(sa.select(Message)).all()
        assert {(row.attempts, row.owner, row.lease_until, row.recoveries) for row in rows} == {
            (0, None, None, 0)
        }
    assert len(attempts(work)) == 2 and not list(_journals(lane))


@on_postgresql
def test_of_those_what_somebody_has_taken_over_meanwhile_is_theirs(
    work: Work, cast: Cast, lane: PostRoom
) -> None:
    relay = Relay([STOP])
    wait = while_two_are_through(work, relay)
    fourth = sa.select(sa.func.min(Message.id) + 3).scalar_subquery()

    def taken_over(mail: OutgoingMail) -> None:
        wait(mail)
        with work() as uow:
            newer = sa.update(Message).where(Message.id == fourth, Message.generation == 1)
            uow.session.execute(newer.values(generation=2, owner="another"))

    relay.before = taken_over
    dispatch(replace(lane, providers=relay), cast.ana_box.id)
    assert states(work) == ["pending"] * 3 + ["sending"] + ["pending"] * 5


@on_postgresql
def test_what_is_in_hand_when_the_process_should_end_is_finished(
    work: Work, cast: Cast, lane: PostRoom
) -> None:
    relay = Relay()
    wait = while_two_are_through(work, relay)

    def end_meanwhile(mail: OutgoingMail) -> None:
        wait(mail)
        lane.ending.set()

    relay.before = end_meanwhile
    assert dispatch(replace(lane, providers=relay), cast.ana_box.id) == 4
    assert states(work) == ["sent"] * 4 + ["pending"] * 5 and relay.closed


@on_postgresql
def test_what_fails_while_handing_over_leaves_the_other_batch_waiting_and_the_journal_says_the_rest(
    work: Work, cast: Cast, lane: PostRoom
) -> None:
    relay = Relay([YES, FAULT])
    relay.before = while_two_are_through(work, relay)
    with pytest.raises(Broken):
        dispatch(replace(lane, providers=relay), cast.ana_box.id)
    assert states(work) == ["sent", "sending"] + ["pending"] * 7
    settle_journals(lane)
    assert states(work) == ["sent", "uncertain"] + ["pending"] * 7


class Failing:
    """The database, which fails the transactions of these numbers, counted from now on."""

    def __init__(self, room: PostRoom, *numbers: int) -> None:
        self._sessions, self._numbers, self._opened = room.sessions, numbers, 0

    def __call__(self) -> Session:
        session = self._sessions()
        if self._opened in self._numbers:
            sa.event.listen(session, "before_commit", _fail)
        self._opened += 1
        return session


def _fail(_session: Session) -> None:
    raise Broken


@on_postgresql
def test_what_fails_while_taking_lets_those_in_hand_be_finished_and_written_down(
    work: Work, cast: Cast, lane: PostRoom
) -> None:
    relay = Relay()
    failing = Failing(lane, 2)  # the mailbox, the first batch, the second
    with pytest.raises(Broken):
        dispatch(replace(lane, providers=relay, sessions=failing), cast.ana_box.id)
    assert states(work) == ["sent"] * 2 + ["pending"] * 7 and relay.closed


WORDS = st.sampled_from([YES, YES, YES, NO, LATER, STOP, FAULT])


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=st.lists(WORDS, max_size=9), failing=st.sets(st.integers(1, 6), max_size=2))
def test_whatever_is_answered_and_whatever_fails_each_mail_is_as_its_server_said_or_waits(
    script: list[str], failing: set[int], work: Work, cast: Cast, lane: PostRoom
) -> None:
    """A mail that never began waits as if nothing had been, one that began and has no answer is uncertain."""
    _all_due_again(work)
    relay = Relay(script)
    with suppress(Broken):
        dispatch(replace(lane, providers=relay, sessions=Failing(lane, *failing)), cast.ana_box.id)
    settle_journals(lane)
    with work() as uow:
        rows = uow.session.execute(sa.select(Message.id, Message.state, Message.attempts)).all()
    assert {row.id: str(row.state) for row in rows} == {row.id: relay.said.get(row.id, STOP) for row in rows}
    assert not any(row.attempts for row in rows if row.state == "pending")
    assert len(relay.begun) == len(set(relay.begun))


def _all_due_again(work: Work) -> None:
    """Nothing has been yet."""
    with work() as uow:
        fresh = {"attempts": 0, "act_at": uow.now, "owner": None, "recoveries": 0, "failure": None}
        uow.session.execute(sa.delete(Attempt))
        uow.session.execute(sa.update(Message).values(state="pending", ended_at=None, **fresh))
        uow.session.execute(sa.update(Mailbox).values(state="connected", judged_from=uow.now))
        uow.session.execute(sa.update(Address).values(quarantined_at=None, errors=0))


def _journals(room: PostRoom) -> Iterator[Path]:
    assert room.journals is not None
    return room.journals.glob("*.journal")
