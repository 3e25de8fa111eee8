"""A person has another address: waiting mail and later steps go there; what the gate has let through does not."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa

from sales_campaigns.activity import Activity
from sales_campaigns.clock import VirtualClock
from sales_campaigns.enrollments.answers.readdressing import change_and_go_on
from sales_campaigns.enrollments.explaining.why import why_message
from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.models import Message
from sales_campaigns.people.models import Person
from sales_campaigns.ports import OutgoingMail
from scheduler.fast_forward import fast_forward
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.outgoing import Meanwhile, due_mails, message, send, states
from tests.sink import Sink
from tests.topics.test_answering import under_way


def moves_to(work: Work, cast: Cast, email: str, before: str = "maria@example.com") -> int:
    with work() as uow:
        person = uow.session.scalars(sa.select(Person).where(Person.email == before)).one()
        return change_and_go_on(uow, cast.ana, person.id, {"email": email})[1]


def addresses(work: Work) -> list[str]:
    with work() as uow:
        return list(uow.session.scalars(sa.select(Message.email).order_by(Message.id)))


def test_waiting_mail_and_later_steps_go_to_the_new_address(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, sink: Sink
) -> None:
    due_mails(work, cast, "maria@example.com", later_steps=1)
    assert moves_to(work, cast, "Maria.Santos@example.org") == 0, "nothing had failed"
    assert addresses(work) == ["maria.santos@example.org"]
    fast_forward(room, clock, clock.now().replace(day=4, month=12))
    assert addresses(work) == ["maria.santos@example.org"] * 2
    assert [list(one.recipients) for one in sink.caught] == [["Maria.Santos@example.org"]] * 2
    with work() as uow:
        assert uow.session.scalars(sa.select(Enrollment.email)).all() == ["maria.santos@example.org"]


def test_the_step_after_one_that_has_left_goes_to_the_new_address(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    under_way(work, cast, room)
    moves_to(work, cast, "new@example.com", before="p0@example.com")
    assert addresses(work) == ["p0@example.com", "new@example.com"], "what has left stays as it was"


def test_why_says_where_it_goes_and_who_changed_it(work: Work, cast: Cast) -> None:
    (id,) = due_mails(work, cast, "maria@example.com")
    moves_to(work, cast, "new@example.com")
    with work() as uow:
        (told,) = (
            one
            for one in why_message(uow.session, cast.ana, id, uow.now).happened
            if one.what == "message redirected"
        )
    assert (told.who, told.words) == (
        cast.ana.name,
        "it goes to new@example.com and no longer to maria@example.com",
    )


def test_what_the_gate_has_let_through_goes_out_as_it_is(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    (id,) = due_mails(work, cast, "maria@example.com")

    def change(_mail: OutgoingMail) -> None:
        moves_to(work, cast, "new@example.com")

    send(replace(room, providers=Meanwhile(room.providers, before=change)))
    assert [list(one.recipients) for one in sink.caught] == [["maria@example.com"]]
    assert (message(work, id).email, states(work)) == ("maria@example.com", ["sent"])


def test_what_is_claimed_and_not_gated_is_recorded_as_it_leaves(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, sink: Sink
) -> None:
    (id,) = due_mails(work, cast, "maria@example.com")
    with work() as uow:
        uow.session.execute(sa.update(Message).values(state="claimed", lease_until=None))
    moves_to(work, cast, "new@example.com")
    assert message(work, id).email == "new@example.com"


def test_nothing_leaves_twice_to_the_same_address(work: Work, cast: Cast, sink: Sink) -> None:
    """The rule: unique (delivery, occasion, address, attempt)."""
    one, other = due_mails(work, cast, "maria@example.com", "zoe@example.com")
    with work() as uow:
        uow.session.execute(sa.update(Message).values(occasion=0, enrollment_id=None))
        uow.session.execute(sa.update(Message).where(Message.id == other).values(email="new@example.com"))
    moves_to(work, cast, "new@example.com")
    assert [message(work, id).state.value for id in (one, other)] == ["cancelled", "pending"]
    assert message(work, one).words == "the new address of the person has this mail already"


def test_without_an_address_it_does_not_leave(work: Work, cast: Cast, room: PostRoom, sink: Sink) -> None:
    due_mails(work, cast, "maria@example.com")
    with work() as uow:
        uow.session.execute(sa.update(Person).values(phone="+46 8 123"))
    moves_to(work, cast, "")
    send(room)
    assert states(work) == ["cancelled"] and not sink.caught
    with work() as uow:
        assert uow.session.scalars(sa.select(Enrollment.email)).all() == [""]


def test_other_fields_redirect_nothing(work: Work, cast: Cast) -> None:
    due_mails(work, cast, "maria@example.com")
    with work() as uow:
        person = a_person(uow, cast.ana, "other@example.com")
        change_and_go_on(uow, cast.ana, person.id, {"email": "other@example.com", "title": "CFO"})
        kinds = uow.session.scalars(sa.select(Activity.kind)).all()
    assert "message.redirected" not in kinds and addresses(work) == ["maria@example.com"]
