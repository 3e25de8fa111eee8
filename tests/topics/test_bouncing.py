"""Mail that comes back after it was taken: the step failed after all, and a new address takes it up again."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from sales_campaigns.activity import Activity
from sales_campaigns.clock import VirtualClock
from sales_campaigns.enrollments.answers.readdressing import change_and_go_on
from sales_campaigns.enrollments.models import Enrollment, StepRun
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.models import Attempt, Message
from sales_campaigns.people.models import Address, Person
from sales_campaigns.tasks.models import Task
from scheduler.fast_forward import fast_forward
from scheduler.jobs import run_until_quiet
from tests.cast import Cast
from tests.conftest import Work
from tests.incoming import a_bounce, answered
from tests.sink import Sink
from tests.topics.test_answering import mails, stands, under_way

pytestmark = pytest.mark.usefixtures("sink")
FULL = {"status": "5.2.2", "diagnostic": "smtp; 552 5.2.2 <p0@example.com>: mailbox full, over quota"}


def runs(work: Work) -> list[str]:
    with work() as uow:
        rows = uow.session.scalars(
            sa.select(StepRun).where(StepRun.state != "cancelled").order_by(StepRun.id)
        )
        return [row.state.value for row in rows]


def open_tasks(work: Work) -> list[str]:
    with work() as uow:
        return list(uow.session.scalars(sa.select(Task.name).where(Task.state == "open").order_by(Task.id)))


def test_a_hard_bounce_quarantines_the_address_ends_the_enrollment_and_offers_a_task(
    work: Work, cast: Cast, room: PostRoom
) -> None:
    (name,) = under_way(work, cast, room)
    answered(work, cast, room, a_bounce(name, recipient="p0@example.com"))
    assert mails(work) == ["failed", "cancelled"]
    assert stands(work) == [("ended", "mail came back")]
    assert runs(work) == ["failed"]
    assert open_tasks(work) == ["Find a new address"]
    with work() as uow:
        address = uow.session.scalars(sa.select(Address).where(Address.email == "p0@example.com")).one()
        assert address.quarantined_at is not None
        outcomes = uow.session.scalars(sa.select(Attempt.outcome).order_by(Attempt.id)).all()
        assert outcomes == ["accept", "bounce"]


def test_where_the_setting_is_off_later_tasks_still_come(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock
) -> None:
    (name,) = under_way(work, cast, room, remove_on_bounce=False)
    answered(work, cast, room, a_bounce(name, recipient="p0@example.com"))
    assert stands(work) == [("active", "")]
    fast_forward(room, clock, clock.now().replace(day=4, month=12))
    assert mails(work) == ["failed", "cancelled"], "no more e-mail: the address is in quarantine"
    assert open_tasks(work) == ["Find a new address", "Call about the question"]


def test_feedback_is_idempotent(work: Work, cast: Cast, room: PostRoom) -> None:
    (name,) = under_way(work, cast, room)
    for _ in range(2):
        answered(work, cast, room, a_bounce(name, recipient="p0@example.com"))
    with work() as uow:
        failed = uow.session.scalars(sa.select(Activity).where(Activity.kind == "message.failed")).all()
    assert len(failed) == 1 and open_tasks(work) == ["Find a new address"]


def test_a_bounce_that_may_pass_fails_the_mail_and_leaves_address_and_enrollment(
    work: Work, cast: Cast, room: PostRoom
) -> None:
    (name,) = under_way(work, cast, room)
    answered(work, cast, room, a_bounce(name, recipient="p0@example.com", **FULL))
    assert mails(work) == ["failed", "pending"], "a rep's own mailbox never sends again by itself"
    assert stands(work) == [("active", "")] and open_tasks(work) == []
    with work() as uow:
        assert uow.session.scalars(sa.select(Address.quarantined_at)).all() == [None]


def test_a_delay_changes_the_words_and_starts_no_retry(work: Work, cast: Cast, room: PostRoom) -> None:
    (name,) = under_way(work, cast, room)
    late = a_bounce(
        name, recipient="p0@example.com", action="delayed", status="4.4.1", diagnostic="smtp; 421 try later"
    )
    answered(work, cast, room, late)
    with work() as uow:
        message = uow.session.scalars(sa.select(Message).order_by(Message.id)).first()
    assert message is not None and message.state.value == "sent"
    assert message.words == "the receiving server has not taken it yet: 421 try later"


def test_a_bounce_that_shows_no_mail_of_ours_is_matched_by_its_recipient(
    work: Work, cast: Cast, room: PostRoom
) -> None:
    under_way(work, cast, room)
    answered(work, cast, room, a_bounce("", recipient="P0@example.com"))
    assert stands(work) == [("ended", "mail came back")]


def test_saving_a_new_address_resumes_at_the_failed_step(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, sink: Sink
) -> None:
    (name,) = under_way(work, cast, room)
    answered(work, cast, room, a_bounce(name, recipient="p0@example.com"))
    with work() as uow:
        person = uow.session.scalars(sa.select(Person)).one()
        _, going_on = change_and_go_on(uow, cast.ana, person.id, {"email": "New@example.com"})
    assert going_on == 1
    assert open_tasks(work) == [], "the task is done"
    run_until_quiet(room)
    fast_forward(room, clock, clock.now().replace(day=8, month=12))
    assert [list(mail.recipients) for mail in sink.caught][-2:] == [["New@example.com"]] * 2
    with work() as uow:
        sent = uow.session.scalars(sa.select(Message).order_by(Message.id)).all()
        assert [(one.state.value, one.email, one.attempt) for one in sent if one.sent_at] == [
            ("failed", "p0@example.com", 1),
            ("sent", "new@example.com", 2),
            ("sent", "new@example.com", 2),
        ]
    assert stands(work) == [("active", "")], "the call of day 4 is open"


def test_a_change_of_other_fields_resumes_nothing(work: Work, cast: Cast, room: PostRoom) -> None:
    (name,) = under_way(work, cast, room)
    answered(work, cast, room, a_bounce(name, recipient="p0@example.com"))
    with work() as uow:
        person = uow.session.scalars(sa.select(Person)).one()
        assert change_and_go_on(uow, cast.ana, person.id, {"title": "CFO"})[1] == 0
    assert open_tasks(work) == ["Find a new address"]


def test_it_resumes_after_the_last_step_that_was_done(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock
) -> None:
    """Without “remove on bounce” the campaign went on; both mails that failed are taken up again, in order."""
    (name,) = under_way(work, cast, room, remove_on_bounce=False)
    answered(work, cast, room, a_bounce(name, recipient="p0@example.com"))
    fast_forward(room, clock, clock.now().replace(day=4, month=12))
    assert runs(work) == ["failed", "failed", "task_open"]
    with work() as uow:
        person = uow.session.scalars(sa.select(Person)).one()
        assert change_and_go_on(uow, cast.ana, person.id, {"email": "new@example.com"})[1] == 1
    fast_forward(room, clock, clock.now().replace(day=12))
    assert runs(work) == ["done", "done", "task_open"]
    with work() as uow:
        assert uow.session.scalars(sa.select(Enrollment.email)).all() == ["new@example.com"]
