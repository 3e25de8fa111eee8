"""What becomes of a hand-over: sent, tried again, failed, uncertain, or held because of its mailbox."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.clock import VirtualClock
from sales_campaigns.enrollments.ending import end_for_person
from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.messages.handing_over.dispatching import PostRoom, dispatch
from sales_campaigns.messages.handing_over.recovery import recover
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.retrying import change_retries
from sales_campaigns.messages.settling import send_again
from sales_campaigns.people.models import Address
from sales_campaigns.tasks.models import Task
from scheduler.fast_forward import fast_forward
from scheduler.jobs import run_until_quiet
from tests.cast import Cast
from tests.conftest import Work
from tests.outgoing import attempts, due_mails, message, once, send, states, with_meanwhile
from tests.sink import Act, Manners, Script, Sink

HOURS = [0, 1, 2, 3, 4, 5]
OUR_RETRIES = {
    "retry_first_day": "2",
    "retry_minutes": "30",
    "retry_hours": "12",
    "validity_hours": "30",
    "quarantine_errors": "5",
}


def let_pass(clock: VirtualClock, room: PostRoom, **time: int) -> None:
    fast_forward(room, clock, clock.now() + timedelta(**time))


def says(answer: str | Act, at: str, times: int | None = None) -> Script:
    """The server answers so at this position, the first few times or always."""
    left = [answer] * (times if times is not None else 1000)
    return lambda position, _argument: left.pop() if position == at and left else None


def test_it_tries_again_every_hour_and_then_it_is_sent(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, sink: Sink
) -> None:
    sink.obey(says("451 4.3.0 later", "RCPT", times=3))
    begun = clock.now()
    due_mails(work, cast, "maria@example.com")
    let_pass(clock, room, hours=6)
    tried = attempts(work)
    assert [one.at - begun for one in tried] == [timedelta(hours=hours) for hours in (0, 1, 2, 3)]
    assert [(one.number, one.outcome, one.code) for one in tried] == [
        (1, "retry", 451),
        (2, "retry", 451),
        (3, "retry", 451),
        (4, "accept", 250),
    ]
    assert len(sink.caught) == 1 and states(work) == ["sent"]


def test_it_tries_five_times_on_the_first_day_then_daily_and_gives_up_when_the_mail_is_no_longer_valid(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, sink: Sink
) -> None:
    sink.obey(lambda position, argument: "450 4.2.0 full" if position == "RCPT" else None)
    begun = clock.now()
    [first] = due_mails(work, cast, "maria@example.com", later_steps=1)
    let_pass(clock, room, days=4, hours=20)
    hours = [(one.at - begun) / timedelta(hours=1) for one in attempts(work) if one.message_id == first]
    assert hours == [*HOURS, 29, 53, 77, 101]
    ended = message(work, first)
    assert (ended.state, ended.failure, ended.words) == (
        "failed",
        "soft",
        "The mail server refused the recipient: 450 4.2.0 full",
    )
    with work() as uow:
        assert uow.session.scalar(sa.select(sa.func.count(Message.id))) == 2, "the next step follows"


@pytest.mark.parametrize(
    ("answer", "lasting", "given_up"),
    [
        ("450 4.4.1 unreachable", "1", True),
        ("450 4.4.1 unreachable", "", False),
        ("452 4.2.2 mailbox full", "1", False),
    ],
)
def test_retries_and_what_lasts_are_as_an_administrator_says(
    work: Work,
    cast: Cast,
    room: PostRoom,
    clock: VirtualClock,
    sink: Sink,
    answer: str,
    lasting: str,
    given_up: bool,
) -> None:
    """The rules: retries are all configurable; what lasts through the whole validity is quarantined (setting, on;
    mailbox full excepted).
    """
    with work() as uow:
        change_retries(uow, cast.cleo, {**OUR_RETRIES, "quarantine_lasting": lasting})
    sink.obey(says(answer, "RCPT"))
    begun = clock.now()
    due_mails(work, cast, "maria@example.com")
    let_pass(clock, room, hours=36)
    assert [(one.at - begun) / timedelta(hours=1) for one in attempts(work)] == [0, 0.5, 1, 13, 25]
    assert states(work) == ["failed"]
    with work() as uow:
        assert (uow.session.scalars(sa.select(Address.quarantined_at)).one() is not None) is given_up


def test_an_unknown_recipient_is_quarantined_and_the_enrollment_ends(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, sink: Sink
) -> None:
    sink.obey(says("550 5.1.1 nobody here", "RCPT"))
    due_mails(work, cast, "maria@example.com", later_steps=2)
    let_pass(clock, room, days=5)
    assert states(work) == ["failed"] and not sink.caught
    with work() as uow:
        assert uow.session.scalars(sa.select(Address.quarantined_at)).one() is not None
        assert uow.session.scalars(sa.select(Enrollment.state)).one() == "ended"


def test_a_refused_message_becomes_a_task_to_mend_it_and_the_address_is_innocent(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    sink.obey(says("552 5.3.4 too large", "BODY"))
    due_mails(work, cast, "maria@example.com")
    run_until_quiet(room)
    with work() as uow:
        task = uow.session.scalars(sa.select(Task)).one()
        assert (task.name, task.state, "too large" in task.details) == ("Mend this mail", "open", True)
        assert uow.session.scalars(sa.select(Address.quarantined_at)).one() is None
        assert uow.session.scalars(sa.select(Enrollment.state)).one() == "active"


def test_a_refused_sign_in_holds_the_whole_queue_until_the_mailbox_is_connected_again(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    sink.behave(Manners(users={"ana": "the new password"}))
    with work() as uow:
        box = uow.session.get_one(Mailbox, cast.ana_box.id)
        box.username, box.sealed_secret = "ana", room.seal.close("the old password")
    due_mails(work, cast, "maria@example.com", "nils@example.com", "olga@example.com")
    run_until_quiet(room)
    assert states(work) == ["pending"] * 3
    assert len(attempts(work)) == 1, "one refusal is enough"
    with work() as uow:
        box = uow.session.get_one(Mailbox, cast.ana_box.id)
        assert box.state == "needs_reconnect" and "535" in box.trouble
        box.state, box.sealed_secret = type(box.state)("connected"), room.seal.close("the new password")
    run_until_quiet(room)
    assert states(work) == ["sent"] * 3 and len(sink.caught) == 3


@pytest.mark.parametrize("at", ["CONNECT", "MAIL"])
def test_a_server_that_asks_for_patience_gets_it_and_no_attempt_counts(
    at: str, work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    sink.obey(says("421 4.7.0 too many", at, times=1))
    [first, _] = due_mails(work, cast, "maria@example.com", "nils@example.com")
    run_until_quiet(room)
    assert states(work) == ["pending"] * 2 and not sink.caught
    assert (message(work, first).reason, message(work, first).attempts) == ("rate_limited", 0)
    taken = message(work, first).generation
    assert dispatch(room, cast.ana_box.id) == 0, "its mails are not taken and given back over and over"
    assert message(work, first).generation == taken
    patience_is_over(work)
    run_until_quiet(room)
    assert states(work) == ["sent"] * 2 and len(sink.caught) == 2


def test_a_line_cut_before_the_body_costs_nothing_and_the_mail_is_sent_once(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    sink.obey(says(Act.DROP, "DATA", times=1))
    [first] = due_mails(work, cast, "maria@example.com")
    run_until_quiet(room)
    assert states(work) == ["pending"] and message(work, first).reason == "unreachable"
    patience_is_over(work)
    run_until_quiet(room)
    assert states(work) == ["sent"] and len(sink.caught) == 1


@pytest.mark.parametrize(("act", "taken"), [(Act.DROP, 0), (Act.DROP_AFTER_YES, 1)])
def test_silence_after_the_dot_is_uncertain_and_never_sent_again_by_itself(
    act: Act, taken: int, work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, sink: Sink
) -> None:
    sink.obey(says(act, "BODY", times=1))
    [first] = due_mails(work, cast, "maria@example.com")
    let_pass(clock, room, days=30)
    if taken and message(work, first).state == "sent":
        assert len(sink.caught) == 1, "the yes arrived before the cut"
        return
    assert states(work) == ["uncertain"] and len(sink.caught) == taken
    assert "may have been delivered" in message(work, first).words


def test_one_mail_that_cannot_be_made_does_not_hold_up_the_others(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    ids = due_mails(work, cast, "maria@example.com", "nils@example.com", "olga@example.com")
    with work() as uow:
        uow.session.get_one(User, cast.ben.id).zone = "Nowhere/Land"
        uow.session.get_one(Message, ids[1]).sender_id = cast.ben.id
    send(room)
    assert states(work) == ["sent", "cancelled", "sent"]
    assert message(work, ids[1]).reason == "cannot_be_made"


def test_an_answer_is_written_down_also_when_the_next_message_cannot_be_looked_at(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    due_mails(work, cast, "maria@example.com", "nils@example.com", "olga@example.com")

    def rename(old: str, new: str) -> None:
        with work() as uow:
            uow.session.execute(sa.text(f"ALTER TABLE {old} RENAME TO {new}"))

    try:
        broken = with_meanwhile(room, after=once(lambda: rename("hold", "hold_elsewhere")))
        with pytest.raises(sa.exc.DBAPIError):
            send(broken)
    finally:
        rename("hold_elsewhere", "hold")
    assert states(work) == ["sent", "claimed", "pending"]
    send(room)
    assert states(work) == ["sent", "claimed", "sent"], "the one that failed waits, the others do not"


def test_a_late_answer_of_the_same_claim_is_taken(work: Work, cast: Cast, room: PostRoom, sink: Sink) -> None:
    [first] = due_mails(work, cast, "maria@example.com")
    send(with_meanwhile(room, after=once(lambda: lease_ends(work))))
    assert states(work) == ["sent"] and message(work, first).owner is None


def test_a_late_refusal_is_taken_too_because_it_proves_that_the_server_has_not_got_it(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, sink: Sink
) -> None:
    sink.obey(says("451 4.3.0 later", "BODY", times=1))
    due_mails(work, cast, "maria@example.com")
    send(with_meanwhile(room, after=once(lambda: lease_ends(work))))
    assert states(work) == ["retrying"]
    let_pass(clock, room, hours=1)
    assert states(work) == ["sent"] and len(sink.caught) == 1


def test_a_late_silence_changes_nothing(work: Work, cast: Cast, room: PostRoom, sink: Sink) -> None:
    sink.obey(says(Act.DROP, "BODY", times=1))
    due_mails(work, cast, "maria@example.com")
    send(with_meanwhile(room, after=once(lambda: lease_ends(work))))
    assert states(work) == ["uncertain"]


def test_an_answer_to_an_older_claim_is_not_taken(work: Work, cast: Cast, room: PostRoom, sink: Sink) -> None:
    [first] = due_mails(work, cast, "maria@example.com")

    def somebody_sends_it_again() -> None:
        lease_ends(work)
        with work() as uow:
            send_again(uow, cast.ana, uow.session.get_one(Message, first))
        send(room)

    sink.obey(says("550 5.1.1 nobody", "BODY", times=1))
    send(with_meanwhile(room, after=once(somebody_sends_it_again)))
    assert states(work) == ["sent"], "the refusal belongs to the claim before"
    assert len(sink.caught) == 1


def test_a_mail_that_comes_back_to_an_enrollment_that_has_ended_is_not_tried_again(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, sink: Sink
) -> None:
    sink.obey(says("451 4.3.0 later", "BODY", times=1))
    [first] = due_mails(work, cast, "maria@example.com")

    def ends() -> None:
        with work() as uow:
            end_for_person(uow, uow.session.get_one(Message, first).person_id, "asked to")

    send(with_meanwhile(room, before=once(ends)))
    assert states(work) == ["retrying"], "it was on its way when the enrollment ended"
    let_pass(clock, room, hours=1)
    assert states(work) == ["cancelled"] and not sink.caught
    assert message(work, first).words == "campaign has ended"


def lease_ends(work: Work) -> None:
    """As if this process had been away for longer than its lease."""
    with work() as uow:
        recover(uow, everything=True)


def patience_is_over(work: Work) -> None:
    with work() as uow:
        uow.session.execute(sa.update(Mailbox).values(paused_until=None))
