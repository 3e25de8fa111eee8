"""Why? For every person and step: the ordered gates, the one that binds, and the next moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from sales_campaigns.absence.pausing_work import pause_work
from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.clock import VirtualClock, machine_now
from sales_campaigns.enrollments.explaining.health import health_of
from sales_campaigns.enrollments.explaining.why import Explained, why_message, why_person, why_step, why_task
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.limiting import change_limit
from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.enrollments.opening import open_due
from sales_campaigns.enrollments.pausing import pause_campaign, pause_enrollment
from sales_campaigns.errors import NotFound
from sales_campaigns.messages.explaining.trace import Gate, Stand
from sales_campaigns.messages.explaining.waiting import traces_of, waiting_groups
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.models import Hold, Message
from sales_campaigns.people.models import Address, Person
from sales_campaigns.presence import beat
from sales_campaigns.tasks.models import Task
from sales_campaigns.unit_of_work import UnitOfWork
from scheduler.jobs import run_until_quiet
from tests.builders import a_call, a_campaign, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.sink import Sink

Change = Callable[[UnitOfWork, Cast], object]


def started(work: Work, cast: Cast, *names: str, **settings: Any) -> None:
    """A mail on day 1 at 10:00, a call on day 2, a mail on day 3; it is 09:00, and time is kept."""
    with work() as uow:
        steps = [a_mail(uow, 1, at="10:00"), a_call(2), a_mail(uow, 3, subject="Later", at="10:00")]
        campaign = a_campaign(uow, cast.ana, steps, **settings)
        people = [a_person(uow, cast.ana, f"{name}@example.com").id for name in names or ("maria",)]
        launch(uow, cast.ana, Order(campaign.id, people))
        beat(uow.session, "scheduler")


def steps_of(work: Work, name: str = "maria") -> list[Explained]:
    with work() as uow:
        who = uow.session.scalars(sa.select(Person).where(Person.email == f"{name}@example.com")).one()
        return why_person(uow.session, who, uow.now)


def first(work: Work, name: str = "maria") -> Explained:
    return steps_of(work, name)[0]


def binding(explained: Explained) -> Gate:
    assert explained.trace.binding is not None
    return explained.trace.binding


def told(explained: Explained) -> tuple[str, str]:
    return binding(explained).key, explained.trace.sentence


def test_a_mail_ahead_waits_for_its_time_and_leaves_then(work: Work, cast: Cast) -> None:
    started(work, cast)
    one = first(work)
    assert told(one) == ("its_time", "Waits for its time.")
    assert (
        one.trace.does == "leaves" and one.trace.at is not None and f"{one.trace.at:%a %H:%M}" == "Mon 09:00"
    )
    passed = [gate.name for gate in one.trace.gates if gate.stand is Stand.PASSED]
    assert passed[:3] == ["Sending", "Work of the sender", "Campaign"]
    assert passed[3:7] == ["Delivery", "Person in the campaign", "Mailbox stop", "Sender"]


def test_the_steps_behind_it_wait_for_it_with_the_date_as_things_stand(work: Work, cast: Cast) -> None:
    """The rule: the next step of an enrollment is scheduled when the one before is over."""
    started(work, cast)
    _, call, later = steps_of(work)
    assert told(call) == ("earlier_steps", "Waits for day 1, step 1: Quick question, [first name].")
    assert call.trace.at is None and call.trace.expected is not None
    assert f"{call.trace.expected:%a %H:%M}" == "Mon 23:00" and call.trace.does == "opens as a task"
    assert binding(later).value == "day 1, step 1 and 1 more not over yet"


MAILBOX = "The mailbox ana@north.example is not connected."
STOPPED = sa.update(Hold).where(Hold.kind == "instance").values(stopped=True, why="all sending is stopped")


def set_all(model: type, **values: object) -> Change:
    return lambda uow, _cast: uow.session.execute(sa.update(model).values(**values))


def campaign_paused(uow: UnitOfWork, cast: Cast) -> None:
    pause_campaign(uow, cast.ana, uow.session.scalars(sa.select(Campaign)).one())


def person_paused(uow: UnitOfWork, cast: Cast) -> None:
    pause_enrollment(uow, cast.ana, uow.session.scalars(sa.select(Enrollment)).one())


# What is the matter, the gate that binds, its sentence, whether something is broken, and where it is put right.
MATTERS: list[tuple[Change, str, str, bool, str]] = [
    (campaign_paused, "campaign", "The campaign is paused; dates move when it goes on.", False, "campaign"),
    (
        person_paused,
        "person_in_the_campaign",
        "This person is paused in the campaign; dates move when it goes on.",
        False,
        "enrollment",
    ),
    (lambda uow, _: uow.session.execute(STOPPED), "sending", "All sending is stopped.", True, "sending"),
    (
        lambda uow, cast: pause_work(uow, cast.ana, cast.ana),
        "work_of_the_sender",
        "The work of Ana Lind is paused.",
        False,
        "leave",
    ),
    (set_all(User, active=False), "sender", "Its sender is deactivated.", True, ""),
    (set_all(Mailbox, state="stopped", trouble="550 policy"), "mailbox", MAILBOX, True, "mailbox"),
    (
        lambda uow, _: uow.session.execute(sa.update(Address).values(opted_out_at=uow.now)),
        "may_be_mailed",
        "This address has unsubscribed and gets no more mail.",
        False,
        "person",
    ),
]


@pytest.mark.parametrize(("change", "key", "sentence", "broken", "place"), MATTERS)
def test_what_holds_it_binds_and_says_where_it_is_put_right(
    change: Change, key: str, sentence: str, broken: bool, place: str, work: Work, cast: Cast
) -> None:
    started(work, cast)
    with work() as uow:
        change(uow, cast)
    one = first(work)
    assert told(one) == (key, sentence) and binding(one).broken is broken
    assert (binding(one).remedy.place if binding(one).remedy else "") == place  # type: ignore[union-attr]


def test_what_must_not_be_mailed_is_cancelled_at_its_time_and_not_sent(work: Work, cast: Cast) -> None:
    started(work, cast)
    with work() as uow:
        uow.session.execute(sa.update(Address).values(opted_out_at=uow.now))
    trace = first(work).trace
    assert trace.does == "is cancelled" and trace.at is not None and f"{trace.at:%H:%M}" == "09:00"


def test_without_a_process_that_keeps_time_what_is_due_waits_for_one(
    work: Work, cast: Cast, clock: VirtualClock
) -> None:
    started(work, cast)
    with work() as uow:
        uow.session.execute(sa.text("DELETE FROM presence"))
    assert told(first(work))[0] == "its_time", "nothing is due yet"
    clock.forward(timedelta(hours=1))
    one = first(work)
    assert told(one) == ("scheduler", "No scheduler is running, so nothing leaves and no task opens.")
    assert one.trace.moment == ("leaves", None, "a scheduler is started")


def test_a_mailbox_that_waits_says_until_when_in_business_time(
    work: Work, cast: Cast, clock: VirtualClock
) -> None:
    started(work, cast)
    clock.forward(timedelta(hours=2))
    with work() as uow:
        later = machine_now() + timedelta(minutes=10)
        uow.session.execute(sa.update(Mailbox).values(paused_until=later, trouble="421 too many"))
    one = first(work)
    assert told(one) == ("mailbox's_pace", "The mailbox ana@north.example waits: 421 too many.")
    assert one.trace.at is not None
    assert timedelta(minutes=9) < one.trace.at - clock.now() <= timedelta(minutes=10)


def test_what_the_server_refused_for_now_tells_its_words_and_the_next_try(
    work: Work, cast: Cast, room: PostRoom, sink: Sink, clock: VirtualClock
) -> None:
    started(work, cast)
    sink.obey(lambda position, _: "451 4.3.0 later" if position == "RCPT" else None)
    clock.forward(timedelta(hours=1))
    run_until_quiet(room)
    one = first(work)
    assert binding(one).key == "next_try" and "451 4.3.0 later" in one.trace.sentence
    assert one.trace.at == clock.now() + timedelta(hours=1)


def test_an_open_task_says_whose_it_is_and_a_pause_does_not_hide_it(
    work: Work, cast: Cast, room: PostRoom, sink: Sink, clock: VirtualClock
) -> None:
    """The rule: a task must be completed or skipped before that person's next step triggers."""
    started(work, cast)
    for hours in (1, 23):
        clock.forward(timedelta(hours=hours))
        run_until_quiet(room)
    with work() as uow:
        campaign_paused(uow, cast)
    sent, call, later = steps_of(work)
    assert sent.trace.binding is None and sent.trace.sentence == "Sent."
    assert told(call) == ("task", "Waits until Ana Lind completes or skips the task.")
    assert binding(call).remedy and binding(call).remedy.id == call.task_id  # type: ignore[union-attr]
    assert told(later)[0] == "campaign"


def test_what_has_left_tells_its_tries_in_the_servers_words(
    work: Work, cast: Cast, room: PostRoom, sink: Sink, clock: VirtualClock
) -> None:
    started(work, cast)
    clock.forward(timedelta(hours=1))
    run_until_quiet(room)
    with work() as uow:
        sent = uow.session.scalars(sa.select(Message)).one()
        explained = why_message(uow.session, cast.ana, sent.id, uow.now)
    assert explained.trace.binding is None and explained.place == "day 1, step 1"
    [tried] = explained.happened
    assert tried.what == "try 1: taken" and tried.at == sent.sent_at


def test_a_daily_limit_tells_its_numbers_and_a_higher_one_brings_the_mail_back(
    work: Work, cast: Cast
) -> None:
    """The rule: what exceeds a daily limit moves to the next eligible day; it binds until it is raised."""
    with work() as uow:
        uow.session.execute(sa.update(Mailbox).values(daily_limit=1))
    started(work, cast, "anton", "maria")
    with work() as uow:
        two = uow.session.scalars(sa.select(Message).where(Message.email == "maria@example.com")).one()
        explained = why_message(uow.session, cast.ana, two.id, uow.now)
    assert told(explained) == (
        "daily_limit",
        "Waits for its time, which was moved: the daily limit is reached.",
    )
    assert binding(explained).value == "1 of 1 on Mon 30 Nov, now place 1 of the 1 on Tue 1 Dec"
    with work() as uow:
        change_limit(uow, cast.ana, "2")
    one = first(work)
    assert told(one)[0] == "its_time" and one.trace.at is not None and f"{one.trace.at:%a %d}" == "Mon 30"


def test_a_lower_limit_moves_nothing_that_is_planned(work: Work, cast: Cast) -> None:
    started(work, cast, "anton", "maria")
    with work() as uow:
        change_limit(uow, cast.ana, "1")
    assert told(first(work))[0] == "its_time"


def test_a_move_binds_and_says_from_when_to_when(work: Work, cast: Cast, clock: VirtualClock) -> None:
    """The rule: a send that falls outside the window moves to the next opening."""
    started(work, cast, send_window={"from": "12:00", "to": "15:00"})
    gate = binding(first(work))
    assert gate.key == "send_window" and gate.since is not None and gate.until is not None
    assert (f"{gate.since.astimezone(gate.until.tzinfo):%H:%M}", f"{gate.until:%H:%M}") == ("09:00", "11:00")


def test_another_teams_steps_mails_and_tasks_are_not_there(
    work: Work, cast: Cast, clock: VirtualClock, room: PostRoom, sink: Sink
) -> None:
    started(work, cast)
    one = first(work)
    clock.forward(timedelta(hours=1))
    run_until_quiet(room)
    clock.forward(timedelta(days=1))
    with work() as uow:
        open_due(uow)
        task = uow.session.scalars(sa.select(Task)).one()
        assert why_task(uow.session, cast.ana, task.id, uow.now).place == "day 2, step 1"
        assert one.enrollment_id and one.step_key and one.message_id
        asks: tuple[Callable[[], object], ...] = (
            lambda: why_step(uow.session, cast.dirk, one.enrollment_id or 0, one.step_key or "", uow.now),
            lambda: why_message(uow.session, cast.dirk, one.message_id or 0, uow.now),
            lambda: why_task(uow.session, cast.dirk, task.id, uow.now),
            lambda: why_step(uow.session, cast.ana, one.enrollment_id or 0, "no-such-step", uow.now),
        )
        for ask in asks:
            with pytest.raises(NotFound):
                ask()


@pytest.mark.parametrize("change", [matter[0] for matter in MATTERS])
def test_groups_count_what_the_gates_say_of_every_single_mail(change: Change, work: Work, cast: Cast) -> None:
    """The database only sorts: the binding gate of every mail of a group is that of the first."""
    started(work, cast, "maria")
    with work() as uow:
        change(uow, cast)
    with work() as uow:
        mails = uow.session.scalars(sa.select(Message)).all()
        traces = traces_of(uow.session, mails, uow.now)
        [group] = waiting_groups(uow.session, uow.now)
        assert group.count == len(mails) and group.trace.binding is not None
        assert {trace.binding.key for trace in traces.values() if trace.binding} == {group.trace.binding.key}


def test_what_only_waits_for_its_time_is_in_no_group(work: Work, cast: Cast, clock: VirtualClock) -> None:
    started(work, cast, "maria", "nils")
    with work() as uow:
        assert waiting_groups(uow.session, uow.now) == []
        health = health_of(uow.session, uow.now)
        assert health.keeps_time and [queue.ahead for queue in health.queues] == [2, 0, 0]
        assert set(health.lags.values()) == {timedelta(0)}
    clock.forward(timedelta(hours=3))
    with work() as uow:
        health = health_of(uow.session, uow.now)
        assert health.lags["mail"] == timedelta(hours=2), "two are due, and nobody sends"
        [group] = health.queues[0].groups
        assert (group.reason, group.count, group.broken) == ("turn", 2, False)
