"""From launch to the mailbox: mails leave at their time and in thread, tasks gate, nothing leaves twice."""

from __future__ import annotations

import email
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.clock import VirtualClock
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.enrollments.progress import complete_task
from sales_campaigns.enrollments.undoing import undo_task
from sales_campaigns.errors import IllegalMove
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.models import Message
from sales_campaigns.people.models import Person
from sales_campaigns.tasks.models import Task
from sales_campaigns.tasks.working import task_of
from scheduler.fast_forward import fast_forward
from scheduler.jobs import run_until_quiet
from tests.builders import a_call, a_campaign, a_follow_up, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.sink import Sink


@pytest.fixture
def sink(work: Work, cast: Cast) -> Iterator[Sink]:
    with Sink() as sink:
        with work() as uow:
            uow.session.execute(sa.update(Mailbox).values(port=sink.port))
        yield sink


def let_pass(clock: VirtualClock, room: PostRoom, **time: int) -> None:
    fast_forward(room, clock, clock.now() + timedelta(**time))


def mails(sink: Sink) -> list[EmailMessage]:
    parsed = [email.message_from_bytes(one.raw, policy=policy.default) for one in sink.caught]
    return [one for one in parsed if isinstance(one, EmailMessage)]


def test_it_sends_three_mails_in_one_thread_at_their_times(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, sink: Sink
) -> None:
    with work() as uow:
        maria = a_person(uow, cast.ana)
        campaign = a_campaign(
            uow,
            cast.ana,
            [a_mail(uow, 1), a_follow_up(uow, 3, "<p>Two</p>"), a_follow_up(uow, 5, "<p>Three</p>")],
        )
        launch(uow, cast.ana, Order(campaign.id, [maria.id]))
    let_pass(clock, room, days=10)
    first, second, third = mails(sink)
    assert [m["Date"].datetime.astimezone(UTC) for m in (first, second, third)] == [
        datetime(2026, 11, 30, 8, 0, tzinfo=UTC),
        datetime(2026, 12, 2, 8, 0, tzinfo=UTC),
        datetime(2026, 12, 4, 8, 0, tzinfo=UTC),
    ]
    assert [m["Subject"] for m in (first, second, third)] == [
        "Quick question, Maria",
        "Re: Quick question, Maria",
        "Re: Quick question, Maria",
    ]
    assert first["In-Reply-To"] is None
    assert second["In-Reply-To"] == first["Message-ID"]
    assert third["In-Reply-To"] == second["Message-ID"]
    assert third["References"].split() == [first["Message-ID"], second["Message-ID"]]
    text = third.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "Three" in text and "> Two" in text and "> > Hello Maria" in text.replace(">>", "> >")


def test_it_quotes_the_campaigns_wording_never_the_reps_edits(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, sink: Sink
) -> None:
    with work() as uow:
        maria = a_person(uow, cast.ana)
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1), a_follow_up(uow, 2)])
        words = {maria.id: ("Hand-made", "<p>My own words</p>")}
        launch(uow, cast.ana, Order(campaign.id, [maria.id], words=words))
    let_pass(clock, room, days=3)
    first, second = mails(sink)
    assert "My own words" in html_of(first)
    assert second["Subject"] == "Re: Hand-made"
    assert "Hello Maria" in html_of(second)
    assert "My own words" not in html_of(second)


def test_a_call_gates_the_next_mail_and_undo_takes_it_back(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, sink: Sink
) -> None:
    with work() as uow:
        maria = a_person(uow, cast.ana)
        campaign = a_campaign(uow, cast.ana, [a_call(1), a_mail(uow, 1, at="08:00", if_past="now")])
        launch(uow, cast.ana, Order(campaign.id, [maria.id]))
    let_pass(clock, room, minutes=5)
    assert not sink.caught
    with work() as uow:
        task_id = uow.session.scalars(sa.select(Task.id)).one()
        complete_task(uow, cast.ana, task_of(uow, cast.ana, task_id))
    with work() as uow:
        complete_task(uow, cast.ben, task_of(uow, cast.ben, task_id))  # the second tab
    assert len(waiting(work)) == 1
    run_until_quiet(room)
    assert not sink.caught, "nothing is handed over before the time for undoing is over"
    with work() as uow:
        undo_task(uow, cast.ana, task_of(uow, cast.ana, task_id))
    let_pass(clock, room, hours=1)
    assert not sink.caught and not waiting(work)
    with work() as uow:
        complete_task(uow, cast.ana, task_of(uow, cast.ana, task_id))
    let_pass(clock, room, hours=1)
    assert len(sink.caught) == 1
    with work() as uow, pytest.raises(IllegalMove, match="too late"):
        undo_task(uow, cast.ana, task_of(uow, cast.ana, task_id))


def test_it_ends_everything_of_a_person_who_opts_out_before_the_hand_over(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, sink: Sink
) -> None:
    with work() as uow:
        maria = a_person(uow, cast.ana)
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1), a_mail(uow, 2, at="10:00")])
        launch(uow, cast.ana, Order(campaign.id, [maria.id]))
    run_until_quiet(room)
    with work() as uow:
        person = uow.session.scalars(sa.select(Person).options(sa.orm.joinedload(Person.address))).one()
        assert person.address is not None
        person.address.opted_out_at = uow.now
    let_pass(clock, room, days=3)
    assert len(sink.caught) == 1
    with work() as uow:
        enrollment = uow.session.scalars(sa.select(Enrollment)).one()
        assert (enrollment.state, "unsubscribed" in enrollment.why) == ("ended", True)


def waiting(work: Work) -> list[int]:
    with work() as uow:
        return list(uow.session.scalars(sa.select(Message.id).where(Message.state == "pending")))


def html_of(mail: EmailMessage) -> str:
    part = mail.get_body(("html",))
    assert part is not None
    return str(part.get_content())
