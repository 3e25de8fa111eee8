"""The last look before a mail leaves: what has changed since it was queued, or since it was claimed, counts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.clock import VirtualClock
from sales_campaigns.enrollments.ending import end_for_person
from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.enrollments.pausing import (
    pause_campaign,
    pause_enrollment,
    resume_campaign,
    resume_enrollment,
)
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.models import Hold, Message
from sales_campaigns.people.models import Address, BlockedDomain, Person
from sales_campaigns.unit_of_work import UnitOfWork
from tests.cast import Cast
from tests.conftest import Work
from tests.outgoing import due_mails, message, once, send, states, with_meanwhile
from tests.sink import Sink

Change = Callable[[UnitOfWork], object]


def two_mails_with_a_change_between(
    work: Work, cast: Cast, room: PostRoom, change: Change
) -> tuple[int, Message]:
    """Both are claimed together; while the first is handed over the world changes. The second one's id and row."""
    _, second = due_mails(work, cast, "maria@example.com", "nils@example.net")

    def happens() -> None:
        with work() as uow:
            change(uow)

    send(with_meanwhile(room, before=once(happens)))
    return second, message(work, second)


def test_it_fixes_the_exact_bytes_before_they_leave(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    [first] = due_mails(work, cast, "maria@example.com")
    seen: list[tuple[str, bytes | None]] = []

    def look() -> None:
        with work() as uow:
            row = uow.session.get_one(Message, first)
            seen.append((row.state, row.mime))

    send(with_meanwhile(room, before=once(look)))
    assert seen == [("sending", sink.caught[0].raw)]


def nobody_sends(uow: UnitOfWork) -> None:
    uow.session.execute(sa.update(Hold).where(Hold.kind == "instance").values(stopped=True, why="restored"))


def campaign_paused(uow: UnitOfWork) -> None:
    ana = uow.session.scalars(sa.select(User).where(User.first_name == "Ana")).one()
    pause_campaign(uow, ana, uow.session.scalars(sa.select(Campaign)).one())


def person_paused(uow: UnitOfWork) -> None:
    ana = uow.session.scalars(sa.select(User).where(User.first_name == "Ana")).one()
    everybody = uow.session.scalars(sa.select(Enrollment).order_by(Enrollment.id)).all()
    pause_enrollment(uow, ana, everybody[1])


def hold_missing(uow: UnitOfWork) -> None:
    uow.session.execute(sa.delete(Hold).where(Hold.kind == "campaign"))


@pytest.mark.parametrize("change", [nobody_sends, campaign_paused, person_paused, hold_missing])
def test_what_is_stopped_after_the_claim_does_not_leave(
    change: Change, work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    _, row = two_mails_with_a_change_between(work, cast, room, change)
    assert (row.state, row.reason, len(sink.caught)) == ("pending", "held", 1)
    assert row.words and row.owner is None


def deactivated(uow: UnitOfWork) -> None:
    uow.session.execute(sa.update(User).where(User.first_name == "Ana").values(active=False))


def disconnected(uow: UnitOfWork) -> None:
    uow.session.execute(sa.update(Mailbox).values(state="stopped"))


@pytest.mark.parametrize(("change", "reason"), [(deactivated, "sender_gone"), (disconnected, "mailbox")])
def test_it_does_not_leave_from_a_mailbox_or_user_that_was_stopped(
    change: Change, reason: str, work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    _, row = two_mails_with_a_change_between(work, cast, room, change)
    assert (row.state, row.reason, len(sink.caught)) == ("pending", reason, 1)


NILS = Address.email == "nils@example.net"
CHANGES: dict[str, Change] = {
    "opted_out": lambda uow: uow.session.execute(sa.update(Address).where(NILS).values(opted_out_at=uow.now)),
    "quarantined": lambda uow: uow.session.execute(
        sa.update(Address).where(NILS).values(quarantined_at=uow.now)
    ),
    "blocked": lambda uow: uow.session.execute(sa.update(Address).where(NILS).values(blocked_at=uow.now)),
    "blocked_domain": lambda uow: uow.session.add(BlockedDomain(domain="example.net")),
    "deleted": lambda uow: uow.session.execute(
        sa.update(Person).where(Person.email == "nils@example.net").values(deleted_at=uow.now)
    ),
}


@pytest.mark.parametrize("cause", CHANGES)
def test_nothing_leaves_to_somebody_who_must_not_be_mailed_any_more(
    cause: str, work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    _, row = two_mails_with_a_change_between(work, cast, room, CHANGES[cause])
    assert (row.state, row.reason, len(sink.caught)) == ("cancelled", cause, 1)
    assert row.ended_at is not None


def test_a_claimed_mail_of_an_enrollment_that_ended_is_cancelled(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    def ends(uow: UnitOfWork) -> None:
        nils = uow.session.scalars(sa.select(Person).where(Person.email == "nils@example.net")).one()
        end_for_person(uow, nils.id, "asked to")

    _, row = two_mails_with_a_change_between(work, cast, room, ends)
    assert (row.state, row.words, len(sink.caught)) == ("cancelled", "campaign has ended: asked to", 1)


def test_a_mail_that_is_late_beyond_its_limit_is_not_sent_blindly(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, sink: Sink
) -> None:
    [first] = due_mails(work, cast, "maria@example.com")
    clock.forward(timedelta(hours=4, minutes=30))
    send(room)
    row = message(work, first)
    assert (row.state, row.reason) == ("cancelled", "late") and not sink.caught
    assert row.words == "it was 4 h 30 min late and was not sent blindly"


def test_a_mail_whose_time_ran_out_expires(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, sink: Sink
) -> None:
    [first] = due_mails(work, cast, "maria@example.com")
    clock.forward(timedelta(days=5))
    send(room)
    assert message(work, first).state == "expired" and not sink.caught


def test_what_was_held_leaves_when_it_is_released_and_not_later_than_its_limit(
    work: Work, cast: Cast, room: PostRoom, clock: VirtualClock, sink: Sink
) -> None:
    due_mails(work, cast, "maria@example.com")
    with work() as uow:
        campaign_paused(uow)
    assert send(room) == 0
    clock.forward(timedelta(hours=1))
    with work() as uow:
        resume_campaign(uow, cast.ana, uow.session.scalars(sa.select(Campaign)).one())
    send(room)
    assert states(work) == ["sent"] and len(sink.caught) == 1


def test_one_person_held_does_not_hold_the_others(work: Work, cast: Cast, room: PostRoom, sink: Sink) -> None:
    due_mails(work, cast, "maria@example.com", "nils@example.com", "olga@example.com")
    with work() as uow:
        person_paused(uow)
    send(room)
    assert states(work) == ["sent", "pending", "sent"]
    with work() as uow:
        paused = uow.session.scalars(sa.select(Enrollment).where(Enrollment.state == "paused")).one()
        resume_enrollment(uow, cast.ana, paused)
    send(room)
    assert states(work) == ["sent"] * 3
