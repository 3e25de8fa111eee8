"""A channel of a team: an administrator adds a relay, reps send through it as their own verified identity."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from sales_campaigns.absence.going_through import channel_works, confirmed, send_by_own, send_through
from sales_campaigns.absence.reconnecting import HELD_AFTER, hold_disconnected, reconnect
from sales_campaigns.accounts.channels.codes import MOST_ATTEMPTS
from sales_campaigns.accounts.channels.keeping import change_channel, channel_typed, take_away
from sales_campaigns.accounts.channels.models import Channel, SenderIdentity, identity_behind
from sales_campaigns.accounts.channels.reading import channel_lines, channel_of
from sales_campaigns.accounts.channels.verifying import ask_code, confirm_code, let_go
from sales_campaigns.accounts.mailboxes import connect_mailbox, mailbox_of, pace_mailbox, settings_typed
from sales_campaigns.accounts.models import Mailbox, MailboxState, Role, User
from sales_campaigns.accounts.secrets import hashed
from sales_campaigns.activity import Activity
from sales_campaigns.clock import VirtualClock
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.models import Enrollment, EnrollmentState
from sales_campaigns.errors import IllegalMove, Invalid, NotAllowed, NotFound
from sales_campaigns.messages.handing_over.dispatching import PostRoom, dispatch
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.messages.outbox.composing import own_mailbox
from sales_campaigns.notices.models import Notice
from sales_campaigns.reactions import react
from tests.builders import a_campaign, a_mail
from tests.cast import Cast, a_person
from tests.channels import RELAY, a_channel, sends_through, verified
from tests.conftest import Work
from tests.sink import Script, Sink


@pytest.fixture
def relay(work: Work, cast: Cast) -> Iterator[Sink]:
    """The server of the channel; the reps' own ones are elsewhere."""
    with Sink() as server:
        yield server


@pytest.fixture
def channel(work: Work, cast: Cast, relay: Sink) -> Channel:
    with work() as uow:
        return a_channel(uow, cast.cleo, relay.port)


@pytest.fixture
def eva(work: Work, cast: Cast) -> User:
    """Of Ana's team, without a mailbox of her own."""
    with work() as uow:
        named = {"email": "eva@north.example", "first_name": "Eva", "zone": "Europe/Stockholm"}
        user = User(team_id=cast.ana.team_id, created_at=uow.now, **named)
        uow.session.add(user)
        uow.session.flush()
        return user


def mails_of(work: Work, user: User, number: int = 1) -> None:
    """Mails that leave in an hour."""
    with work() as uow:
        campaign = a_campaign(uow, user, [a_mail(uow, 1, at="10:00")], f"Of {user.first_name}")
        people = [a_person(uow, user, f"{user.first_name}{n}@example.com".lower()).id for n in range(number)]
        launch(uow, user, Order(campaign.id, people))


def box_of(work: Work, user: User) -> Mailbox:
    with work() as uow:
        box = mailbox_of(uow.session, user)
        assert box is not None
        return box


# Who may keep a channel


def test_only_administrators_of_the_team_keep_channels(work: Work, cast: Cast, channel: Channel) -> None:
    with work() as uow, pytest.raises(NotAllowed):
        a_channel(uow, cast.ana)
    with work() as uow, pytest.raises(NotAllowed):
        take_away(uow, cast.ana, channel.id)
    with work() as uow, pytest.raises(NotAllowed):
        channel_lines(uow.session, cast.ana)


def test_a_channel_of_another_team_is_not_there(work: Work, cast: Cast, channel: Channel) -> None:
    with work() as uow:
        uow.session.get_one(User, cast.dirk.id).role = Role.TEAM_ADMINISTRATOR
    with work() as uow:
        dirk = uow.session.get_one(User, cast.dirk.id)
        assert channel_lines(uow.session, dirk) == []
        for act in (
            lambda: channel_of(uow.session, dirk, channel.id),
            lambda: take_away(uow, dirk, channel.id),
            lambda: channel_works(uow, dirk, channel.id, None),
            lambda: ask_code(uow, dirk, channel.id, dirk.email),
        ):
            with pytest.raises(NotFound):
                act()


def test_a_team_has_one_channel_of_a_name(work: Work, cast: Cast, channel: Channel) -> None:
    with work() as uow, pytest.raises(Invalid, match="of this name"):
        a_channel(uow, cast.cleo, name="office RELAY")
    with work() as uow:
        other = a_channel(uow, cast.cleo, name="Fair")
        wish = channel_typed({**RELAY, "port": "25", "name": "Fair", "per_minute": "60", "per_day": "5000"})
        changed = change_channel(uow, cast.cleo, other.id, wish, "")
        assert (changed.per_minute, changed.per_day) == (60, 5000)


def test_what_is_typed_wrong_is_told_by_field() -> None:
    with pytest.raises(Invalid) as refused:
        channel_typed({"host": "a b", "port": "x", "per_minute": "0", "per_day": "many"})
    assert {"name", "address", "host", "port", "security", "per_minute", "per_day"} == set(
        refused.value.problems
    )


# An address is verified


def test_an_address_is_verified_by_a_code_of_which_only_the_hash_is_kept(
    work: Work, cast: Cast, channel: Channel
) -> None:
    with work() as uow:
        identity, code = ask_code(uow, cast.ana, channel.id, cast.ana.email)
        assert len(code) == 8 and code not in identity.code_hash and identity.code_hash != hashed(code)
        assert identity.verified_at is None
    with work() as uow:
        assert (
            confirm_code(uow, cast.ana, identity.id, f"{code[:4]}-{code[4:]}".lower()).verified_at == uow.now
        )
    with work() as uow, pytest.raises(Invalid, match="works once"):
        confirm_code(uow, cast.ana, identity.id, code)


def test_five_wrong_codes_void_it_and_another_one_waits_a_minute(
    work: Work, cast: Cast, channel: Channel
) -> None:
    with work() as uow:
        identity, code = ask_code(uow, cast.ana, channel.id, cast.ana.email)
        for _ in range(MOST_ATTEMPTS):
            with pytest.raises(Invalid):
                confirm_code(uow, cast.ana, identity.id, "WRONG222")
        with pytest.raises(Invalid, match="five wrong codes"):
            confirm_code(uow, cast.ana, identity.id, code)
        with pytest.raises(Invalid, match="a moment ago"):
            ask_code(uow, cast.ana, channel.id, cast.ana.email)


def test_a_code_expires_in_an_hour_and_five_are_mailed_within_one(
    work: Work, cast: Cast, channel: Channel, eva: User
) -> None:
    with work() as uow:
        identity, code = ask_code(uow, eva, channel.id, eva.email)
        identity.asked_at -= timedelta(hours=1)
        with pytest.raises(Invalid, match="lives for an hour"):
            confirm_code(uow, eva, identity.id, code)
        for number in range(4):
            ask_code(uow, eva, channel.id, f"eva{number}@north.example")
        with pytest.raises(Invalid, match="Five codes"):
            ask_code(uow, eva, channel.id, "eva5@north.example")


def test_nobody_proves_an_address_that_somebody_else_sends_from(
    work: Work, cast: Cast, channel: Channel, eva: User
) -> None:
    with work() as uow, pytest.raises(Invalid, match="Somebody else sends from this address"):
        ask_code(uow, eva, channel.id, cast.ben.email)
    with work() as uow:
        verified(uow, eva, channel, "sales@north.example")
        uow.session.delete(uow.session.get_one(Mailbox, cast.ben_box.id))
    with work() as uow, pytest.raises(Invalid, match="Somebody else sends from this address"):
        ask_code(uow, cast.ben, channel.id, "sales@north.example")


def test_the_database_keeps_an_address_for_one_user(
    work: Work, cast: Cast, channel: Channel, eva: User
) -> None:
    with work() as uow:
        verified(uow, eva, channel)
        first = uow.session.scalars(sa.select(SenderIdentity)).one()
        again = SenderIdentity(
            user_id=cast.ben.id,
            channel_id=channel.id,
            address=first.address,
            asked_from=uow.now,
            asked_at=uow.now,
            verified_at=uow.now,
        )
        uow.session.add(again)
        with pytest.raises(sa.exc.IntegrityError):
            uow.session.flush()
        uow.session.rollback()


def test_of_two_who_prove_one_address_at_the_same_instant_the_second_is_told(
    work: Work, cast: Cast, channel: Channel, eva: User
) -> None:
    """Both have looked before either is written."""
    shared, refused = "sales@north.example", []
    with work() as uow:
        fay = User(
            team_id=eva.team_id, created_at=uow.now, email="fay@north.example", first_name="Fay", zone="UTC"
        )
        uow.session.add(fay)
        uow.session.flush()
        mine, my_code = ask_code(uow, eva, channel.id, shared)
        hers, her_code = ask_code(uow, fay, channel.id, shared)

    def second() -> None:
        with work() as uow:
            try:
                confirm_code(uow, fay, hers.id, her_code)
            except Invalid as refusal:
                refused.append(refusal.words)

    thread = threading.Thread(target=second)
    with work() as uow:
        confirm_code(uow, eva, mine.id, my_code)
        thread.start()
        thread.join(0.3)
    thread.join()
    assert len(refused) == 1 and "Somebody else sends from this address already" in refused[0]
    with work() as uow:
        proved = sa.select(SenderIdentity.user_id).where(SenderIdentity.verified_at.is_not(None))
        assert uow.session.scalars(proved).all() == [eva.id]


def test_who_has_a_mailbox_verifies_its_address(work: Work, cast: Cast, channel: Channel) -> None:
    with work() as uow, pytest.raises(Invalid, match="sends as ana@north"):
        ask_code(uow, cast.ana, channel.id, "ana.lind@north.example")


def test_a_code_is_typed_by_whoever_asked_for_it(work: Work, cast: Cast, channel: Channel) -> None:
    with work() as uow:
        identity, code = ask_code(uow, cast.ana, channel.id, cast.ana.email)
        with pytest.raises(NotFound):
            confirm_code(uow, cast.ben, identity.id, code)


# Who sends through it


def test_unverified_is_refused_with_what_to_do(work: Work, cast: Cast, channel: Channel, eva: User) -> None:
    with work() as uow:
        with pytest.raises(Invalid, match="Verify your address first, under Mailbox"):
            own_mailbox(uow.session, eva)
        identity, _ = ask_code(uow, eva, channel.id, eva.email)
        with pytest.raises(Invalid, match="type the code that was mailed to it"):
            own_mailbox(uow.session, eva)
        with pytest.raises(Invalid, match="Verify eva@north"):
            send_through(uow, eva, identity.id)
        campaign = a_campaign(uow, eva, [a_mail(uow, 1, at="10:00")], "Of Eva")
        with pytest.raises(Invalid, match="Verify eva@north"):
            launch(uow, eva, Order(campaign.id, [a_person(uow, eva, "e@example.com").id]))


def test_a_rep_without_a_mailbox_launches_through_the_channel_as_the_own_address(
    work: Work, cast: Cast, channel: Channel, eva: User, room: PostRoom, relay: Sink, clock: VirtualClock
) -> None:
    with work() as uow:
        box = confirmed(uow, eva, verified(uow, eva, channel))
        assert box is not None and not box.has_own_way and own_mailbox(uow.session, eva) is box
    mails_of(work, eva)
    clock.forward(timedelta(hours=1))
    assert dispatch(room, box.id) == 1
    [mail] = relay.caught
    assert mail.sender == "eva@north.example", "the envelope is the identity's, too"
    assert b"From: Eva <eva@north.example>" in mail.raw and mail.message_id.endswith("@north.example>")
    with work() as uow:
        message = uow.session.scalars(sa.select(Message)).one()
        assert uow.session.get_one(SenderIdentity, message.identity_id).address == "eva@north.example"


def test_a_rep_with_a_mailbox_chooses_and_goes_back(
    work: Work, cast: Cast, channel: Channel, room: PostRoom, sink: Sink, relay: Sink, clock: VirtualClock
) -> None:
    mails_of(work, cast.ana, 1)
    with work() as uow:
        identity = verified(uow, cast.ana, channel)
        assert confirmed(uow, cast.ana, identity) is None, "the choice is hers"
        assert send_through(uow, cast.ana, identity.id).id == cast.ana_box.id
    clock.forward(timedelta(hours=1))
    assert dispatch(room, cast.ana_box.id) == 1
    assert (len(relay.caught), len(sink.caught)) == (1, 0), "what waited leaves by the way that holds now"
    with work() as uow:
        assert identity_behind(send_by_own(uow, cast.ana, None)) is None
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, at="11:00")], "Later")
        launch(uow, cast.ana, Order(campaign.id, [a_person(uow, cast.ana, "later@example.com").id]))
    clock.forward(timedelta(hours=1))
    dispatch(room, cast.ana_box.id)
    assert (len(relay.caught), len(sink.caught)) == (1, 1)
    with work() as uow:
        behind = uow.session.scalars(sa.select(Message.identity_id).order_by(Message.id)).all()
        assert behind == [identity.id, None]


def test_connecting_a_mailbox_of_the_own_leaves_the_channel(
    work: Work, cast: Cast, channel: Channel, eva: User
) -> None:
    with work() as uow:
        before = sends_through(uow, eva, channel).id
        typed = {"address": eva.email, "host": "smtp.north.example", "port": "465", "security": "tls"}
        box = connect_mailbox(uow, eva, settings_typed(typed), "")
        assert box.id == before and box.identity_id is None and box.has_own_way


def test_a_mailbox_behind_a_channel_is_no_bulk_lane(work: Work, cast: Cast, channel: Channel) -> None:
    with work() as uow:
        sends_through(uow, cast.ana, channel)
        with pytest.raises(Invalid, match="one mail after the other"):
            pace_mailbox(uow, cast.ana, "", bulk_lane=True)


# Pace, limits and stops are the channel's


@pytest.mark.parametrize("pace", [{"per_minute": 20}, {"per_day": 4}], ids=["a minute", "a day"])
def test_the_pace_of_a_channel_binds_its_reps_together(
    pace: dict[str, int], work: Work, cast: Cast, room: PostRoom, relay: Sink, clock: VirtualClock
) -> None:
    with work() as uow:
        channel = a_channel(uow, cast.cleo, relay.port, **pace)
        for user in (cast.ana, cast.ben):
            sends_through(uow, user, channel)
    for user in (cast.ana, cast.ben):
        mails_of(work, user, 2)
    clock.forward(timedelta(hours=1))
    for box in (cast.ana_box, cast.ben_box):
        dispatch(room, box.id)
    assert len(relay.caught) == 2, (
        "a tenth of a minute's mails, or half of a day's, at once, whoever's they are"
    )
    with work() as uow:
        waiting = sa.select(Message.reason).where(Message.state == MessageState.PENDING)
        assert set(uow.session.scalars(waiting)) == {"paced"}


def test_a_rep_may_be_slower_than_the_channel(
    work: Work, cast: Cast, channel: Channel, room: PostRoom, relay: Sink, clock: VirtualClock
) -> None:
    with work() as uow:
        sends_through(uow, cast.ana, channel)
        pace_mailbox(uow, cast.ana, "10", bulk_lane=False)
    mails_of(work, cast.ana, 3)
    clock.forward(timedelta(hours=1))
    dispatch(room, cast.ana_box.id)
    assert len(relay.caught) == 1


def test_the_daily_limit_is_each_reps_own(work: Work, cast: Cast, channel: Channel) -> None:
    with work() as uow:
        sends_through(uow, cast.ana, channel).daily_limit = 2
        sends_through(uow, cast.ben, channel)
    for user in (cast.ana, cast.ben):
        mails_of(work, user, 4)
    with work() as uow:
        days = sa.select(Message.sender_id, sa.func.count(sa.distinct(Message.due_at)))
        found = [(id, number) for id, number in uow.session.execute(days.group_by(Message.sender_id))]
        assert sorted(found) == [(cast.ana.id, 2), (cast.ben.id, 1)]


def test_what_stops_one_rep_at_the_relay_stops_all_and_is_told_once_to_each(
    work: Work, cast: Cast, channel: Channel, room: PostRoom, relay: Sink, clock: VirtualClock
) -> None:
    with work() as uow:
        for user in (cast.ana, cast.ben):
            sends_through(uow, user, channel)
    mails_of(work, cast.ana)
    mails_of(work, cast.ben)
    clock.forward(timedelta(hours=1))
    refuse: Script = lambda where, _: "530 5.7.0 Authentication required" if where == "MAIL" else None  # noqa: E731
    relay.obey(refuse)
    dispatch(room, cast.ana_box.id)
    assert {box_of(work, user).state for user in (cast.ana, cast.ben)} == {MailboxState.NEEDS_RECONNECT}
    with work() as uow:
        assert "Authentication required" in uow.session.get_one(Channel, channel.id).trouble
        react(uow)
    with work() as uow:
        told = uow.session.scalars(sa.select(Notice.user_id).order_by(Notice.user_id)).all()
        assert told == [cast.ana.id, cast.ben.id, cast.cleo.id]


def test_a_channel_that_works_again_lets_all_go_on(
    work: Work, cast: Cast, channel: Channel, room: PostRoom, relay: Sink, clock: VirtualClock
) -> None:
    with work() as uow:
        for user in (cast.ana, cast.ben):
            sends_through(uow, user, channel)
    for user in (cast.ana, cast.ben):
        mails_of(work, user)
    with work() as uow:
        assert take_away(uow, cast.cleo, channel.id) == 2
        with pytest.raises(IllegalMove, match="before"):
            take_away(uow, cast.cleo, channel.id)
    clock.forward(HELD_AFTER)
    with work() as uow:
        assert hold_disconnected(uow) == 2, "as with a lost mailbox"
        lost = sa.select(sa.func.count()).where(Activity.kind == "mailbox.lost")
        assert uow.session.scalar(lost) == 2
        box = uow.session.get_one(Mailbox, cast.ana_box.id)
        with pytest.raises(IllegalMove, match="was taken away"):
            reconnect(uow, cast.cleo, box)
    with work() as uow:
        _, people = channel_works(uow, cast.cleo, channel.id, 10_000)
        assert people == 2
    with work() as uow:
        assert set(uow.session.scalars(sa.select(Enrollment.state))) == {EnrollmentState.ACTIVE}
        boxes = uow.session.scalars(sa.select(Mailbox).where(Mailbox.identity_id.is_not(None))).all()
        assert {(box.state, box.largest_mail) for box in boxes} == {(MailboxState.CONNECTED, 10_000)}


# Letting an identity go


def test_what_waits_is_held_when_an_identity_is_let_go_and_goes_on_when_it_is_verified_again(
    work: Work, cast: Cast, channel: Channel, room: PostRoom, relay: Sink, clock: VirtualClock
) -> None:
    with work() as uow:
        identity = verified(uow, cast.ana, channel)
        send_through(uow, cast.ana, identity.id)
        sends_through(uow, cast.ben, channel)
    mails_of(work, cast.ana)
    with work() as uow:
        let_go(uow, cast.cleo, identity.id)
        with pytest.raises(Invalid, match="is not verified any more"):
            own_mailbox(uow.session, cast.ana)
    assert box_of(work, cast.ana).state is MailboxState.NEEDS_RECONNECT
    assert box_of(work, cast.ben).state is MailboxState.CONNECTED, "the channel goes on for the others"
    clock.forward(timedelta(hours=1))
    dispatch(room, cast.ana_box.id)
    assert not relay.caught
    with work() as uow:
        uow.session.get_one(SenderIdentity, identity.id).asked_at -= timedelta(minutes=2)
    with work() as uow:
        assert confirmed(uow, cast.ana, verified(uow, cast.ana, channel)) is not None
    assert dispatch(room, cast.ana_box.id) == 1 and len(relay.caught) == 1


def test_an_identity_is_let_go_by_its_user_or_by_the_administrators_of_the_team(
    work: Work, cast: Cast, channel: Channel
) -> None:
    with work() as uow:
        identity = verified(uow, cast.ana, channel)
        with pytest.raises(NotAllowed):
            let_go(uow, cast.ben, identity.id)
        with pytest.raises(NotFound):
            let_go(uow, cast.dirk, identity.id)
        assert let_go(uow, cast.ana, identity.id).verified_at is None
