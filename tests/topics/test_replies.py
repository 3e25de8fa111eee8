"""Replies as work: a list that waits until answered or disposed of, and answers in thread."""

from __future__ import annotations

import email
from datetime import UTC, date, datetime
from email import policy
from typing import Any

import pytest
import sqlalchemy as sa

from sales_campaigns.activity import Activity
from sales_campaigns.campaigns.models import Campaign, CampaignState
from sales_campaigns.clock import VirtualClock
from sales_campaigns.deliveries.personal import Thread, opening, write_personal
from sales_campaigns.enrollments.answers.disposing import interested, not_now, said_no, wrong_person
from sales_campaigns.enrollments.models import Comeback, Enrollment
from sales_campaigns.errors import IllegalMove, Invalid, NotFound
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.incoming.disposing import dispose, received_of, wait_again
from sales_campaigns.messages.incoming.models import Disposal, ReceivedMail
from sales_campaigns.messages.incoming.reading import Box, box_counts, reply_lines, waiting
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.outbox.composing import Typed
from sales_campaigns.messages.outbox.resending import call_off
from sales_campaigns.people.models import Person
from sales_campaigns.people.unsubscribing import opt_out
from sales_campaigns.tasks.models import Task
from sales_campaigns.unit_of_work import UnitOfWork
from scheduler.fast_forward import fast_forward
from scheduler.jobs import run_until_quiet
from tests.cast import Cast
from tests.conftest import Work
from tests.incoming import a_raw_mail, answered
from tests.sink import Sink
from tests.topics.test_answering import mails, stands, under_way

pytestmark = pytest.mark.usefixtures("sink")


def replied(work: Work, cast: Cast, room: PostRoom, **settings: Any) -> str:
    """Somebody replied to Ana's mail; the Message-ID of that mail."""
    (name,) = under_way(work, cast, room, **settings)
    raw = a_raw_mail(
        "Sounds good.\n\nOn Mon, 30 Nov 2026 Ana Lind wrote:\n> Hello P0",
        sender="P0 Santos <p0@example.com>",
        answers=name,
        message_id="<reply@example.com>",
    )
    answered(work, cast, room, raw)
    return name


def the_reply(uow: UnitOfWork) -> ReceivedMail:
    return uow.session.scalars(sa.select(ReceivedMail).order_by(ReceivedMail.id)).all()[0]


def the_person(uow: UnitOfWork) -> Person:
    return uow.session.scalars(sa.select(Person).order_by(Person.id)).all()[0]


def test_it_waits_for_its_rep_and_a_teammate_finds_it_in_the_teams_list(
    work: Work, cast: Cast, room: PostRoom
) -> None:
    replied(work, cast, room)
    with work() as uow:
        assert waiting(uow.session, cast.ana)[0] == 1 and waiting(uow.session, cast.ben)[0] == 0
        (line,) = reply_lines(uow.session, cast.ben, Box.WAITING)
        assert (line.mail.text, line.answered, line.user) == (
            "Sounds good.",
            "Quick question, P0",
            "Ana Lind",
        )
        assert reply_lines(uow.session, cast.ben, Box.WAITING, user_id=cast.ben.id) == []
        assert reply_lines(uow.session, cast.dirk, Box.WAITING) == []
        assert box_counts(uow.session, cast.dirk) == {Box.WAITING: 0, Box.DONE: 0, Box.AUTOMATIC: 0}
        with pytest.raises(NotFound):
            received_of(uow.session, cast.dirk, line.mail.id)


def test_interested_ends_what_goes_on_with_success(work: Work, cast: Cast, room: PostRoom) -> None:
    replied(work, cast, room, on_reply="continue")
    with work() as uow:
        assert interested(uow, cast.ana, the_reply(uow)) == 1
        with pytest.raises(IllegalMove, match="already"):
            said_no(uow, cast.ben, the_reply(uow))
    assert stands(work) == [("ended", "success: interested, says Ana Lind")]


def test_no_ends_it(work: Work, cast: Cast, room: PostRoom) -> None:
    replied(work, cast, room, on_reply="continue")
    with work() as uow:
        assert said_no(uow, cast.ana, the_reply(uow)) == 1
        assert waiting(uow.session, cast.ana) == (0, None)
    assert stands(work) == [("ended", "said no, says Ana Lind")]


def test_not_now_until_a_date_adds_the_person_again(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock
) -> None:
    replied(work, cast, room)
    with work() as uow:
        with pytest.raises(Invalid, match="still to come"):
            not_now(uow, cast.ana, the_reply(uow), date(2026, 11, 30))
        not_now(uow, cast.ana, the_reply(uow), date(2027, 1, 11))
    fast_forward(room, clock, datetime(2027, 1, 11, 7, 59, tzinfo=UTC))
    assert [state for state, _ in stands(work)] == ["ended"]
    fast_forward(room, clock, datetime(2027, 1, 11, 8, 0, tzinfo=UTC))
    assert [state for state, _ in stands(work)] == ["ended", "active"], "at 09:00 in Stockholm"
    assert mails(work)[-2:] == ["sent", "pending"], "the first mail of the new round has left"


def test_what_forbids_adding_again_becomes_a_task(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock
) -> None:
    replied(work, cast, room)
    with work() as uow:
        not_now(uow, cast.ana, the_reply(uow), date(2026, 12, 14))
        uow.session.scalars(sa.select(Campaign)).one().state = CampaignState.ARCHIVED
    fast_forward(room, clock, datetime(2026, 12, 14, 9, 0, tzinfo=UTC))
    with work() as uow:
        (task,) = uow.session.scalars(sa.select(Task).where(Task.state == "open"))
        assert (
            task.name == "Write to P0 Santos again" and "was to be added to Q4 outreach again" in task.details
        )
        assert uow.session.scalars(sa.select(Comeback)).one().done_at is not None
        assert len(uow.session.scalars(sa.select(Enrollment)).all()) == 1


def test_the_wrong_person_says_who_instead(work: Work, cast: Cast, room: PostRoom) -> None:
    replied(work, cast, room, on_reply="continue")
    with work() as uow, pytest.raises(Invalid):
        wrong_person(uow, cast.ana, the_reply(uow), {"email": "not an address"})
    with work() as uow:
        typed = {"email": "cfo@example.com", "first_name": "Kim"}
        instead = wrong_person(uow, cast.ana, the_reply(uow), typed)
        assert instead is not None
        assert (instead.email, instead.company, instead.owner_id) == (
            "cfo@example.com",
            "Fjord Energy",
            cast.ana.id,
        )
        assert the_reply(uow).note == "Kim"
    assert stands(work) == [("ended", "the wrong person, says Ana Lind")]


def test_nothing_to_do_can_be_undone(work: Work, cast: Cast, room: PostRoom) -> None:
    replied(work, cast, room)
    with work() as uow:
        dispose(uow, cast.ana, the_reply(uow), Disposal.READ)
        assert waiting(uow.session, cast.ana)[0] == 0
        wait_again(uow, cast.ana, the_reply(uow))
        assert waiting(uow.session, cast.ana)[0] == 1


def test_an_answer_goes_into_the_thread_and_quotes_what_was_received(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    name = replied(work, cast, room)
    with work() as uow:
        thread = Thread(received=the_reply(uow))
        words = opening(uow.session, cast.ana, the_person(uow), None, thread)
        assert words.subject == "Re: Quick question, Maria"
        write_personal(uow, cast.ana, the_person(uow), Typed(words.subject, "<p>Tuesday?</p>"), thread=thread)
        assert waiting(uow.session, cast.ana)[0] == 0, "answered as soon as the answer is in the outbox"
    run_until_quiet(room)
    mail = email.message_from_bytes(sink.caught[-1].raw, policy=policy.default)
    assert mail["In-Reply-To"] == "<reply@example.com>"
    assert mail["References"].split() == [name, "<reply@example.com>"]
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content().replace("\r\n", "\n")
    assert text.startswith("Tuesday?\n\nOn Monday, 30 November 2026 at 10:00 (CET, UTC+0100), P0 Santos")
    assert "> Sounds good." in text and ">> Hello P0" in text, "the whole mail, with what it quotes"


def test_when_the_answer_does_not_leave_the_reply_waits_again(work: Work, cast: Cast, room: PostRoom) -> None:
    replied(work, cast, room)
    with work() as uow:
        typed = Typed("Re: x", "<p>Later</p>", send_at=datetime(2026, 12, 3, 8, tzinfo=UTC))
        answer = write_personal(uow, cast.ana, the_person(uow), typed, thread=Thread(received=the_reply(uow)))
        call_off(uow, cast.ana, answer)
    run_until_quiet(room)
    with work() as uow:
        assert waiting(uow.session, cast.ana)[0] == 1


def opted_out(work: Work, cast: Cast, room: PostRoom) -> None:
    replied(work, cast, room)
    with work() as uow:
        address_id = the_person(uow).address_id
        assert address_id is not None
        opt_out(uow, [address_id], source="hand")


@pytest.mark.parametrize(
    ("noticed", "allowed", "leaves"), [(True, True, True), (False, True, False), (True, False, False)]
)
def test_a_person_who_opted_out_but_wrote_last_is_answered_by_hand_after_a_notice_unless_forbidden(
    work: Work, cast: Cast, room: PostRoom, sink: Sink, noticed: bool, allowed: bool, leaves: bool
) -> None:
    opted_out(work, cast, room)
    before = len(sink.caught)
    typed = Typed("Re: x", "<p>Of course, you are off the list.</p>", despite_opt_out=noticed)
    try:
        with work() as uow:
            thread = Thread(received=the_reply(uow))
            write_personal(uow, cast.ana, the_person(uow), typed, thread=thread, answer_opted_out=allowed)
    except Invalid as refusal:
        assert not leaves and "unsubscribed" in refusal.words
    run_until_quiet(room)
    assert len(sink.caught) == before + leaves
    with work() as uow:
        logged = uow.session.scalars(sa.select(Activity).where(Activity.kind == "message.queued")).all()
        assert [row.data.get("despite_opt_out") for row in logged] == [True] * leaves


def test_they_are_answered_once_and_not_where_anything_else_forbids_it(
    work: Work, cast: Cast, room: PostRoom
) -> None:
    opted_out(work, cast, room)
    typed = Typed("Re: x", "<p>Of course</p>", despite_opt_out=True)
    with work() as uow:
        write_personal(uow, cast.ana, the_person(uow), typed, thread=Thread(received=the_reply(uow)))
    run_until_quiet(room)
    with work() as uow, pytest.raises(Invalid, match="unsubscribed"):
        write_personal(uow, cast.ana, the_person(uow), typed, thread=Thread(received=the_reply(uow)))
    with work() as uow:
        uow.session.execute(sa.text("UPDATE address SET quarantined_at = :now"), {"now": uow.now})
    with work() as uow, pytest.raises(Invalid):
        write_personal(uow, cast.ana, the_person(uow), typed, thread=Thread(received=the_reply(uow)))


def test_the_gate_lets_such_an_answer_pass_the_opt_out_and_nothing_else(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    opted_out(work, cast, room)
    before = len(sink.caught)
    with work() as uow:
        typed = Typed("Re: x", "<p>Of course</p>", despite_opt_out=True)
        answer = write_personal(uow, cast.ana, the_person(uow), typed, thread=Thread(received=the_reply(uow)))
        person = the_person(uow)
        person.deleted_at = uow.now
    run_until_quiet(room)
    with work() as uow:
        assert uow.session.get_one(Message, answer.id).reason == "deleted"
    assert len(sink.caught) == before


def test_an_automatic_reply_waits_for_nobody(work: Work, cast: Cast, room: PostRoom) -> None:
    (name,) = under_way(work, cast, room)
    answered(work, cast, room, a_raw_mail("I am away", answers=name, Auto_Submitted="auto-replied"))
    with work() as uow:
        assert waiting(uow.session, cast.ana)[0] == 0
        assert len(reply_lines(uow.session, cast.ana, Box.AUTOMATIC)) == 1
        with pytest.raises(IllegalMove, match="written by a program"):
            interested(uow, cast.ana, the_reply(uow))
