"""A mailbox that is not connected: its people are held when it lasts, and go on with nothing in the past."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from sales_campaigns.absence.reconnecting import HELD_AFTER, hold_disconnected, next_hold, reconnect
from sales_campaigns.accounts.models import Mailbox, MailboxState
from sales_campaigns.clock import VirtualClock
from sales_campaigns.enrollments.explaining.counting import held_counts
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.leaving import activate_sender, deactivate_sender, end_held, hand_over
from sales_campaigns.enrollments.models import Enrollment, EnrollmentState
from sales_campaigns.enrollments.pausing import pause_enrollment
from sales_campaigns.messages.models import Hold, Message
from tests.builders import a_call, a_campaign, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work

MONDAY = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)


def launched(work: Work, cast: Cast, number: int = 1, **settings: Any) -> None:
    """A mail at 10:00 and a call on the next day; it is Monday 09:00."""
    with work() as uow:
        steps = [a_mail(uow, 1, at="10:00"), a_call(2)]
        campaign = a_campaign(uow, cast.ana, steps, skip_weekends=True, **settings)
        ids = [a_person(uow, cast.ana, f"p{n}@example.com").id for n in range(number)]
        launch(uow, cast.ana, Order(campaign.id, ids))


def lost(work: Work, cast: Cast) -> None:
    with work() as uow:
        uow.session.execute(
            sa.update(Mailbox)
            .where(Mailbox.id == cast.ana_box.id)
            .values(state=MailboxState.NEEDS_RECONNECT, trouble="password refused", lost_at=uow.now)
        )


def tick(work: Work) -> int:
    with work() as uow:
        return hold_disconnected(uow)


def connected(work: Work, cast: Cast) -> int:
    with work() as uow:
        return reconnect(uow, cast.ana, uow.session.get_one(Mailbox, cast.ana_box.id))


def states(work: Work) -> list[str]:
    with work() as uow:
        return [one.state.value for one in uow.session.scalars(sa.select(Enrollment).order_by(Enrollment.id))]


def mail(work: Work) -> Message:
    with work() as uow:
        return uow.session.scalars(sa.select(Message)).one()


def test_a_short_outage_pushes_no_mail_to_the_next_day(work: Work, cast: Cast, clock: VirtualClock) -> None:
    launched(work, cast)
    lost(work, cast)
    clock.move_to(MONDAY + timedelta(hours=3))  # 12:00
    assert tick(work) == 0 and states(work) == ["active"]
    assert connected(work, cast) == 0
    assert mail(work).due_at == MONDAY + timedelta(hours=1), "the planned instant stands"
    assert mail(work).act_at >= MONDAY + timedelta(hours=3), "what is overdue leaves in turn"
    with work() as uow:
        assert uow.session.get_one(Mailbox, cast.ana_box.id).lost_at is None


def test_what_is_later_than_its_campaign_allows_follows_never_in_the_past(
    work: Work, cast: Cast, clock: VirtualClock
) -> None:
    launched(work, cast, late={"limit": "1h", "then": "skip"})
    lost(work, cast)
    clock.move_to(MONDAY + timedelta(hours=3))
    assert connected(work, cast) == 1
    assert mail(work).due_at == MONDAY + timedelta(days=1, hours=1), (
        "the late policy is for our own outages only"
    )


def test_people_are_held_after_four_hours_and_go_on_when_it_is_connected(
    work: Work, cast: Cast, clock: VirtualClock
) -> None:
    """The rule: on resume, what came due meanwhile follows “never in the past” and “slip”; so does a disconnected
    mailbox."""
    launched(work, cast, 2)
    lost(work, cast)
    with work() as uow:
        assert next_hold(uow.session, uow.now) == MONDAY + HELD_AFTER
    clock.move_to(MONDAY + HELD_AFTER)
    assert (tick(work), tick(work)) == (2, 0)
    assert states(work) == ["held", "held"]
    with work() as uow:
        assert held_counts(uow.session, cast.cleo).sender_gone == 2, "with an alert"
        assert held_counts(uow.session, cast.dirk).sender_gone == 0
    clock.move_to(MONDAY + timedelta(days=4, hours=3))  # Friday 12:00
    assert connected(work, cast) == 2
    with work() as uow:
        dues = set(uow.session.scalars(sa.select(Message.due_at)))
        assert dues == {datetime(2026, 12, 7, 9, 0, tzinfo=UTC)}, "Monday 10:00"
        stopped = sa.select(Hold.key).where(Hold.kind == "enrollment", Hold.stopped)
        assert uow.session.scalars(stopped).all() == []
    assert states(work) == ["active", "active"]


def test_whoever_a_user_paused_stays_paused(work: Work, cast: Cast, clock: VirtualClock) -> None:
    launched(work, cast, 2)
    with work() as uow:
        first = uow.session.scalars(sa.select(Enrollment).order_by(Enrollment.id)).first()
        assert first is not None
        pause_enrollment(uow, cast.ana, first)
    lost(work, cast)
    clock.forward(HELD_AFTER)
    assert tick(work) == 1
    connected(work, cast)
    assert states(work) == ["paused", "active"]


def test_it_holds_nobody_of_other_mailboxes(work: Work, cast: Cast, clock: VirtualClock) -> None:
    launched(work, cast)
    with work() as uow:
        box = sa.update(Mailbox).where(Mailbox.id == cast.ben_box.id)
        uow.session.execute(box.values(state=MailboxState.STOPPED, lost_at=uow.now))
    clock.forward(HELD_AFTER)
    assert tick(work) == 0 and states(work) == ["active"]


def test_an_administrator_reassigns_or_ends(work: Work, cast: Cast, clock: VirtualClock) -> None:
    launched(work, cast, 2)
    lost(work, cast)
    clock.forward(HELD_AFTER)
    tick(work)
    with work() as uow:
        assert hand_over(uow, cast.cleo, cast.ana.id, cast.ben.id) == 2
        assert set(uow.session.scalars(sa.select(Message.mailbox_id))) == {cast.ben_box.id}
    assert states(work) == ["active", "active"]


def test_or_ends(work: Work, cast: Cast, clock: VirtualClock) -> None:
    launched(work, cast)
    lost(work, cast)
    clock.forward(HELD_AFTER)
    tick(work)
    with work() as uow:
        assert end_held(uow, cast.cleo, cast.ana.id) == 1
    assert states(work) == [EnrollmentState.ENDED]


def test_a_sender_who_is_gone_keeps_them_held_when_the_mailbox_works(
    work: Work, cast: Cast, clock: VirtualClock
) -> None:
    launched(work, cast)
    lost(work, cast)
    clock.forward(HELD_AFTER)
    tick(work)
    with work() as uow:
        deactivate_sender(uow, cast.cleo, cast.ana.id)
    with work() as uow:
        box = uow.session.get_one(Mailbox, cast.ana_box.id)
        assert reconnect(uow, cast.cleo, box) == 0
    assert states(work) == ["held"]
    with work() as uow:
        assert activate_sender(uow, cast.cleo, cast.ana.id) == 1
    assert states(work) == ["active"]


@pytest.mark.parametrize("number", [1, 6])
def test_holding_and_going_on_take_the_same_queries_however_many(
    work: Work, cast: Cast, clock: VirtualClock, queries: object, number: int
) -> None:
    launched(work, cast, number)
    lost(work, cast)
    clock.forward(HELD_AFTER)
    with queries() as seen:  # type: ignore[operator]
        tick(work)
    assert len(seen) < 20
