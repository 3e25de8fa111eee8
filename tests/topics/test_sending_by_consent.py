"""From a due row to a mail that left by a draft: once, whatever dies or breaks; and what follows in its thread."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from email import message_from_bytes

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from sales_campaigns.absence.reconnecting import consented_and_go_on
from sales_campaigns.accounts.authorising.access import Access
from sales_campaigns.accounts.authorising.granting import keep_grant
from sales_campaigns.accounts.models import Inbox, Mailbox, MailboxState
from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.clock import VirtualClock, machine_now
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.handing_over.draft_ids import Overtaken
from sales_campaigns.messages.handing_over.recovery import recover
from sales_campaigns.messages.incoming.models import MailKind, ReceivedMail
from sales_campaigns.messages.models import Bucket, Message, MessageState
from sales_campaigns.messages.settling import give_it_up
from sales_campaigns.people.models import Address
from sales_campaigns.ports import (
    HandOver,
    MailAccount,
    MailProvider,
    MailProviders,
    OutgoingMail,
    OutsideWorld,
)
from scheduler.jobs import run_until_quiet
from tests.builders import a_campaign, a_follow_up, a_mail
from tests.cast import Cast, a_person
from tests.channels import a_channel, sends_through
from tests.conftest import Work
from tests.incoming import a_raw_mail
from tests.outgoing import due_mails, message, send, states
from tests.shards import SHARD
from tests.sink import Sink
from tests.stand_ins.serving import Act, Asked, Fault, times
from tests.stand_ins.vendors import Box, Vendor
from tests.stand_ins.worlds import world_with

SEAL = Seal("only for the tests, and long enough")
ANA = "ana@north.example"


# What differs between the databases does not differ between the vendors.
EACH = [("sqlite", "gmail"), ("postgresql", "gmail"), ("sqlite", "outlook")]
each = pytest.mark.parametrize(("engine", "vendor"), EACH, indirect=True)
each_on_sqlite = pytest.mark.parametrize(("engine", "vendor"), EACH[::2], indirect=True)


@pytest.fixture
def outside(vendor: Vendor) -> Iterator[OutsideWorld]:
    with world_with(vendor.server) as world:
        yield world


@pytest.fixture
def room(
    room: PostRoom, outside: OutsideWorld, sessions: sessionmaker[Session], clock: VirtualClock
) -> PostRoom:
    access = Access(sessions, clock, SEAL, outside.consents, outside.delegations)
    return replace(room, access=access, drafts=outside.drafts, readers=outside.readers)


@pytest.fixture
def box(work: Work, cast: Cast, vendor: Vendor) -> Box:
    """Ana's mailbox, connected by consent; it sends as fast as it is asked to."""
    with work() as uow:
        made = keep_grant(uow, cast.ana, vendor.name, vendor.granted(ANA), SEAL, reads=True)
        made.per_minute = made.daily_limit = 100_000
    return vendor.box(ANA)


def look_again(work: Work, room: PostRoom) -> None:
    """Every mailbox is looked at, and what follows from that has followed."""
    with work() as uow:
        uow.session.execute(sa.update(Inbox).values(look_at=machine_now()))
        uow.session.execute(sa.update(Mailbox).values(paused_until=None))
        uow.session.execute(sa.delete(Bucket))  # machine time has passed as well
    run_until_quiet(room)


def take_over(work: Work, room: PostRoom) -> None:
    """The process is dead and its leases are over."""
    with work() as uow:
        recover(uow, everything=True)
    look_again(work, room)


class Killed(BaseException):
    """The process ends here, with nothing written down."""


Deed = Callable[[str], None]


@dataclass
class Dying:
    """The real outside, but the process dies at a point: while an id is kept, or when a mail was answered."""

    providers: MailProviders
    at: str

    def open(self, account: MailAccount) -> MailProvider:
        return _Dying(self.providers.open(account), self.at)


class _Dying:
    def __init__(self, provider: MailProvider, at: str) -> None:
        self._provider, self._at = provider, at
        self.capabilities = provider.capabilities

    def hand_over(self, mails: Sequence[OutgoingMail]) -> Iterator[HandOver]:
        for mail in mails:
            answers = list(self._provider.hand_over([replace(mail, drafted=self._keeping(mail.drafted))]))
            if self._at == "answered":
                raise Killed
            yield from answers

    def _keeping(self, keep: Deed | None) -> Deed:
        def kept(draft_id: str) -> None:
            if self._at == "before the id is kept":
                raise Killed
            assert keep is not None
            keep(draft_id)
            if self._at == "after the id is kept":
                raise Killed

        return kept

    def check(self) -> None:
        self._provider.check()

    def close(self) -> None:
        self._provider.close()


@pytest.mark.parametrize("at", ["before the id is kept", "after the id is kept", "answered"])
@each
def test_a_process_that_dies_at_any_point_leaves_one_copy_and_nobody_is_asked(
    work: Work, cast: Cast, room: PostRoom, box: Box, at: str
) -> None:
    """The rule: draft still there → send; gone → look in SENT by header (spec/5)."""
    (id,) = due_mails(work, cast, "maria@example.com")
    with pytest.raises(Killed):
        send(replace(room, providers=Dying(room.providers, at)))
    assert states(work) == ["sending"]
    take_over(work, room)
    assert states(work) == ["sent"] and len(box.left) == 1 and box.drafts == {}
    assert message(work, id).provider_id in box.mails


@each_on_sqlite
@pytest.mark.parametrize("call", ["create", "send", "read"])
@pytest.mark.parametrize("fault", ["before", "after", "500", "429"])
def test_whatever_call_fails_there_is_one_copy(
    work: Work,
    cast: Cast,
    room: PostRoom,
    box: Box,
    vendor: Vendor,
    clock: VirtualClock,
    call: str,
    fault: str,
) -> None:
    due_mails(work, cast, "maria@example.com")
    faults: dict[str, Fault] = {
        "before": Act.DROP_BEFORE,
        "after": Act.DROP_AFTER,
        "500": vendor.trouble,
        "429": vendor.slow_down,
    }
    vendor.server.obey(times(1, faults[fault], vendor.calls.steps[call]))
    send(room)
    for _ in range(3):
        clock.forward(timedelta(minutes=70))
        look_again(work, room)
    assert states(work) == ["sent"] and len(box.left) == 1


@pytest.mark.parametrize("mails", [50, pytest.param(SHARD.share(1000), marks=pytest.mark.deep)])
@each_on_sqlite
def test_many_sends_over_a_line_that_drops_one_call_in_twenty(
    work: Work, cast: Cast, room: PostRoom, box: Box, vendor: Vendor, clock: VirtualClock, mails: int
) -> None:
    """Duplicates 0, lost 0, and nobody has to say what became of a mail."""
    people = [f"p{n}@example.com" for n in range(mails)]
    cast.ana.can_start = True  # launches more people at once than others may
    due_mails(work, cast, *people)
    vendor.server.obey(dropping(0.05))
    for _ in range(mails):
        look_again(work, room)
        if set(states(work)) == {"sent"}:
            break
        clock.forward(timedelta(seconds=5))
    vendor.server.obey(lambda *_: None)
    look_again(work, room)
    assert set(states(work)) == {"sent"}
    got = [address for left in box.left for address in left.recipients]
    assert sorted(got) == sorted(people), "each once"


def dropping(share: float) -> Callable[[str, Asked], Fault | None]:
    chance, lock = random.Random(SHARD.seed(7)), threading.Lock()

    def script(name: str, _asked: Asked) -> Fault | None:
        with lock:
            drops = chance.random() < share and name != "token"
            return chance.choice([Act.DROP_BEFORE, Act.DROP_AFTER]) if drops else None

    return script


@each
def test_the_id_of_the_draft_stands_before_the_mail_is_sent(
    work: Work, cast: Cast, room: PostRoom, box: Box, vendor: Vendor
) -> None:
    """The rule: create draft → commit the draft id → send draft (spec/5)."""
    (id,) = due_mails(work, cast, "maria@example.com")
    seen: list[str | None] = []

    def watch(name: str, _asked: Asked) -> None:
        if name == vendor.calls.send:
            with room.reads() as session:
                seen.append(session.scalar(sa.select(Message.draft_id).where(Message.id == id)))

    vendor.server.obey(watch)
    send(room)
    assert len(seen) == 1 and seen[0]


@each
def test_a_process_that_slept_over_its_lease_sends_nothing(
    work: Work, cast: Cast, room: PostRoom, box: Box
) -> None:
    """It wakes with a draft whose message another process looks after by now."""
    due_mails(work, cast, "maria@example.com")
    slept = Dying(room.providers, "never")

    class Sleeping(_Dying):
        def _keeping(self, keep: Deed | None) -> Deed:
            def kept(draft_id: str) -> None:
                assert keep is not None
                take_over(work, room)
                with pytest.raises(Overtaken):
                    keep(draft_id)
                raise Overtaken

            return kept

    slept.open = lambda account: Sleeping(room.providers.open(account), "")  # type: ignore[method-assign]
    send(replace(room, providers=slept))
    assert states(work) == ["sent"] and len(box.left) == 1


@each
def test_while_the_index_lags_it_waits_in_doubt_and_is_settled_later(
    work: Work, cast: Cast, room: PostRoom, box: Box, vendor: Vendor
) -> None:
    box.lags = True
    vendor.server.obey(times(1, Act.DROP_AFTER, vendor.calls.send))
    (id,) = due_mails(work, cast, "maria@example.com")
    send(room)
    assert states(work) == ["uncertain"]
    box.catch_up()
    look_again(work, room)
    assert states(work) == ["sent"] and len(box.left) == 1
    assert message(work, id).words == "It stands among the sent mails of its mailbox: it had left."


CALLS = {
    "gmail": ("drafts.create", "drafts.send"),
    "outlook": ("messages.create", "messages.create_reply", "messages.update", "messages.send"),
}
EACH_CALL = [("sqlite", vendor, call) for vendor, calls in CALLS.items() for call in calls]


@pytest.mark.parametrize(("engine", "vendor", "call"), EACH_CALL, indirect=["engine", "vendor"])
def test_an_answer_dropped_at_each_single_call_with_an_index_five_minutes_late_is_one_copy(
    work: Work, cast: Cast, room: PostRoom, box: Box, vendor: Vendor, clock: VirtualClock, call: str
) -> None:
    """One copy in Sent each, no orphan draft after reconciliation."""
    follow_ups(work, cast)
    if call in ("messages.create_reply", "messages.update"):  # of the second mail alone
        run_until_quiet(room)
        clock.forward(timedelta(days=1, hours=2))
    box.lags, before = True, len(box.left)
    vendor.server.obey(times(1, Act.DROP_AFTER, call))
    look_again(work, room)
    assert len(box.left) + len(box.drafts) == before + 1, "nothing is made twice meanwhile"
    clock.forward(timedelta(minutes=5))
    box.catch_up()
    for _ in range(2):
        look_again(work, room)
        clock.forward(timedelta(days=1, hours=2))
    look_again(work, room)
    assert states(work) == ["sent", "sent"] and box.drafts == {}
    assert [left.recipients for left in box.left] == [("maria@example.com",)] * 2
    assert len({one.thread_id for one in box.sent}) == 1


@each_on_sqlite
def test_a_process_that_died_is_not_followed_by_a_second_draft_while_the_index_is_late(
    work: Work, cast: Cast, room: PostRoom, box: Box
) -> None:
    due_mails(work, cast, "maria@example.com")
    box.lags = True
    with pytest.raises(Killed):
        send(replace(room, providers=Dying(room.providers, "before the id is kept")))
    take_over(work, room)
    assert states(work) == ["uncertain"] and len(box.drafts) == 1
    box.catch_up()
    look_again(work, room)
    assert states(work) == ["sent"] and len(box.left) == 1 and box.drafts == {}


@each_on_sqlite
def test_a_process_that_died_before_its_draft_was_made_is_followed_when_it_would_be_listed(
    work: Work, cast: Cast, room: PostRoom, box: Box, vendor: Vendor, clock: VirtualClock
) -> None:
    def dies(name: str, _asked: Asked) -> Fault | None:
        return Act.DROP_BEFORE if name in (vendor.calls.create, *vendor.calls.answers) else None

    due_mails(work, cast, "maria@example.com")
    vendor.server.obey(dies)
    with pytest.raises(Killed):
        send(replace(room, providers=Dying(room.providers, "answered")))
    vendor.server.obey(lambda *_: None)
    take_over(work, room)
    assert states(work) == ["uncertain"]
    clock.forward(timedelta(minutes=10))
    look_again(work, room)
    assert states(work) == ["sent"] and len(box.left) == 1


@each_on_sqlite
def test_what_is_given_up_after_a_lost_answer_leaves_no_draft_behind_either(
    work: Work, cast: Cast, room: PostRoom, box: Box, vendor: Vendor, clock: VirtualClock
) -> None:
    due_mails(work, cast, "maria@example.com")
    box.lags = True
    vendor.server.obey(times(1, Act.DROP_AFTER, vendor.calls.create))
    send(room)
    with work() as uow:
        uow.session.execute(sa.update(Address).values(opted_out_at=uow.now))
    clock.forward(timedelta(minutes=70))
    look_again(work, room)
    assert states(work) == ["cancelled"] and len(box.drafts) == 1
    box.catch_up()
    clock.forward(timedelta(minutes=10))
    look_again(work, room)
    assert box.drafts == {} and box.left == []


@each
def test_what_is_given_up_leaves_no_draft_behind(
    work: Work, cast: Cast, room: PostRoom, box: Box, vendor: Vendor
) -> None:
    (id,) = due_mails(work, cast, "maria@example.com")
    with pytest.raises(Killed):
        send(replace(room, providers=Dying(room.providers, "after the id is kept")))
    with work() as uow:
        recover(uow, everything=True)
        give_it_up(uow, cast.ana, uow.session.get_one(Message, id))
    assert len(box.drafts) == 1
    look_again(work, room)
    assert box.drafts == {} and box.left == [] and message(work, id).draft_id is None


@each
def test_a_person_who_is_stopped_meanwhile_gets_nothing(
    work: Work, cast: Cast, room: PostRoom, box: Box
) -> None:
    """What stands among the drafts leaves through the gate, or not at all."""
    due_mails(work, cast, "maria@example.com")
    with pytest.raises(Killed):
        send(replace(room, providers=Dying(room.providers, "after the id is kept")))
    with work() as uow:
        uow.session.execute(sa.update(Address).values(opted_out_at=uow.now))
    take_over(work, room)
    look_again(work, room)
    assert states(work) == ["cancelled"] and box.left == [] and box.drafts == {}


def follow_ups(work: Work, cast: Cast) -> list[int]:
    """Two mails, the second in the thread of the first, a day later."""
    with work() as uow:
        steps = [a_mail(uow, 1), a_follow_up(uow, 2)]
        campaign = a_campaign(uow, cast.ana, steps)
        launch(uow, cast.ana, Order(campaign.id, [a_person(uow, cast.ana, "maria@example.com").id]))
        return list(uow.session.scalars(sa.select(Message.id).order_by(Message.id)))


@each
def test_a_follow_up_answers_to_what_the_first_mail_is_really_called(
    work: Work, cast: Cast, room: PostRoom, box: Box, clock: VirtualClock
) -> None:
    """The rule: read back the real Message-ID and thread; follow-ups use those (spec/5)."""
    box.renames = True
    follow_ups(work, cast)
    run_until_quiet(room)
    clock.forward(timedelta(days=1, hours=3))
    run_until_quiet(room)
    first, second = (message_from_bytes(left.raw) for left in box.left)
    assert second["In-Reply-To"] == first["Message-ID"] and "north.example" not in first["Message-ID"]
    assert second["References"].split()[-1] == first["Message-ID"]
    assert second["Subject"] == f"Re: {first['Subject']}"
    assert len({one.thread_id for one in box.sent}) == 1


@each
def test_a_name_that_could_not_be_read_back_is_learnt_from_the_copy(
    work: Work, cast: Cast, room: PostRoom, box: Box, vendor: Vendor
) -> None:
    box.renames = True
    (id,) = due_mails(work, cast, "maria@example.com")
    vendor.server.obey(times(1, Act.DROP_BEFORE, vendor.calls.read))
    send(room)
    assert message(work, id).message_id != box.left[0].message_id
    look_again(work, room)
    assert message(work, id).message_id == box.left[0].message_id


def received(work: Work) -> list[ReceivedMail]:
    with work() as uow:
        return list(uow.session.scalars(sa.select(ReceivedMail).order_by(ReceivedMail.id)))


@each
def test_replies_are_found_by_name_and_by_thread_and_own_copies_are_none(
    work: Work, cast: Cast, room: PostRoom, box: Box
) -> None:
    """The rule: a reply = In-Reply-To/References to a known id, or same thread and not from us (spec/5)."""
    box.renames = True
    due_mails(work, cast, "maria@example.com", "noor@example.com")
    run_until_quiet(room)
    sent = box.sent
    box.comes_in(a_raw_mail(answers=sent[0].name))
    box.comes_in(
        a_raw_mail("By thread alone.", sender="Noor <noor@elsewhere.example>"), thread_id=sent[1].thread_id
    )
    look_again(work, room)
    assert [one.kind for one in received(work)] == [MailKind.REPLY, MailKind.REPLY]
    assert len({one.answers_id for one in received(work)}) == 2


@each_on_sqlite
def test_mailboxes_of_one_provider_deliver_to_each_other(
    work: Work, cast: Cast, room: PostRoom, box: Box, vendor: Vendor
) -> None:
    """What leaves from one is in the other, whose owner answers from there."""
    maria = vendor.box("maria@example.com")
    due_mails(work, cast, "maria@example.com")
    run_until_quiet(room)
    ((_, came),) = maria.mails.items()
    maria.send(a_raw_mail(answers=came.name))
    look_again(work, room)
    assert [one.kind for one in received(work)] == [MailKind.REPLY]


@each_on_sqlite
def test_a_prospect_answers_from_another_address_and_another_starts_a_new_thread(
    work: Work, cast: Cast, room: PostRoom, box: Box, clock: VirtualClock
) -> None:
    """Both are held: whoever answered goes on with nothing, and whoever wrote waits for its rep."""
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1), a_follow_up(uow, 2)])
        people = [a_person(uow, cast.ana, email) for email in ("maria@example.com", "noor@example.com")]
        launch(uow, cast.ana, Order(campaign.id, [person.id for person in people]))
    run_until_quiet(room)
    (to_maria,) = [one for one in box.left if one.recipients == ("maria@example.com",)]
    box.comes_in(a_raw_mail(sender="M. S. <ms@private.example>", answers=to_maria.message_id))
    box.comes_in(a_raw_mail("A question.", sender="Noor <noor@example.com>", subject="By the way"))
    look_again(work, room)
    assert [one.kind for one in received(work)] == [MailKind.REPLY, MailKind.WROTE]
    clock.forward(timedelta(days=3))
    look_again(work, room)
    with work() as uow:
        ways = uow.session.scalars(sa.select(Enrollment).order_by(Enrollment.id)).all()
        assert [(str(way.state), way.why) for way in ways] == [("ended", "replied"), ("held", "wrote to you")]
    assert len(box.left) == 2


@each
def test_a_mail_in_doubt_is_not_asked_of_a_person_while_the_mailbox_can_say(
    work: Work, cast: Cast, room: PostRoom, box: Box, vendor: Vendor
) -> None:
    (id,) = due_mails(work, cast, "maria@example.com")
    vendor.server.obey(lambda name, _: Act.DROP_AFTER if name in vendor.calls.answers else None)
    send(room)
    assert message(work, id).state is MessageState.UNCERTAIN
    vendor.server.obey(lambda *_: None)
    look_again(work, room)
    assert message(work, id).state is MessageState.SENT and len(box.left) == 1


@pytest.fixture
def by_channel(work: Work, cast: Cast, box: Box) -> Iterator[Sink]:
    """The relay of the team, through which Ana's mail leaves although her mailbox is connected by consent."""
    with Sink() as relay:
        with work() as uow:
            channel = a_channel(uow, cast.cleo, relay.port)
        with work() as uow:
            sends_through(uow, cast.ana, channel)
        yield relay


@each_on_sqlite
def test_through_a_channel_its_mail_leaves_by_the_relay_and_answers_are_read_in_the_mailbox(
    work: Work, cast: Cast, room: PostRoom, box: Box, by_channel: Sink
) -> None:
    """The rule: only a verified identity sends; who is read by consent is read all the same."""
    (id,) = due_mails(work, cast, "maria@example.com")
    look_again(work, room)
    (left,) = by_channel.caught
    assert (states(work), box.left, box.drafts) == (["sent"], [], {})
    assert message(work, id).draft_id is None
    box.comes_in(a_raw_mail(answers=left.message_id))
    look_again(work, room)
    assert [one.kind for one in received(work)] == [MailKind.REPLY]


@each_on_sqlite
def test_through_a_channel_mail_leaves_on_when_the_permission_to_read_is_taken_back(
    work: Work, cast: Cast, room: PostRoom, box: Box, vendor: Vendor, by_channel: Sink
) -> None:
    """What is lost is the reading, and the page of the mailbox says so."""
    due_mails(work, cast, "maria@example.com")
    vendor.server.tokens.revoke(ANA)
    look_again(work, room)
    with work() as uow:
        made = uow.session.get_one(Mailbox, cast.ana_box.id)
        trouble = uow.session.get_one(Inbox, made.id).trouble
    assert (made.state, states(work)) == (MailboxState.CONNECTED, ["sent"])
    assert len(by_channel.caught) == 1 and "again" in trouble


@each_on_sqlite
def test_a_mail_in_doubt_leaves_once_though_its_rep_sends_through_a_channel_by_now(
    work: Work, cast: Cast, room: PostRoom, box: Box, vendor: Vendor
) -> None:
    due_mails(work, cast, "maria@example.com")
    vendor.server.obey(lambda name, _: Act.DROP_BEFORE if name in vendor.calls.answers else None)
    send(room)
    assert states(work) == ["uncertain"] and len(box.drafts) == 1
    vendor.server.obey(lambda *_: None)
    with Sink() as relay:
        with work() as uow:
            channel = a_channel(uow, cast.cleo, relay.port)
        with work() as uow:
            sends_through(uow, cast.ana, channel)
        look_again(work, room)
        assert (states(work), len(relay.caught), box.left, box.drafts) == (["sent"], 1, [], {})


@each
def test_a_draft_of_a_former_mailbox_is_forgotten_with_it(
    work: Work, cast: Cast, room: PostRoom, box: Box, vendor: Vendor
) -> None:
    (id,) = due_mails(work, cast, "maria@example.com")
    vendor.server.obey(times(1, vendor.slow_down, vendor.calls.send))
    send(room)
    assert message(work, id).draft_id
    other = "ana.lind@north.example"
    granted = vendor.granted(other)
    with work() as uow:
        consented_and_go_on(uow, cast.ana, cast.ana, vendor.name, granted, SEAL, reads=True)
    look_again(work, room)
    assert states(work) == ["sent"] and len(vendor.box(other).left) == 1 and box.left == []
