"""Ending: scheduled mail is cancelled and open tasks are closed in the same transaction, and it says why."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.activity import Activity
from sales_campaigns.clock import VirtualClock
from sales_campaigns.enrollments.ending import end, end_for_person, end_people
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.launches.take_back import take_back
from sales_campaigns.enrollments.models import Enrollment, StepRun
from sales_campaigns.enrollments.opening import open_due
from sales_campaigns.enrollments.pausing import pause_people
from sales_campaigns.errors import IllegalMove, NotAllowed, NotFound
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.models import Hold, Message
from sales_campaigns.people.models import Person
from sales_campaigns.tasks.models import Task
from sales_campaigns.unit_of_work import UnitOfWork
from scheduler.jobs import run_until_quiet
from tests.builders import a_call, a_campaign, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.topics.test_going_out import sink

__all__ = ["sink"]


def launched(work: Work, cast: Cast, number: int = 1, name: str = "Q4", call: bool = False) -> int:
    """The id of a launch: a mail of tomorrow, or a call of today."""
    with work() as uow:
        step = a_call(1) if call else a_mail(uow, 1, at="08:00")
        campaign = a_campaign(uow, cast.ana, [step], name=name)
        ids = [person_of(uow, cast.ana, n).id for n in range(number)]
        return launch(uow, cast.ana, Order(campaign.id, ids)).id


def person_of(uow: UnitOfWork, owner: User, number: int) -> Person:
    email = f"p{number}@example.com"
    known = uow.session.scalar(sa.select(Person).where(Person.email == email))
    return known or a_person(uow, owner, email)


def states(uow: UnitOfWork, model: Any) -> list[str]:
    return [row.state.value for row in uow.session.scalars(sa.select(model).order_by(model.id))]


def enrollments(uow: UnitOfWork) -> list[Enrollment]:
    return list(uow.session.scalars(sa.select(Enrollment).order_by(Enrollment.id)))


def test_removing_somebody_cancels_the_scheduled_mail(work: Work, cast: Cast) -> None:
    launched(work, cast, 2)
    with work() as uow:
        assert end_people(uow, cast.ana, enrollments(uow)[:1]) == 1
        assert states(uow, Enrollment) == ["ended", "active"]
        assert states(uow, Message) == ["cancelled", "pending"]
        assert states(uow, StepRun) == ["cancelled", "scheduled"]
        message = uow.session.scalars(sa.select(Message).order_by(Message.id)).first()
        assert message is not None and message.failure is None, "a cancelled message is not a failed one"
        assert message.words == "campaign has ended: removed by Ana Lind"
        assert uow.session.get_one(Hold, ("enrollment", enrollments(uow)[0].id)).stopped


def test_removing_somebody_closes_the_open_task(work: Work, cast: Cast) -> None:
    launched(work, cast, call=True)
    with work() as uow:
        open_due(uow)
    with work() as uow:
        end_people(uow, cast.ben, enrollments(uow), success=True)
        assert states(uow, Task) == ["cancelled"] and states(uow, StepRun) == ["cancelled"]
        told = uow.session.scalars(sa.select(Activity).where(Activity.kind == "enrollment.ended")).one()
        assert told.data["cause"] == "success, says Ben Okafor" and told.actor_id == cast.ben.id
        assert told.person_id is not None and told.campaign_id is not None


def test_nothing_of_it_stands_when_the_transaction_does_not(work: Work, cast: Cast) -> None:
    launched(work, cast)
    with pytest.raises(RuntimeError), work() as uow:
        end_people(uow, cast.ana, enrollments(uow))
        raise RuntimeError
    with work() as uow:
        assert states(uow, Enrollment) == ["active"] and states(uow, Message) == ["pending"]


def test_somebody_paused_can_be_removed_and_nobody_twice(work: Work, cast: Cast) -> None:
    launched(work, cast)
    with work() as uow:
        pause_people(uow, cast.ana, enrollments(uow))
        end_people(uow, cast.ana, enrollments(uow))
        with pytest.raises(IllegalMove, match="ended for all of these"):
            end_people(uow, cast.ana, enrollments(uow))


def test_whoever_opts_out_leaves_every_campaign_at_once(work: Work, cast: Cast) -> None:
    launched(work, cast, 2)
    launched(work, cast, 2, name="Another")
    with work() as uow:
        first = enrollments(uow)[0].person_id
        assert len(end_for_person(uow, first, "unsubscribed")) == 2
        assert [one.person_id == first for one in enrollments(uow) if one.state == "ended"] == [True, True]
        assert states(uow, Enrollment).count("active") == 2


def test_ending_nobody_changes_nothing(work: Work, cast: Cast) -> None:
    with work() as uow:
        assert end(uow, "no cause", Enrollment.id < 0) == []
        assert uow.session.scalars(sa.select(Activity)).all() == []


@pytest.mark.usefixtures("sink")
def test_taking_a_launch_back_ends_what_has_not_left(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock
) -> None:
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1), a_mail(uow, 2, at="08:00")])
        early, late = (person_of(uow, cast.ana, n).id for n in range(2))
        first = launch(uow, cast.ana, Order(campaign.id, [early])).id
    run_until_quiet(room)
    clock.forward(timedelta(hours=1))
    with work() as uow:
        launch(uow, cast.ana, Order(campaign.id, [late]))
        taken = take_back(uow, cast.ana, first)
        assert (taken.ended, taken.left) == (1, 1)
        assert states(uow, Enrollment) == ["ended", "active"], "the other launch goes on"
        assert states(uow, Message) == ["sent", "cancelled", "pending"]
        with pytest.raises(IllegalMove, match="taken back already"):
            take_back(uow, cast.ana, first)


def test_a_launch_is_taken_back_by_its_own_rep_or_an_administrator(work: Work, cast: Cast) -> None:
    launch_id = launched(work, cast)
    with work() as uow:
        with pytest.raises(NotFound):
            take_back(uow, cast.dirk, launch_id)
        with pytest.raises(NotAllowed, match="Only whoever launched it"):
            take_back(uow, cast.ben, launch_id)
        assert take_back(uow, cast.cleo, launch_id).ended == 1
