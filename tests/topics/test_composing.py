"""E-mail tasks: what the composer opens with, sending, scheduling, taking back, and what the campaign does then."""

from __future__ import annotations

import email
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from typing import Any

import pytest
import sqlalchemy as sa

from sales_campaigns.campaigns.drafts import StepDraft
from sales_campaigns.campaigns.planner import SendOption
from sales_campaigns.clock import VirtualClock
from sales_campaigns.deliveries.personal import Thread, write_personal
from sales_campaigns.enrollments.composing import (
    Opening,
    look_for_task,
    open_composer,
    send_for_task,
    take_back_mail,
)
from sales_campaigns.enrollments.explaining.why import why_task
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.progress import complete_task, skip_task
from sales_campaigns.errors import IllegalMove, Invalid
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.outbox.composing import Typed
from sales_campaigns.people.models import Address, Person
from sales_campaigns.tasks.models import Priority, Task, TaskKind, TaskState
from sales_campaigns.tasks.working import hand_on, remind, task_of
from sales_campaigns.unit_of_work import UnitOfWork
from scheduler.fast_forward import fast_forward
from scheduler.jobs import run_until_quiet
from tests.builders import a_campaign, a_follow_up, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.sink import Manners, Sink

Steps = Callable[[UnitOfWork], list[StepDraft]]


def by_hand(uow: UnitOfWork, day: int = 1, **fields: Any) -> StepDraft:
    """An e-mail step that the rep sends."""
    return a_mail(uow, day, **{"send": SendOption.TASK, **fields})


def launched(work: Work, cast: Cast, room: PostRoom, steps: Steps, **person: Any) -> int:
    """Ana adds Maria to a campaign with these steps, and what is due happens; the id of the newest task."""
    with work() as uow:
        maria = a_person(uow, cast.ana, **person)
        launch(uow, cast.ana, Order(a_campaign(uow, cast.ana, steps(uow)).id, [maria.id]))
    run_until_quiet(room)
    return newest_task(work)


def newest_task(work: Work) -> int:
    with work() as uow:
        return uow.session.scalars(sa.select(Task.id).order_by(Task.id.desc())).first() or 0


def task_in(work: Work, task_id: int) -> Task:
    with work() as uow:
        return uow.session.get_one(Task, task_id)


def opened(work: Work, cast: Cast, task_id: int) -> Opening:
    with work() as uow:
        task = task_of(uow, cast.ana, task_id)
        return open_composer(uow.session, cast.ana, task, uow.session.get_one(Person, task.person_id))


def sent(work: Work, cast: Cast, task_id: int, typed: Typed, actor: Any = None) -> int:
    with work() as uow:
        task = task_of(uow, actor or cast.ana, task_id)
        person = uow.session.get_one(Person, task.person_id)
        return send_for_task(uow, actor or cast.ana, task, person, typed).id


def mails(sink: Sink) -> list[EmailMessage]:
    parsed = [email.message_from_bytes(one.raw, policy=policy.default) for one in sink.caught]
    return [one for one in parsed if isinstance(one, EmailMessage)]


def html_of(mail: EmailMessage) -> str:
    part = mail.get_body(("html",))
    assert part is not None
    return str(part.get_content())


HELLO = Typed("Hello Maria", "<p>My own words</p>")


def test_it_opens_with_the_campaigns_words_filled_in_for_the_person(
    work: Work, cast: Cast, room: PostRoom
) -> None:
    task_id = launched(work, cast, room, lambda uow: [by_hand(uow)])
    opening = opened(work, cast, task_id)
    assert (opening.words.subject, opening.words.html) == ("Quick question, Maria", "<p>Hello Maria</p>")
    assert (opening.mailbox.address, opening.words.missing) == (cast.ana.email, ())


def test_it_leaves_what_is_missing_and_what_is_asked_standing_in_the_text(
    work: Work, cast: Cast, room: PostRoom
) -> None:
    html = "<p>{{ first_name }} of {{ company }}: {{! the trade fair }}</p>"
    task_id = launched(work, cast, room, lambda uow: [by_hand(uow, html=html)], company="")
    words = opened(work, cast, task_id).words
    assert words.html == "<p>Maria of {{ company }}: {{! the trade fair }}</p>"
    assert (words.missing, words.prompts) == (("company",), ("the trade fair",))


def test_values_with_braces_are_text_and_never_fields(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    task_id = launched(work, cast, room, lambda uow: [by_hand(uow)], first_name="{{ my_phone }}")
    words = opened(work, cast, task_id).words
    sent(work, cast, task_id, Typed(words.subject, words.html))
    run_until_quiet(room)
    (mail,) = mails(sink)
    assert mail["Subject"] == "Quick question, {{ my_phone }}"
    assert "Hello {{ my_phone }}" in html_of(mail)


def test_the_task_is_done_and_the_next_step_follows_when_the_mail_has_left(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, sink: Sink
) -> None:
    task_id = launched(work, cast, room, lambda uow: [by_hand(uow), a_follow_up(uow, 2)])
    clock.forward(timedelta(hours=2))
    sent(work, cast, task_id, HELLO)
    assert task_in(work, task_id).state is TaskState.OPEN
    run_until_quiet(room)
    assert task_in(work, task_id).state is TaskState.COMPLETED
    fast_forward(room, clock, clock.now() + timedelta(days=2))
    first, second = mails(sink)
    assert second["In-Reply-To"] == first["Message-ID"]
    assert second["Subject"] == "Re: Hello Maria"
    assert second["Date"].datetime.astimezone(UTC) == datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
    assert "Hello Maria" in html_of(second), "the quote is the campaign's words"
    assert "My own words" not in html_of(second)


def test_a_follow_up_sent_by_hand_stays_in_the_thread_until_the_subject_is_changed(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, sink: Sink
) -> None:
    follow_up = {"send": SendOption.TASK}
    launched(work, cast, room, lambda uow: [a_mail(uow, 1), a_follow_up(uow, 2, **follow_up)])
    fast_forward(room, clock, clock.now() + timedelta(days=1))
    task_id = newest_task(work)
    opening = opened(work, cast, task_id)
    assert opening.words.subject == "Re: Quick question, Maria"
    assert opening.answers is not None and opening.answers.subject == "Quick question, Maria"
    sent(work, cast, task_id, Typed(opening.words.subject, "<p>And?</p>"))
    run_until_quiet(room)
    first, second = mails(sink)
    assert (second["Subject"], second["In-Reply-To"]) == ("Re: Quick question, Maria", first["Message-ID"])
    assert "<blockquote" in html_of(second)


def test_a_follow_up_of_a_skipped_mail_opens_with_the_subject_of_its_thread(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock
) -> None:
    """A follow-up never leaves before the mail it follows; if that was skipped, it goes out as a new thread and the
    trace says why.
    """
    task_id = launched(
        work, cast, room, lambda uow: [by_hand(uow), a_follow_up(uow, 2, send=SendOption.TASK)]
    )
    with work() as uow:
        skip_task(uow, cast.ana, task_of(uow, cast.ana, task_id))
    fast_forward(room, clock, clock.now() + timedelta(days=1))
    opening = opened(work, cast, newest_task(work))
    assert opening.answers is None and opening.words.subject == "Quick question, Maria"
    with work() as uow:
        trace = why_task(uow.session, cast.ana, newest_task(work), uow.now).trace
    assert (trace.gates[0].name, trace.gates[0].value) == ("Thread", "day 1, step 1 skipped")
    assert trace.binding is not None and trace.binding.key == "task"


def test_what_is_previewed_is_what_leaves(work: Work, cast: Cast, room: PostRoom, sink: Sink) -> None:
    task_id = launched(work, cast, room, lambda uow: [by_hand(uow)])
    with work() as uow:
        task = task_of(uow, cast.ana, task_id)
        person = uow.session.get_one(Person, task.person_id)
        look = look_for_task(uow, cast.ana, task, person, HELLO)
    sent(work, cast, task_id, HELLO)
    run_until_quiet(room)
    (mail,) = mails(sink)
    assert (look.subject, look.problems) == (mail["Subject"], ())
    assert look.html.strip() in html_of(mail)


def test_a_scheduled_mail_leaves_at_its_time_and_not_before(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, sink: Sink
) -> None:
    task_id = launched(work, cast, room, lambda uow: [by_hand(uow)])
    tomorrow = clock.now() + timedelta(days=1)
    sent(work, cast, task_id, Typed("Hello", "<p>Hi</p>", send_at=tomorrow))
    fast_forward(room, clock, tomorrow - timedelta(seconds=1))
    assert not sink.caught and task_in(work, task_id).state is TaskState.OPEN
    fast_forward(room, clock, tomorrow)
    assert len(sink.caught) == 1 and task_in(work, task_id).state is TaskState.COMPLETED


def test_taking_it_back_keeps_the_words_and_the_task(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, sink: Sink
) -> None:
    task_id = launched(work, cast, room, lambda uow: [by_hand(uow), a_mail(uow, 1, at="12:00")])
    later = clock.now() + timedelta(hours=1)
    sent(work, cast, task_id, Typed("Hello", "<p>My own words</p>", send_at=later))
    with work() as uow:
        take_back_mail(uow, cast.ana, task_of(uow, cast.ana, task_id))
    fast_forward(room, clock, clock.now() + timedelta(days=1))
    assert not sink.caught, "the step still waits for its task"
    assert opened(work, cast, task_id).words.html == "<p>My own words</p>"
    sent(work, cast, task_id, HELLO)
    run_until_quiet(room)
    assert len(sink.caught) == 1
    with work() as uow, pytest.raises(IllegalMove):
        take_back_mail(uow, cast.ana, task_of(uow, cast.ana, task_id))


def test_two_tabs_send_one_mail(work: Work, cast: Cast, room: PostRoom, sink: Sink) -> None:
    task_id = launched(work, cast, room, lambda uow: [by_hand(uow)])
    sent(work, cast, task_id, HELLO)
    with pytest.raises(IllegalMove, match="on its way already"):
        sent(work, cast, task_id, HELLO)
    run_until_quiet(room)
    assert len(sink.caught) == 1


def test_a_task_whose_mail_waits_is_skipped_with_it_but_not_done_before_it(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, sink: Sink
) -> None:
    task_id = launched(work, cast, room, lambda uow: [by_hand(uow)])
    sent(work, cast, task_id, Typed("Hello", "<p>Hi</p>", send_at=clock.now() + timedelta(hours=1)))
    with work() as uow, pytest.raises(IllegalMove, match="on its way"):
        complete_task(uow, cast.ana, task_of(uow, cast.ana, task_id))
    with work() as uow:
        skip_task(uow, cast.ana, task_of(uow, cast.ana, task_id))
    fast_forward(room, clock, clock.now() + timedelta(days=1))
    assert not sink.caught and task_in(work, task_id).state is TaskState.SKIPPED


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        (Typed("", "<p>Hi</p>"), "subject"),
        (Typed("Hi", ""), "html"),
        (Typed("Hi", "<p>{{ company }}</p>"), "html"),
        (Typed("Hi", "<p>{{! something personal }}</p>"), "html"),
        (Typed("Hi", "<p>{{ company | nonsense }}</p>"), "html"),
        (Typed("Hi", "<p>Hi</p>", cc="nobody"), "cc"),
        (Typed("Hi", "<p>Hi</p>", bcc="a@example.com, b"), "bcc"),
        (Typed("Hi", "<p>Hi</p>", send_at=datetime(2026, 11, 30, 7, tzinfo=UTC)), "send_at"),
    ],
)
def test_what_cannot_be_sent_is_said_beside_its_field(
    work: Work, cast: Cast, room: PostRoom, typed: Typed, field: str
) -> None:
    task_id = launched(work, cast, room, lambda uow: [by_hand(uow)], company="")
    with pytest.raises(Invalid) as refused:
        sent(work, cast, task_id, typed)
    assert list(refused.value.problems) == [field]


def test_it_copies_who_is_to_see_it(work: Work, cast: Cast, room: PostRoom, sink: Sink) -> None:
    task_id = launched(work, cast, room, lambda uow: [by_hand(uow)])
    sent(
        work,
        cast,
        task_id,
        Typed("Hi", "<p>Hi</p>", cc="boss@example.com", bcc="log@example.com; x@example.com"),
    )
    run_until_quiet(room)
    (caught,), (mail,) = sink.caught, mails(sink)
    assert set(caught.recipients) == {
        "maria@example.com", "boss@example.com", "log@example.com", "x@example.com",
    }  # fmt: skip
    assert mail["Cc"] == "boss@example.com" and "log@example.com" not in str(mail)


def test_nobody_writes_to_somebody_who_opted_out(work: Work, cast: Cast, room: PostRoom) -> None:
    task_id = launched(work, cast, room, lambda uow: [by_hand(uow)])
    with work() as uow:
        uow.session.execute(sa.update(Address).values(opted_out_at=uow.now))
    with pytest.raises(Invalid, match="unsubscribed"):
        sent(work, cast, task_id, HELLO)


def test_a_teammate_who_took_over_writes_from_an_own_mailbox(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    task_id = launched(work, cast, room, lambda uow: [by_hand(uow)])
    with work() as uow:
        hand_on(uow, cast.ana, task_of(uow, cast.ana, task_id), cast.ben)
    sent(work, cast, task_id, HELLO, actor=cast.ben)
    run_until_quiet(room)
    assert sink.caught[0].sender == cast.ben.email


def test_a_mail_that_was_refused_waits_for_its_rep_again(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    task_id = launched(work, cast, room, lambda uow: [by_hand(uow), a_mail(uow, 2, at="10:00")])
    refusal = "554 5.6.0 this content is not taken"
    sink.manners = Manners(script=lambda position, _: refusal if position == "BODY" else None)
    sent(work, cast, task_id, HELLO)
    run_until_quiet(room)
    task = task_in(work, task_id)
    assert (task.state, task.priority, task.message_id) == (TaskState.OPEN, Priority.HIGH, None)
    assert "not taken" in opened(work, cast, task_id).trouble
    assert opened(work, cast, task_id).words.html == "<p>My own words</p>"


def test_a_reminder_to_write_is_done_when_its_mail_has_left(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    with work() as uow:
        maria = a_person(uow, cast.ana)
        task = remind(uow, cast.ana, name="Write", due_at=uow.now, kind=TaskKind.EMAIL, person=maria)
    sent(work, cast, task.id, HELLO)
    run_until_quiet(room)
    assert len(sink.caught) == 1 and task_in(work, task.id).state is TaskState.COMPLETED


def test_the_same_form_twice_is_one_personal_mail(work: Work, cast: Cast, room: PostRoom, sink: Sink) -> None:
    with work() as uow:
        maria = a_person(uow, cast.ana)
    typed = Typed("Hello", "<p>Hi</p>", key="form-1")
    with work() as uow:
        first = write_personal(uow, cast.ana, maria, typed).id
    with work() as uow:
        assert write_personal(uow, cast.ana, maria, typed).id == first
    run_until_quiet(room)
    assert len(sink.caught) == 1


def test_a_personal_answer_stays_in_the_thread_and_quotes_what_was_sent(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    with work() as uow:
        maria = a_person(uow, cast.ana)
        write_personal(uow, cast.ana, maria, HELLO)
    run_until_quiet(room)
    with work() as uow:
        earlier = uow.session.scalars(sa.select(Message)).one()
        write_personal(
            uow, cast.ana, maria, Typed("Re: Hello Maria", "<p>One more thing</p>"), thread=Thread(earlier)
        )
    run_until_quiet(room)
    first, second = mails(sink)
    assert second["In-Reply-To"] == first["Message-ID"]
    assert "My own words" in html_of(second)
