"""Gmail says by itself that something came: it is read at once, and nothing is lost where it was not said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session, sessionmaker
from structlog.testing import capture_logs

from sales_campaigns.accounts.authorising.access import Access
from sales_campaigns.accounts.authorising.delegating import lay_down, take_away
from sales_campaigns.accounts.authorising.granting import keep_grant
from sales_campaigns.accounts.models import Inbox, Mailbox, MailboxState
from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.checkups.findings import Finding, Grade
from sales_campaigns.checkups.knocks import look_at_knocks
from sales_campaigns.clock import VirtualClock, machine_now
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.inboxes.hearing import PAUSE, hear, sources_due
from sales_campaigns.messages.inboxes.looking import EVERY, FLOOR, inboxes_due, look
from sales_campaigns.messages.inboxes.models import KnockSource, MailboxWatch
from sales_campaigns.messages.inboxes.watches import AFTER_A_REFUSAL, ask_for_knocks, watches_due
from sales_campaigns.messages.incoming.models import ReceivedMail
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.ports import Granted, OutsideWorld, Tokens
from tests.cast import Cast
from tests.conftest import Work
from tests.incoming import a_raw_mail
from tests.outgoing import due_mails, send
from tests.stand_ins.google import WATCHED, Google, error
from tests.stand_ins.google_mail import GmailBox
from tests.stand_ins.serving import Act, Asked, Fault, times
from tests.stand_ins.worlds import SCOPES, service_key, settings_with, told_by, world_as

Queries = Callable[[], AbstractContextManager[list[str]]]
SEAL = Seal("only for the tests, and long enough")
ANA = "ana@north.example"
ASKED = {"watch", "subscriptions.pull", "subscriptions.acknowledge"}


@pytest.fixture
def outside(google: Google) -> Iterator[OutsideWorld]:
    with world_as(told_by(google)) as world:
        yield world


@pytest.fixture
def room(
    room: PostRoom, sessions: sessionmaker[Session], clock: VirtualClock, outside: OutsideWorld
) -> PostRoom:
    access = Access(sessions, clock, SEAL, outside.consents, outside.delegations)
    return replace(room, access=access, drafts=outside.drafts, readers=outside.readers, knocks=outside.knocks)


@pytest.fixture
def box(work: Work, cast: Cast, google: Google) -> GmailBox:
    connect(work, cast, google)
    return google.box(ANA)


@pytest.fixture(autouse=True)
def key(work: Work, cast: Cast, outside: OutsideWorld) -> None:
    with work() as uow:
        lay_down(uow, cast.cleo, "gmail", outside.delegations["gmail"], service_key(), SEAL)


def connect(work: Work, cast: Cast, google: Google) -> None:
    tokens = Tokens(google.token_of(ANA), google.tokens.lasting(ANA, SCOPES))
    granted = Granted(tokens, SCOPES, ANA, machine_now() + timedelta(hours=1))
    with work() as uow:
        keep_grant(uow, cast.ana, "gmail", granted, SEAL, reads=True)


def round_of(room: PostRoom) -> int:
    """What the leader does in a second; how many mails were news."""
    for mailbox in watches_due(room):
        ask_for_knocks(room, mailbox)
    for source in sources_due(room):
        while hear(room, source):
            pass
    return sum(look(room, mailbox) for mailbox in inboxes_due(room))


def rested(work: Work, room: PostRoom) -> None:
    """It is watched, and was looked at a while ago."""
    for _ in range(2):
        round_of(room)
        spoil(work, Inbox, read_at=machine_now() - timedelta(minutes=1))
    round_of(room)
    spoil(work, Inbox, read_at=machine_now() - timedelta(minutes=1), look_at=machine_now() + FLOOR)


def spoil(work: Work, row: type[Inbox | MailboxWatch | KnockSource], **values: object) -> None:
    with work() as uow:
        uow.session.execute(sa.update(row).values(**values))


def inbox(work: Work) -> Inbox:
    with work() as uow:
        return uow.session.scalars(sa.select(Inbox)).one()


def watch(work: Work) -> MailboxWatch:
    with work() as uow:
        return uow.session.scalars(sa.select(MailboxWatch)).one()


def source(work: Work) -> KnockSource:
    with work() as uow:
        return uow.session.scalars(sa.select(KnockSource)).one()


def findings(work: Work) -> list[Finding]:
    """What flask doctor says of it."""
    with work() as uow:
        return list(look_at_knocks(uow.session, "gmail"))


def received(work: Work) -> int:
    with work() as uow:
        return uow.session.scalar(sa.select(sa.func.count(ReceivedMail.id))) or 0


def near(at: datetime | None, wanted: timedelta) -> bool:
    return at is not None and abs(at - machine_now() - wanted) < timedelta(seconds=30)


def answered(work: Work, cast: Cast, room: PostRoom, box: GmailBox) -> None:
    """Maria answers to a mail that left; everything else is read already."""
    due_mails(work, cast, "maria@example.com")
    send(room)
    rested(work, room)
    box.comes_in(a_raw_mail(answers=box.sent[0].name))


def test_a_reply_is_read_as_soon_as_gmail_tells_of_it(
    work: Work, cast: Cast, room: PostRoom, box: GmailBox, google: Google
) -> None:
    """The rule: sync by history, or Pub/Sub pull where configured (spec/5)."""
    answered(work, cast, room, box)
    assert inboxes_due(room) == []
    assert round_of(room) == 1 and received(work) == 1
    assert near(inbox(work).look_at, FLOOR) and google.subscription.unacknowledged == 0


def test_a_knock_that_comes_again_late_or_for_nobody_does_nothing(
    work: Work, room: PostRoom, box: GmailBox, google: Google
) -> None:
    for mail in range(3):
        box.comes_in(a_raw_mail(subject=str(mail)))
    rested(work, room)
    google.subscription.tell_again()
    google.subscription.change("nobody@north.example", 10**9)
    google.subscription.change("nul\0@north.example", 10**9)
    google.subscription.change(ANA, 10**40)
    for words in (b"not JSON", b"[]", b"{}", b'{"emailAddress": 1, "historyId": "x"}', b"\xff"):
        google.subscription.publish(words)
    assert hear(room, "gmail") > 5
    assert inboxes_due(room) == [] and google.subscription.unacknowledged == 0


def test_what_was_told_is_acknowledged_after_it_is_kept(
    work: Work, room: PostRoom, box: GmailBox, google: Google
) -> None:
    """And told again where the acknowledgement was lost, which does no harm."""
    rested(work, room)
    due_by_then: list[bool] = []

    def script(name: str, _asked: Asked) -> Fault | None:
        if name != "subscriptions.acknowledge":
            return None
        due_by_then.append(inbox(work).look_at <= machine_now())
        return Act.DROP_BEFORE

    box.comes_in(a_raw_mail())
    google.obey(script)
    assert hear(room, "gmail") == 0 and due_by_then == [True]
    assert google.subscription.unacknowledged == 1 and inboxes_due(room) != []
    google.obey(lambda _name, _asked: None)
    google.subscription.tell_again()
    spoil(work, Inbox, look_at=machine_now() + FLOOR)
    assert hear(room, "gmail") == 1 and inboxes_due(room) == []


def test_a_knock_during_a_look_is_not_forgotten(
    work: Work, room: PostRoom, box: GmailBox, google: Google
) -> None:
    rested(work, room)

    def script(name: str, _asked: Asked) -> Fault | None:
        if name == "history.list":
            spoil(work, Inbox, look_at=machine_now())
        return None

    spoil(work, Inbox, look_at=machine_now())
    google.obey(script)
    round_of(room)
    assert inboxes_due(room) != [] and inbox(work).read_at is not None


def test_what_was_never_told_is_found_by_a_look_every_ten_minutes(
    work: Work, cast: Cast, room: PostRoom, box: GmailBox, google: Google
) -> None:
    google.subscription.loses = True
    answered(work, cast, room, box)
    assert round_of(room) == 0
    spoil(work, Inbox, look_at=inbox(work).look_at - FLOOR)
    assert round_of(room) == 1 and received(work) == 1


def test_many_knocks_in_a_row_are_one_look_in_five_seconds(work: Work, room: PostRoom, box: GmailBox) -> None:
    """What leaves from here makes it knock as well."""
    rested(work, room)
    spoil(work, Inbox, read_at=machine_now())
    box.comes_in(a_raw_mail())
    hear(room, "gmail")
    assert inboxes_due(room) == [] and near(inbox(work).look_at, timedelta(seconds=5))


def test_a_watch_is_asked_for_anew_every_day_and_whenever_the_mailbox_is_connected_anew(
    work: Work, cast: Cast, room: PostRoom, box: GmailBox, google: Google
) -> None:
    rested(work, room)
    assert near(watch(work).until, WATCHED) and google.heard.count("watch") == 1
    spoil(work, MailboxWatch, ask_at=machine_now() - timedelta(seconds=1))
    round_of(room)
    assert google.heard.count("watch") == 2 and near(watch(work).ask_at, timedelta(days=1))
    connect(work, cast, google)
    round_of(room)
    assert google.heard.count("watch") == 3 and watches_due(room) == []


def test_a_watch_that_is_over_leaves_the_mailbox_to_the_clock(
    work: Work, room: PostRoom, box: GmailBox
) -> None:
    rested(work, room)
    spoil(work, MailboxWatch, until=machine_now() - timedelta(seconds=1))
    spoil(work, Inbox, look_at=machine_now())
    round_of(room)
    assert near(inbox(work).look_at, EVERY) and sources_due(room) == []


def test_a_watch_that_is_refused_is_said_and_the_mailbox_is_read_as_before(
    work: Work, cast: Cast, room: PostRoom, box: GmailBox, google: Google
) -> None:
    words = "Error sending test message to Cloud PubSub: User not authorized to perform this action."
    google.obey(times(1, error(403, "forbidden", words), "watch"))
    round_of(room)
    assert words.rstrip(".") in watch(work).trouble and watch(work).until is None
    assert [one.grade for one in findings(work)] == [Grade.FINE, Grade.NOTE]
    assert near(watch(work).ask_at, AFTER_A_REFUSAL) and near(inbox(work).look_at, EVERY)
    assert watches_due(room) == [] and "subscriptions.pull" not in google.heard
    spoil(work, MailboxWatch, ask_at=machine_now())
    round_of(room)
    assert watch(work).trouble == "" and near(watch(work).until, WATCHED)


def test_where_nothing_can_be_fetched_that_is_told_once_and_mailboxes_are_looked_at_by_the_clock(
    work: Work, room: PostRoom, box: GmailBox, google: Google
) -> None:
    rested(work, room)
    structlog.reset_defaults()
    google.obey(times(2, error(403, "forbidden", "User not authorized"), "subscriptions.pull"))
    with capture_logs() as told:
        assert hear(room, "gmail") == 0
        assert sources_due(room) == [] and near(source(work).ask_at, PAUSE)
        assert ["Pub/Sub Subscriber" in one.words for one in findings(work)] == [True]
        assert "Pub/Sub Subscriber" in source(work).trouble and near(inbox(work).look_at, EVERY)
        hear(room, "gmail")
    assert [one["provider"] for one in told] == ["gmail"]
    spoil(work, Inbox, look_at=machine_now())
    round_of(room)
    assert near(inbox(work).look_at, EVERY)
    spoil(work, KnockSource, ask_at=machine_now())
    spoil(work, Inbox, look_at=machine_now())
    round_of(room)
    assert source(work).trouble == "" and near(inbox(work).look_at, FLOOR)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("days", [1, 8])
def test_a_mail_in_doubt_is_asked_for_as_often_as_before(
    work: Work, cast: Cast, room: PostRoom, box: GmailBox, days: int
) -> None:
    (id,) = due_mails(work, cast, "maria@example.com")
    rested(work, room)
    with work() as uow:
        doubt = {"state": MessageState.UNCERTAIN, "due_at": uow.now - timedelta(days=days)}
        uow.session.execute(sa.update(Message).where(Message.id == id).values(**doubt))
    spoil(work, Inbox, look_at=machine_now())
    round_of(room)
    assert near(inbox(work).look_at, EVERY if days < 7 else FLOOR)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("lacks", ["settings", "key", "permission"])
def test_without_all_of_it_nothing_is_asked(
    work: Work, cast: Cast, room: PostRoom, box: GmailBox, google: Google, lacks: str
) -> None:
    if lacks == "settings":
        with world_as(settings_with(google)) as world:
            room = replace(room, knocks=world.knocks)
    with work() as uow:
        if lacks == "key":
            take_away(uow, cast.cleo, "gmail")
        if lacks == "permission":
            uow.session.execute(sa.update(Mailbox).values(state=MailboxState.NEEDS_RECONNECT))
    round_of(room)
    assert not ASKED & set(google.heard)
    assert lacks == "permission" or near(inbox(work).look_at, EVERY)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_however_many_knock_it_costs_the_same_queries(
    work: Work, room: PostRoom, box: GmailBox, google: Google, queries: Queries
) -> None:
    rested(work, room)
    for number in range(90):
        google.subscription.change(f"{number}@north.example", number + 1)
    with queries() as seen:
        hear(room, "gmail")
    assert len(seen) < 12
