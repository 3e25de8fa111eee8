"""From confirmation to the end: who may, when it leaves, pause, resume, stop, validity."""

from __future__ import annotations

from datetime import timedelta
from threading import Thread
from time import sleep

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.clock import VirtualClock, machine_seconds
from sales_campaigns.content.rendering import Content
from sales_campaigns.deliveries.approvals import answer_approval, ask_approval
from sales_campaigns.deliveries.confirming import confirm, unschedule
from sales_campaigns.deliveries.editing import change, create, duplicate
from sales_campaigns.deliveries.feeding import carry_on
from sales_campaigns.deliveries.inputs import Priority, Schedule, Settings, StartBy
from sales_campaigns.deliveries.models import ApprovalKind, DeliverySetup
from sales_campaigns.deliveries.pausing import pause, resume, still_in_flight, stop
from sales_campaigns.deliveries.preparing import prepare
from sales_campaigns.deliveries.setups import schedule_of
from sales_campaigns.deliveries.waves import equal_waves
from sales_campaigns.errors import IllegalMove, NotAllowed
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.models import Message
from sales_campaigns.people.models import Address
from tests.builders import a_wish
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.deliveries import (
    confirmed,
    delivery,
    figures,
    finish_preparing,
    let_jobs_run,
    preparation,
    prepared,
    said,
)
from tests.outgoing import once, send, states, with_meanwhile
from tests.sink import Sink


@pytest.fixture
def three(work: Work, cast: Cast) -> None:
    with work() as uow:
        for name in ("a", "b", "c"):
            a_person(uow, cast.ana, f"{name}@example.com")


@pytest.fixture
def preparer(work: Work, cast: Cast) -> User:
    """Ben may prepare, and nothing else."""
    with work() as uow:
        ben = uow.session.get_one(User, cast.ben.id)
        ben.can_prepare = True
        return ben


def send_all(work: Work, room: PostRoom) -> None:
    let_jobs_run(work)
    while send(room):
        let_jobs_run(work)


def test_what_is_confirmed_leaves_and_finishes(
    work: Work, cast: Cast, room: PostRoom, sink: Sink, three: None
) -> None:
    number = confirmed(work, cast.cleo)
    send_all(work, room)
    assert len(sink.caught) == 3
    found = figures(work, number)
    assert (found.sent, found.handed, found.targeted, found.to_come) == (3, 3, 3, 0)
    assert delivery(work, number).state == "finished"


def test_nothing_leaves_before_it_is_confirmed(
    work: Work, cast: Cast, room: PostRoom, sink: Sink, three: None
) -> None:
    prepared(work, cast.cleo)
    send_all(work, room)
    assert not sink.caught


def test_nothing_leaves_before_its_date(
    work: Work, cast: Cast, room: PostRoom, sink: Sink, clock: VirtualClock, three: None
) -> None:
    """In its zone: 10:00 in New York is 16:00 here."""
    number = confirmed(work, cast.cleo, schedule=Schedule("2026-11-30T10:00", "America/New_York"))
    assert delivery(work, number).state == "scheduled"
    clock.forward(timedelta(hours=6, minutes=59))
    send_all(work, room)
    assert not sink.caught
    clock.forward(timedelta(minutes=1))
    send_all(work, room)
    assert len(sink.caught) == 3


def test_waves_leave_one_after_the_other(
    work: Work, cast: Cast, room: PostRoom, sink: Sink, clock: VirtualClock, three: None
) -> None:
    number = confirmed(work, cast.cleo, settings=Settings(waves=equal_waves(50, timedelta(hours=2))))
    send_all(work, room)
    assert len(sink.caught) == 2 and delivery(work, number).state == "in_progress"
    assert figures(work, number).to_come == 1
    clock.forward(timedelta(hours=2))
    send_all(work, room)
    assert len(sink.caught) == 3 and delivery(work, number).state == "finished"


def test_pause_keeps_back_what_has_not_left_and_resume_lets_it_go(
    work: Work, cast: Cast, room: PostRoom, sink: Sink, three: None
) -> None:
    """After the call has returned nothing new is handed over; messages in flight finish."""
    number = confirmed(work, cast.cleo)
    let_jobs_run(work)

    def stop_here() -> None:
        with work() as uow:
            pause(uow, cast.cleo, number)

    send(with_meanwhile(room, before=once(stop_here)))
    send_all(work, room)
    assert len(sink.caught) == 1 and delivery(work, number).state == "paused"
    assert still_in_flight(room.reads, number) == 0
    with work() as uow:
        resume(uow, cast.cleo, number)
    send_all(work, room)
    assert len(sink.caught) == 3


def test_a_pause_says_how_many_are_still_in_flight(
    work: Work, cast: Cast, room: PostRoom, sink: Sink, three: None
) -> None:
    number = confirmed(work, cast.cleo)
    let_jobs_run(work)
    seen: list[int] = []

    def stop_here() -> None:
        with work() as uow:
            pause(uow, cast.cleo, number)
        seen.append(still_in_flight(room.reads, number, patience=0.1))

    send(with_meanwhile(room, before=once(stop_here)))
    assert seen == [1]


def test_stop_is_final_and_cancels_what_waits(
    work: Work, cast: Cast, room: PostRoom, sink: Sink, three: None
) -> None:
    number = confirmed(work, cast.cleo, settings=Settings(waves=equal_waves(50, timedelta(hours=2))))
    let_jobs_run(work)
    with work() as uow:
        assert stop(uow, cast.cleo, number) == 3
    send_all(work, room)
    assert not sink.caught and set(states(work)) == {"cancelled"}
    found = figures(work, number)
    assert (found.cancelled, found.to_come, found.targeted) == (3, 0, 3)
    with work() as uow, pytest.raises(IllegalMove, match="final"):
        resume(uow, cast.cleo, number)


def test_validity_keeps_running_while_it_is_paused(
    work: Work, cast: Cast, room: PostRoom, sink: Sink, clock: VirtualClock, three: None
) -> None:
    """Past validity what waits is cancelled and the delivery finishes."""
    number = confirmed(work, cast.cleo, settings=Settings(validity_hours=3))
    let_jobs_run(work)
    with work() as uow:
        pause(uow, cast.cleo, number)
    clock.forward(timedelta(hours=3))
    send_all(work, room)
    assert not sink.caught and delivery(work, number).state == "finished"
    assert figures(work, number).cancelled == 3


def test_what_no_longer_renders_is_cancelled_and_the_prepared_figures_stay(
    work: Work, cast: Cast, room: PostRoom, sink: Sink, three: None
) -> None:
    """A person's fields are read when the mail is made."""
    number = confirmed(work, cast.cleo)
    with work() as uow:
        from sales_campaigns.people.models import Person

        uow.session.execute(sa.update(Person).where(Person.email == "b@example.com").values(first_name=""))
    send_all(work, room)
    assert (figures(work, number).sent, figures(work, number).field_missing) == (2, 1)
    assert (preparation(work, number).to_deliver, figures(work, number).to_deliver) == (3, 3)


def test_an_opt_out_after_preparation_is_looked_at_again_at_the_instant_of_sending(
    work: Work, cast: Cast, room: PostRoom, sink: Sink, three: None
) -> None:
    number = confirmed(work, cast.cleo)
    with work() as uow:
        uow.session.execute(
            sa.update(Address).where(Address.email == "b@example.com").values(opted_out_at=uow.now)
        )
    send_all(work, room)
    assert len(sink.caught) == 2 and figures(work, number).cancelled == 1


def test_few_messages_of_it_fill_the_outbox_at_a_time(
    work: Work, cast: Cast, room: PostRoom, sink: Sink, three: None
) -> None:
    """A rep's own mail waits behind few of a delivery's, however large it is."""
    number = confirmed(work, cast.cleo)
    for made in (2, 2):
        with work() as uow:
            carry_on(uow, number, reachable=True, most=2)
        assert len(states(work)) == made
    send(room)
    send_all(work, room)
    assert len(sink.caught) == 3


def test_the_more_important_one_of_a_mailbox_goes_first(work: Work, cast: Cast, three: None) -> None:
    low = confirmed(work, cast.cleo, settings=Settings(priority=Priority.LOW))
    high = prepared(work, cast.cleo, settings=Settings(priority=Priority.HIGH))
    with work() as uow:
        confirm(uow, cast.cleo, high, reachable=True)
    with work() as uow:
        carry_on(uow, low, reachable=True)
    assert states(work) == []
    let_jobs_run(work)
    with work() as uow:
        order = uow.session.scalars(sa.select(Message.delivery_id).order_by(Message.id)).all()
    assert order == [high] * 3 + [low] * 3


class TestWhoMay:
    def test_a_preparer_prepares_and_is_told_who_confirms(
        self, work: Work, cast: Cast, preparer: User, three: None
    ) -> None:
        number = prepared(work, preparer)
        with work() as uow, pytest.raises(NotAllowed, match="Cleo Martin"):
            confirm(uow, preparer, number, reachable=True)

    def test_who_has_no_right_prepares_nothing(self, work: Work, cast: Cast) -> None:
        with work() as uow, pytest.raises(NotAllowed, match="prepare deliveries"):
            create(uow, cast.ana, a_wish(uow, cast.cleo))

    @pytest.mark.parametrize("start_by", [StartBy.NO_ERROR, StartBy.NO_WARNING])
    def test_a_preparer_cannot_make_it_start_by_itself(
        self, work: Work, cast: Cast, preparer: User, start_by: StartBy, three: None
    ) -> None:
        with work() as uow, pytest.raises(NotAllowed, match="Cleo Martin"):
            create(uow, preparer, a_wish(uow, preparer, settings=Settings(start_by=start_by)))
        number = prepared(work, preparer)
        with work() as uow, pytest.raises(NotAllowed, match="Cleo Martin"):
            change(uow, preparer, number, a_wish(uow, preparer, settings=Settings(start_by=start_by)))

    def test_a_preparer_cannot_change_what_is_confirmed_or_starts_by_itself(
        self, work: Work, cast: Cast, preparer: User, three: None
    ) -> None:
        later = confirmed(work, cast.cleo, schedule=Schedule("2026-12-02T09:00", "UTC"))
        by_itself = Settings(start_by=StartBy.NO_ERROR)
        with work() as uow:
            other = create(uow, cast.cleo, a_wish(uow, cast.cleo, settings=by_itself)).id
        for number, settings in ((later, Settings()), (other, by_itself)):
            with work() as uow, pytest.raises(NotAllowed, match="Cleo Martin"):
                change(uow, preparer, number, a_wish(uow, preparer, settings=settings))
        with work() as uow, pytest.raises(NotAllowed):
            unschedule(uow, preparer, later)

    def test_a_copy_never_starts_by_itself_and_has_no_date(
        self, work: Work, cast: Cast, preparer: User, three: None
    ) -> None:
        with work() as uow:
            settings = Settings(start_by=StartBy.NO_ERROR)
            date = Schedule("2026-12-02T09:00", "UTC")
            model = create(uow, cast.cleo, a_wish(uow, cast.cleo, settings=settings, schedule=date)).id
        with work() as uow:
            copy = duplicate(uow, preparer, model).id
        with work() as uow:
            setup = uow.session.get_one(DeliverySetup, copy)
            assert setup.settings["start_by"] == "person" and schedule_of(setup) == Schedule(zone="UTC")

    def test_a_step_of_a_campaign_has_no_stop_of_its_own(self, work: Work, cast: Cast) -> None:
        from sales_campaigns.deliveries.models import Delivery
        from tests.outgoing import due_mails

        due_mails(work, cast, "maria@example.com")
        with work() as uow, pytest.raises(IllegalMove, match="campaign"):
            number = uow.session.scalars(sa.select(Delivery.id)).one()
            stop(uow, cast.cleo, number)


class TestByItself:
    @pytest.mark.parametrize(
        ("start_by", "warns", "leaves"),
        [
            (StartBy.PERSON, False, False),
            (StartBy.NO_WARNING, False, True),
            (StartBy.NO_WARNING, True, False),
            (StartBy.NO_ERROR, True, True),
        ],
    )
    def test_who_starts_it_is_one_setting(
        self, work: Work, cast: Cast, three: None, start_by: StartBy, warns: bool, leaves: bool
    ) -> None:
        link = '<a href="odd">x</a>' if warns else ""
        content = Content("Hello", f"<p>Hello {link}</p>")
        prepared(work, cast.cleo, content=content, settings=Settings(start_by=start_by))
        let_jobs_run(work)
        assert bool(states(work)) is leaves

    def test_it_does_not_where_the_starter_lost_the_right(self, work: Work, cast: Cast, three: None) -> None:
        with work() as uow:
            ben = uow.session.get_one(User, cast.ben.id)
            ben.can_prepare = ben.can_start = True
        number = prepared(work, ben, settings=Settings(start_by=StartBy.NO_ERROR))
        with work() as uow:
            uow.session.get_one(User, cast.ben.id).can_start = False
        let_jobs_run(work)
        assert states(work) == [] and "does not start by itself" in said(work, number)[-1]

    def test_it_does_not_where_bulk_mail_may_not_leave(self, work: Work, cast: Cast, three: None) -> None:
        number = prepared(work, cast.cleo, settings=Settings(start_by=StartBy.NO_ERROR))
        let_jobs_run(work, reachable=False)
        assert states(work) == [] and "PUBLIC_URL" in said(work, number)[-1]


class TestSchedule:
    DATE = Schedule("2026-12-01T09:00", "Europe/Stockholm")

    def test_scheduled_by_somebody_without_the_right_it_waits_for_a_confirmation(
        self, work: Work, cast: Cast, preparer: User, three: None
    ) -> None:
        number = prepared(work, preparer, schedule=self.DATE)
        assert delivery(work, number).state == "awaiting_confirmation"

    def test_an_unconfirmed_date_passes_with_an_alert_and_a_late_confirmation_sends_within_validity(
        self, work: Work, cast: Cast, preparer: User, clock: VirtualClock, three: None
    ) -> None:
        number = prepared(work, preparer, schedule=self.DATE)
        clock.forward(timedelta(days=2))
        let_jobs_run(work)
        assert states(work) == [] and "nobody has confirmed it" in said(work, number)[-1]
        with work() as uow:
            confirm(uow, cast.cleo, number, reachable=True)
        let_jobs_run(work)
        assert states(work) == ["pending"] * 3

    def test_past_validity_it_expires_unconfirmed(
        self, work: Work, cast: Cast, preparer: User, clock: VirtualClock, three: None
    ) -> None:
        number = prepared(work, preparer, schedule=self.DATE)
        clock.forward(timedelta(days=2))
        let_jobs_run(work)
        clock.forward(timedelta(days=5))
        let_jobs_run(work)
        assert delivery(work, number).state == "expired" and states(work) == []

    def test_a_confirmation_can_be_taken_back_before_the_date(
        self, work: Work, cast: Cast, clock: VirtualClock, three: None
    ) -> None:
        number = confirmed(work, cast.cleo, schedule=self.DATE)
        with work() as uow:
            unschedule(uow, cast.cleo, number)
        clock.forward(timedelta(days=2))
        let_jobs_run(work)
        assert delivery(work, number).state == "ready" and states(work) == []

    def test_it_can_ask_again_before_sending(
        self, work: Work, cast: Cast, clock: VirtualClock, three: None
    ) -> None:
        date = Schedule("2026-12-01T09:00", "Europe/Stockholm", ask_again=True)
        number = confirmed(work, cast.cleo, schedule=date)
        clock.forward(timedelta(days=1))
        let_jobs_run(work)
        assert delivery(work, number).state == "awaiting_confirmation" and states(work) == []
        with work() as uow:
            confirm(uow, cast.cleo, number, reachable=True)
        let_jobs_run(work)
        assert len(states(work)) == 3


class TestApprovals:
    def test_nothing_is_confirmed_until_one_reviewer_of_each_kind_grants(
        self, work: Work, cast: Cast, three: None
    ) -> None:
        number = prepared(work, cast.cleo)
        with work() as uow:
            ask_approval(uow, cast.cleo, number, ApprovalKind.CONTENT, [cast.ana.id, cast.ben.id])
        with work() as uow, pytest.raises(IllegalMove, match="Ana Lind, Ben Okafor can"):
            confirm(uow, cast.cleo, number, reachable=True)
        with work() as uow, pytest.raises(NotAllowed, match="Ana Lind"):
            answer_approval(uow, cast.cleo, number, ApprovalKind.CONTENT, granted=True)
        with work() as uow:
            answer_approval(uow, cast.ben, number, ApprovalKind.CONTENT, granted=True, comment="Fine")
        with work() as uow:
            confirm(uow, cast.cleo, number, reachable=True)

    def test_an_approval_is_of_what_was_seen(self, work: Work, cast: Cast, three: None) -> None:
        number = prepared(work, cast.cleo)
        with work() as uow:
            ask_approval(uow, cast.cleo, number, ApprovalKind.TARGET, [cast.ben.id])
        with work() as uow:
            answer_approval(uow, cast.ben, number, ApprovalKind.TARGET, granted=True)
        with work() as uow:
            change(uow, cast.cleo, number, a_wish(uow, cast.cleo, settings=Settings(validity_hours=9)))
            prepare(uow, cast.cleo, number)
        finish_preparing(work, number)
        with work() as uow, pytest.raises(IllegalMove, match="not approved"):
            confirm(uow, cast.cleo, number, reachable=True)


def test_bulk_mail_is_not_confirmed_while_public_url_is_unset(work: Work, cast: Cast, three: None) -> None:
    number = prepared(work, cast.cleo)
    with work() as uow, pytest.raises(IllegalMove, match="PUBLIC_URL"):
        confirm(uow, cast.cleo, number, reachable=False)


def test_nothing_begins_after_a_pause_has_returned(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    """However the pause falls among the hand-overs: raced against the thread that sends."""
    with work() as uow:
        for place in range(40):
            a_person(uow, cast.ana, f"p{place}@example.com")
    number = confirmed(work, cast.cleo)
    let_jobs_run(work)
    begun: list[float] = []
    busy = with_meanwhile(room, before=lambda _mail: begun.append(machine_seconds()))
    for wait in (5, 10, 15):
        sending = Thread(target=send, args=(busy,))
        sending.start()
        while len(begun) < wait and sending.is_alive():
            sleep(0.001)
        with work() as uow:
            pause(uow, cast.cleo, number)
        assert still_in_flight(room.reads, number) == 0
        seen = len(begun)
        sending.join(30)
        assert len(begun) == seen, "a hand-over began after the pause had returned"
        with work() as uow:
            resume(uow, cast.cleo, number)
    send_all(work, room)
    assert len(sink.caught) == 40 == figures(work, number).sent


def test_two_people_who_confirm_at_once_are_one_confirmation(work: Work, cast: Cast, three: None) -> None:
    """Compare-and-set: the second one is told that it is confirmed."""
    number, refused = prepared(work, cast.cleo), []

    def press() -> None:
        try:
            with work() as uow:
                confirm(uow, cast.cleo, number, reachable=True)
        except IllegalMove as refusal:
            refused.append(refusal.words)

    pressing = [Thread(target=press) for _ in range(2)]
    for one in pressing:
        one.start()
    for one in pressing:
        one.join(30)
    assert len(refused) == 1 and "cannot be confirmed" in refused[0]
    let_jobs_run(work)
    assert len(states(work)) == 3
