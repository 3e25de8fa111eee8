"""Stop all sending, stop a mailbox, pause a rep's whole work; and what happens when it goes on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from sales_campaigns.absence.pausing_work import pause_work, resume_work
from sales_campaigns.clock import VirtualClock
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.opening import open_due
from sales_campaigns.errors import IllegalMove, NotAllowed, NotFound
from sales_campaigns.messages.handing_over.dispatching import PostRoom, dispatch
from sales_campaigns.messages.handing_over.due_mail import mailboxes_with_due_mail
from sales_campaigns.messages.holds import INSTANCE
from sales_campaigns.messages.models import Cause, Hold, Message, Stop
from sales_campaigns.messages.stops.reasons import lift_stop, put_stop
from sales_campaigns.messages.stops.stopping import (
    release_everything,
    release_mailbox,
    stop_everything,
    stop_mailbox,
)
from tests.builders import a_call, a_campaign, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.sink import Sink


def launched(work: Work, cast: Cast, number: int = 3, **late: str) -> None:
    """Mails at 10:00 in Stockholm, an hour from now."""
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, at="10:00"), a_call(2)], late=late or None)
        people = [a_person(uow, cast.ana, f"p{n}@example.com").id for n in range(number)]
        launch(uow, cast.ana, Order(campaign.id, people))


def test_nothing_leaves_while_all_sending_is_stopped(
    work: Work, cast: Cast, room: PostRoom, sink: Sink, clock: VirtualClock
) -> None:
    launched(work, cast)
    with work() as uow:
        stop_everything(uow, cast.cleo)
        assert uow.session.get_one(Hold, INSTANCE).why == "Cleo Martin has stopped all sending"
    clock.forward(timedelta(hours=1))
    assert dispatch(room, cast.ana_box.id) == 0 and not sink.caught
    with work() as uow:
        assert mailboxes_with_due_mail(uow.session, uow.now) == []
        release_everything(uow, cast.cleo)
    assert dispatch(room, cast.ana_box.id) == 3


def test_what_became_overdue_is_spread_when_it_goes_on_and_planned_instants_stay(
    work: Work, cast: Cast, clock: VirtualClock
) -> None:
    launched(work, cast, 4)
    with work() as uow:
        stop_everything(uow, cast.cleo)
    clock.forward(timedelta(hours=2))
    with work() as uow:
        assert release_everything(uow, cast.cleo) == 4
        rows = uow.session.execute(sa.select(Message.due_at, Message.act_at).order_by(Message.act_at)).all()
        assert {row.due_at for row in rows} == {datetime(2026, 11, 30, 9, tzinfo=UTC)}
        assert [(row.act_at - uow.now).total_seconds() for row in rows] == [0, 57.6, 115.2, 172.8]


def test_what_is_too_late_by_then_follows_its_campaign(work: Work, cast: Cast, clock: VirtualClock) -> None:
    """The rule: lateness is judged once; what is not late yet leaves however long its turn takes."""
    launched(work, cast, 1, limit="4h", then="skip")
    with work() as uow:
        stop_everything(uow, cast.cleo)
    clock.forward(timedelta(hours=6))
    with work() as uow:
        assert release_everything(uow, cast.cleo) == 0
        assert uow.session.scalars(sa.select(Message.late_at)).one() is not None
        assert mailboxes_with_due_mail(uow.session, uow.now) == [cast.ana_box.id], "the gate judges it"


def test_a_mailbox_is_stopped_by_its_owner_or_by_the_administrators_of_the_team(
    work: Work, cast: Cast
) -> None:
    with work() as uow:
        stop_mailbox(uow, cast.ana, cast.ana_box.id)
        with pytest.raises(IllegalMove, match="stopped already"):
            stop_mailbox(uow, cast.cleo, cast.ana_box.id)
        release_mailbox(uow, cast.cleo, cast.ana_box.id)
    with work() as uow, pytest.raises(NotAllowed):
        stop_mailbox(uow, cast.ben, cast.ana_box.id)
    with work() as uow, pytest.raises(NotFound):
        stop_mailbox(uow, cast.dirk, cast.ana_box.id)


def test_a_stopped_mailbox_holds_only_its_own_mail(work: Work, cast: Cast, clock: VirtualClock) -> None:
    launched(work, cast)
    with work() as uow:
        stop_mailbox(uow, cast.ana, cast.ana_box.id)
        campaign = a_campaign(uow, cast.ben, [a_mail(uow, 1, at="10:00")], "Of Ben")
        launch(uow, cast.ben, Order(campaign.id, [a_person(uow, cast.ben, "b@example.com").id]))
    clock.forward(timedelta(hours=1))
    with work() as uow:
        assert mailboxes_with_due_mail(uow.session, uow.now) == [cast.ben_box.id]


@pytest.mark.parametrize("who", ["ana", "dirk"])
def test_only_administrators_of_the_installation_stop_everything(work: Work, cast: Cast, who: str) -> None:
    with work() as uow, pytest.raises(NotAllowed):
        stop_everything(uow, getattr(cast, who))


def test_a_hold_is_released_with_the_last_reason(work: Work, cast: Cast) -> None:
    with work() as uow:
        stop_everything(uow, cast.cleo)
        assert put_stop(uow, *INSTANCE, Cause.RESTORED, "it was restored")
        assert not put_stop(uow, *INSTANCE, Cause.RESTORED, "it was restored again")
    with work() as uow:
        release_everything(uow, cast.cleo)
        hold = uow.session.get_one(Hold, INSTANCE)
        assert hold.stopped and hold.why == "it was restored"
        assert lift_stop(uow, *INSTANCE, Cause.RESTORED)
    with work() as uow:
        assert not uow.session.get_one(Hold, INSTANCE).stopped
        assert uow.session.scalars(sa.select(Stop)).all() == []


def test_a_reps_whole_work_pauses_with_mails_and_tasks_and_goes_on_with_new_dates(
    work: Work, cast: Cast, clock: VirtualClock
) -> None:
    launched(work, cast, 2)
    with work() as uow:
        call = a_campaign(uow, cast.ana, [a_call(1)], "Calls")
        launch(uow, cast.ana, Order(call.id, [a_person(uow, cast.ana, "c@example.com").id]))
        pause_work(uow, cast.ana, cast.ana)
    clock.move_to(datetime(2026, 12, 1, 12, tzinfo=UTC))
    with work() as uow:
        assert open_due(uow) == 0 and mailboxes_with_due_mail(uow.session, uow.now) == []
        resume_work(uow, cast.cleo, cast.ana)
        assert set(uow.session.scalars(sa.select(Message.due_at))) == {datetime(2026, 12, 2, 9, tzinfo=UTC)}
        assert open_due(uow) == 1


def test_a_colleague_may_not_pause_somebody_elses_work(work: Work, cast: Cast) -> None:
    with work() as uow, pytest.raises(NotAllowed):
        pause_work(uow, cast.ben, cast.ana)
    with work() as uow, pytest.raises(IllegalMove, match="is not paused"):
        resume_work(uow, cast.ana, cast.ana)
