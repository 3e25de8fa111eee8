"""What ends, holds or pauses an enrollment: the rows of the table, each from the raw mail to what is left of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.clock import VirtualClock
from sales_campaigns.enrollments.answers.opting_out import block_domain, unsubscribe
from sales_campaigns.enrollments.ending import book_meeting, end_uncertain
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.leaving import deactivate_sender, end_held, hand_over
from sales_campaigns.enrollments.models import Enrollment, StepRun, StepRunState
from sales_campaigns.enrollments.opening import open_due
from sales_campaigns.enrollments.pausing import pause_people, resume_people
from sales_campaigns.errors import IllegalMove, Invalid, NotAllowed
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.models import Hold, Message, MessageState
from sales_campaigns.people.models import Address, Person
from sales_campaigns.people.suppression import why_not
from sales_campaigns.people.unsubscribing import changes_of, resubscribe
from sales_campaigns.tasks.models import Task
from scheduler.fast_forward import fast_forward
from scheduler.jobs import run_until_quiet
from tests.builders import a_call, a_campaign, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.incoming import a_complaint, a_raw_mail, answered

pytestmark = pytest.mark.usefixtures("sink")


def under_way(
    work: Work, cast: Cast, room: PostRoom, people: int = 1, name: str = "Q4 outreach", **settings: Any
) -> list[str]:
    """Ana's first mail to so many people has left, another one waits and a call follows; their Message-IDs."""
    with work() as uow:
        steps = [a_mail(uow, 1), a_mail(uow, 3, at="10:00"), a_call(4)]
        campaign = a_campaign(uow, cast.ana, steps, name, **settings)
        wanted = [_person(uow, cast, number) for number in range(people)]
        launch(uow, cast.ana, Order(campaign.id, [person.id for person in wanted]))
    run_until_quiet(room)
    with work() as uow:
        names = sa.select(Message.message_id).where(
            Message.sent_at.is_not(None), Message.campaign_id == campaign.id
        )
        return [str(name) for name in uow.session.scalars(names.order_by(Message.id))]


def _person(uow: Any, cast: Cast, number: int) -> Person:
    email = f"p{number}@example.com"
    known = uow.session.scalar(sa.select(Person).where(Person.email == email))
    return known or a_person(uow, cast.ana, email, first_name=f"P{number}")


def stands(work: Work) -> list[tuple[str, str]]:
    """(state, why) of every enrollment, in order."""
    with work() as uow:
        rows = uow.session.scalars(sa.select(Enrollment).order_by(Enrollment.id))
        return [(row.state.value, row.why) for row in rows]


def mails(work: Work) -> list[str]:
    with work() as uow:
        return [str(state) for state in uow.session.scalars(sa.select(Message.state).order_by(Message.id))]


@pytest.mark.parametrize(
    ("on_reply", "expected", "waiting"),
    [
        ("end", ("ended", "replied"), "cancelled"),
        ("end_success", ("ended", "success: replied"), "cancelled"),
        ("continue", ("active", ""), "pending"),
    ],
)
def test_a_reply_continues_ends_or_ends_as_success_as_the_campaign_says(
    work: Work, cast: Cast, room: PostRoom, on_reply: str, expected: tuple[str, str], waiting: str
) -> None:
    (name,) = under_way(work, cast, room, on_reply=on_reply)
    answered(work, cast, room, a_raw_mail(answers=name))
    assert stands(work) == [expected]
    assert mails(work) == ["sent", waiting]
    with work() as uow:
        later = uow.session.scalars(sa.select(Message).order_by(Message.id.desc())).first()
        assert later is not None and later.failure is None, "a cancelled message is not a failed one"
        assert waiting == "pending" or later.words == f"campaign has ended: {expected[1]}"


def test_ending_closes_the_open_task_in_the_same_transaction(work: Work, cast: Cast, room: PostRoom) -> None:
    (name,) = under_way(work, cast, room)
    with work() as uow:
        uow.session.execute(sa.update(StepRun).values(due_at=uow.now))
        run = uow.session.scalars(sa.select(StepRun).order_by(StepRun.id.desc())).first()
        assert run is not None
        run.state, run.is_task, run.message_id = StepRunState.PLANNED, True, None
        uow.session.flush()
        open_due(uow)
    answered(work, cast, room, a_raw_mail(answers=name))
    with work() as uow:
        assert [str(state) for state in uow.session.scalars(sa.select(Task.state))] == ["cancelled"]


def test_an_automatic_reply_is_no_reply_and_pauses_until_the_return_date(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock
) -> None:
    (name,) = under_way(work, cast, room)
    away = a_raw_mail(
        "I am out of the office until Monday, 7 December.",
        subject="Automatic reply: Quick question",
        answers=name,
        Auto_Submitted="auto-replied",
    )
    answered(work, cast, room, away)
    assert stands(work) == [("paused", "out of office")]
    fast_forward(room, clock, datetime(2026, 12, 6, 22, 0, tzinfo=UTC))
    assert mails(work) == ["sent", "pending"], "day 3 passed, and nothing left"
    fast_forward(room, clock, datetime(2026, 12, 7, 10, 0, tzinfo=UTC))
    assert stands(work)[0][0] == "active"
    with work() as uow:
        second = uow.session.scalars(sa.select(Message).order_by(Message.id.desc())).first()
    assert second is not None
    assert second.sent_at == datetime(2026, 12, 7, 9, 0, tzinfo=UTC), (
        "at its own time of day, 10:00 in Stockholm"
    )


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"out_of_office": "ignore"}, "I am away until 7 December."),
        ({}, "I am away."),
        ({}, "I am away until 27 November 2026."),
    ],
)
def test_it_goes_on_where_the_setting_says_so_or_no_date_is_readable(
    work: Work, cast: Cast, room: PostRoom, settings: dict[str, Any], text: str
) -> None:
    (name,) = under_way(work, cast, room, **settings)
    answered(work, cast, room, a_raw_mail(text, answers=name, Auto_Submitted="auto-replied"))
    assert stands(work) == [("active", "")]


def test_who_is_away_is_away_for_every_campaign_and_the_later_day_counts(
    work: Work, cast: Cast, room: PostRoom
) -> None:
    (name,) = under_way(work, cast, room)
    under_way(work, cast, room, name="Another")
    for day in ("4 December", "9 December", "7 December"):
        text = f"I am back on {day}."
        answered(work, cast, room, a_raw_mail(text, answers=name, Auto_Submitted="auto-replied"))
    with work() as uow:
        until = uow.session.scalars(sa.select(Enrollment.resume_at)).all()
    assert until == [datetime(2026, 12, 8, 23, 0, tzinfo=UTC)] * 2, "the beginning of Wednesday in Stockholm"


def test_a_new_mail_holds_every_active_enrollment_as_wrote_to_you(
    work: Work, cast: Cast, room: PostRoom
) -> None:
    under_way(work, cast, room)
    under_way(work, cast, room, name="Another")
    answered(work, cast, room, a_raw_mail("A question", sender="p0@example.com", subject="Hello Ana"))
    assert stands(work) == [("held", "wrote to you")] * 2
    with work() as uow:
        held = uow.session.scalars(sa.select(Enrollment)).all()
        assert all(uow.session.get_one(Hold, ("enrollment", one.id)).stopped for one in held)
        resume_people(uow, cast.ana, held)
    assert stands(work) == [("active", "")] * 2


def test_a_reply_to_another_mail_of_ours_holds_the_others(work: Work, cast: Cast, room: PostRoom) -> None:
    (name,) = under_way(work, cast, room)
    under_way(work, cast, room, name="Another")
    answered(work, cast, room, a_raw_mail(answers=name))
    assert stands(work) == [("ended", "replied"), ("held", "wrote to you")]


def test_whoever_a_user_paused_stays_paused(work: Work, cast: Cast, room: PostRoom) -> None:
    under_way(work, cast, room)
    with work() as uow:
        pause_people(uow, cast.ana, uow.session.scalars(sa.select(Enrollment)).all())
    answered(work, cast, room, a_raw_mail("A question", sender="p0@example.com", subject="Hello Ana"))
    assert stands(work) == [("paused", "paused")]


def test_who_writes_while_away_is_held_and_does_not_go_on_by_itself(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock
) -> None:
    (name,) = under_way(work, cast, room)
    answered(work, cast, room, a_raw_mail("Back on 4 December", answers=name, Auto_Submitted="auto-replied"))
    answered(work, cast, room, a_raw_mail("A question", sender="p0@example.com", subject="Hello Ana"))
    fast_forward(room, clock, datetime(2026, 12, 8, tzinfo=UTC))
    assert stands(work) == [("held", "wrote to you")]


@pytest.mark.parametrize(
    ("colleagues", "expected"),
    [
        ("continue", ("active", "")),
        ("pause", ("paused", "a colleague replied")),
        ("end", ("ended", "a colleague replied")),
    ],
)
def test_a_setting_ends_or_pauses_others_of_the_same_company_when_one_replies(
    work: Work, cast: Cast, room: PostRoom, colleagues: str, expected: tuple[str, str]
) -> None:
    names = under_way(work, cast, room, people=3, colleagues=colleagues)
    with work() as uow:
        _person(uow, cast, 1).company = "  FJORD energy "
        _person(uow, cast, 2).company = "Elsewhere"
    answered(work, cast, room, a_raw_mail(answers=names[0]))
    assert stands(work) == [("ended", "replied"), expected, ("active", "")]


def test_an_accepted_invitation_ends_with_success(work: Work, cast: Cast, room: PostRoom) -> None:
    under_way(work, cast, room)
    accepted = b"\r\n".join(
        [
            b"From: P0 <p0@example.com>",
            b"Subject: Accepted: Intro call",
            b'Content-Type: text/calendar; method=REPLY; charset="utf-8"',
            b"",
            b"BEGIN:VCALENDAR",
            b"METHOD:REPLY",
            b"BEGIN:VEVENT",
            b'ATTENDEE;CN="P0";PARTSTAT=ACCEPTED:mailto:p0@example.com',
            b"END:VEVENT",
            b"END:VCALENDAR",
            b"",
        ]
    )
    answered(work, cast, room, accepted)
    assert stands(work) == [("ended", "success: meeting booked")]


def test_a_meeting_can_be_booked_by_a_button(work: Work, cast: Cast, room: PostRoom) -> None:
    under_way(work, cast, room)
    with work() as uow:
        enrollment = uow.session.scalars(sa.select(Enrollment)).one()
        book_meeting(uow, cast.ana, enrollment)
        with pytest.raises(IllegalMove):
            book_meeting(uow, cast.ana, enrollment)
    assert stands(work) == [("ended", "success: meeting booked, says Ana Lind")]


def test_an_unsubscription_by_mail_ends_all_enrollments_at_once(
    work: Work, cast: Cast, room: PostRoom
) -> None:
    under_way(work, cast, room)
    under_way(work, cast, room, name="Another")
    answered(work, cast, room, a_raw_mail("", sender="p0@example.com", subject="unsubscribe"))
    assert stands(work) == [("ended", "unsubscribed")] * 2
    with work() as uow:
        person = _person(uow, cast, 0)
        cause = why_not(uow.session, person.id)
        assert cause is not None and cause.name == "opted_out"
        (change,) = changes_of(uow.session, person)
        assert (change.change.source, change.change.subscribed, change.who) == ("mail", False, "")


def test_a_complaint_ends_all_enrollments_and_stays(work: Work, cast: Cast, room: PostRoom) -> None:
    (name,) = under_way(work, cast, room)
    under_way(work, cast, room, name="Another")
    answered(work, cast, room, a_complaint(name))
    assert stands(work) == [("ended", "reported as spam")] * 2
    with work() as uow:
        cause = why_not(uow.session, _person(uow, cast, 0).id)
        assert cause is not None and cause.name == "complained"


def test_a_blocked_domain_ends_everybody_there(work: Work, cast: Cast, room: PostRoom) -> None:
    under_way(work, cast, room, people=2)
    with work() as uow:
        with pytest.raises(NotAllowed):
            block_domain(uow, cast.ana, "example.com")
        with pytest.raises(Invalid):
            block_domain(uow, cast.cleo, "not a domain")
        assert block_domain(uow, cast.cleo, "@Example.com", "they asked") == 2
    assert stands(work) == [("ended", "mail to example.com is blocked")] * 2
    assert mails(work).count("cancelled") == 2


def test_by_hand_everybody_unsubscribes_and_only_administrators_let_in_again(
    work: Work, cast: Cast, room: PostRoom
) -> None:
    under_way(work, cast, room)
    with work() as uow:
        person = _person(uow, cast, 0)
        assert unsubscribe(uow, cast.ben, person, "on the phone") == 1
        with pytest.raises(IllegalMove):
            unsubscribe(uow, cast.ben, person)
        with pytest.raises(NotAllowed):
            resubscribe(uow, cast.ana, person, "she asked")
        with pytest.raises(Invalid, match="Say why"):
            resubscribe(uow, cast.cleo, person, " ")
        resubscribe(uow, cast.cleo, person, "she asked on 1 December")
        assert why_not(uow.session, person.id) is None
        told = [
            (line.change.subscribed, line.change.reason, line.who) for line in changes_of(uow.session, person)
        ]
    assert told == [
        (True, "she asked on 1 December", "Cleo Martin"),
        (False, "on the phone", "Ben Okafor"),
    ]
    assert stands(work)[0][0] == "ended", "what ended stays ended"


def test_an_opt_out_counts_for_everybody_who_has_the_address(work: Work, cast: Cast, room: PostRoom) -> None:
    under_way(work, cast, room)
    with work() as uow:
        address = uow.session.scalars(sa.select(Address).where(Address.email == "p0@example.com")).one()
        other = Person(
            team_id=cast.dirk.team_id,
            owner_id=cast.dirk.id,
            email=address.email,
            first_name="Maria",
            address_id=address.id,
            created_at=uow.now,
            changed_at=uow.now,
        )
        uow.session.add(other)
        uow.session.flush()
        campaign = a_campaign(uow, cast.dirk, [a_mail(uow, 1), a_mail(uow, 3, at="10:00")])
        launch(uow, cast.dirk, Order(campaign.id, [other.id]))
        assert unsubscribe(uow, cast.ana, _person(uow, cast, 0)) == 2
    assert [state for state, _ in stands(work)] == ["ended", "ended"]


def test_an_answer_proves_that_an_uncertain_mail_had_left(work: Work, cast: Cast, room: PostRoom) -> None:
    (name,) = under_way(work, cast, room, on_reply="continue")
    with work() as uow:
        uow.session.execute(
            sa.update(Message).where(Message.message_id == name).values(state="uncertain", sent_at=None)
        )
    answered(work, cast, room, a_raw_mail(answers=name))
    with work() as uow:
        message = uow.session.scalars(sa.select(Message).where(Message.message_id == name)).one()
    assert message.state is MessageState.SENT and message.sent_at == message.due_at


def test_an_uncertain_mail_can_end_the_campaign(work: Work, cast: Cast, room: PostRoom) -> None:
    (name,) = under_way(work, cast, room)
    with work() as uow:
        uow.session.execute(sa.update(Message).where(Message.message_id == name).values(state="uncertain"))
        uow.session.expire_all()
        message = uow.session.scalars(sa.select(Message).where(Message.message_id == name)).one()
        end_uncertain(uow, cast.ana, message)
    run_until_quiet(room)
    assert stands(work) == [("ended", "ended by Ana Lind")]
    assert mails(work) == ["failed", "cancelled"]


def test_an_administrator_hands_over_what_is_held_for_a_sender_who_is_gone(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock
) -> None:
    under_way(work, cast, room)
    with work() as uow:
        assert deactivate_sender(uow, cast.cleo, cast.ana.id) == 1
        with pytest.raises(NotAllowed):
            hand_over(uow, cast.ben, cast.ana.id, cast.ben.id)
        with pytest.raises(Invalid, match="same team"):
            hand_over(uow, cast.cleo, cast.ana.id, cast.dirk.id)
        with pytest.raises(Invalid, match="no mailbox"):
            hand_over(uow, cast.cleo, cast.ana.id, cast.cleo.id)
        assert hand_over(uow, cast.cleo, cast.ana.id, cast.ben.id) == 1
    fast_forward(room, clock, clock.now() + timedelta(days=3))
    with work() as uow:
        second = uow.session.scalars(sa.select(Message).order_by(Message.id.desc())).first()
        assert second is not None
        assert (str(second.state), second.sender_id) == ("sent", cast.ben.id)
        assert second.mailbox_id == uow.session.scalar(
            sa.select(Mailbox.id).where(Mailbox.user_id == cast.ben.id)
        )


def test_or_ends_it(work: Work, cast: Cast, room: PostRoom) -> None:
    under_way(work, cast, room, people=2)
    with work() as uow:
        deactivate_sender(uow, cast.cleo, cast.ana.id)
        assert end_held(uow, cast.cleo, cast.ana.id) == 2
        with pytest.raises(IllegalMove):
            end_held(uow, cast.cleo, cast.ana.id)
    assert [state for state, _ in stands(work)] == ["ended", "ended"]


def test_a_thousand_replies_need_as_many_statements_as_ten(
    work: Work, cast: Cast, room: PostRoom, queries: Any
) -> None:
    names = under_way(work, cast, room, people=44)
    needed = []
    for some in (names[:4], names[4:]):
        with queries() as seen:
            answered(work, cast, room, *(a_raw_mail(answers=name) for name in some))
        needed.append(len(seen))
    assert stands(work) == [("ended", "replied")] * 44
    assert needed[1] <= needed[0] + 2, needed
