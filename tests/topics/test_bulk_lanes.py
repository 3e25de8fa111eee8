"""A bulk lane gates and records in batches and hands over side by side; every promise holds as for a single mail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.activity import Activity
from sales_campaigns.content.mime import build
from sales_campaigns.content.rendering import Content
from sales_campaigns.content.wordings import wording_for
from sales_campaigns.enrollments.ending import end_for_person
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.errors import Invalid
from sales_campaigns.messages.batch_sizes import next_size
from sales_campaigns.messages.due_mails import DueMail
from sales_campaigns.messages.handing_over import free_rows
from sales_campaigns.messages.handing_over.bulk_gate import Lane, take
from sales_campaigns.messages.handing_over.claiming import claim_due
from sales_campaigns.messages.handing_over.dispatching import PostRoom, dispatch
from sales_campaigns.messages.handing_over.recipes import hash_of, letter_of
from sales_campaigns.messages.handing_over.recovery import recover
from sales_campaigns.messages.letters.marking import Outward
from sales_campaigns.messages.letters.writing import values_of
from sales_campaigns.messages.models import Hold, Message
from sales_campaigns.messages.outbox.lines import exact_mail
from sales_campaigns.people.models import Address, Person
from sales_campaigns.ports import MailAccount, MailProvider, MailProviders
from sales_campaigns.unit_of_work import UnitOfWork
from scheduler.jobs import run_until_quiet
from tests.builders import a_campaign, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.outgoing import attempts, due_mails, message, once, send, states, with_meanwhile
from tests.sink import Sink
from tests.topics import test_gate as singly

THREE = ("maria@example.com", "nils@example.net", "olga@example.com")


@pytest.fixture(autouse=True)
def bulk(work: Work, cast: Cast, sink: Sink) -> None:
    """Everybody's mailbox is a relay for many mails."""
    with work() as uow:
        uow.session.execute(sa.update(Mailbox).values(bulk_lane=True))


class AfterTheClaim:
    """The real outside; when it is opened, the batch is claimed and not gated yet, and something happens."""

    def __init__(self, providers: MailProviders, happens: Callable[[], object]) -> None:
        self._providers, self._happens = providers, happens

    def open(self, account: MailAccount) -> MailProvider:
        self._happens()
        return self._providers.open(account)


def sent_with_a_change(work: Work, cast: Cast, room: PostRoom, change: singly.Change) -> Message:
    """Three are claimed together, then the world changes, then the batch is gated; Nils's row."""
    ids = due_mails(work, cast, *THREE)

    def happens() -> None:
        with work() as uow:
            change(uow)

    send(replace(room, providers=AfterTheClaim(room.providers, happens)))
    return message(work, ids[1])


@pytest.mark.parametrize("cause", singly.CHANGES)
def test_nothing_leaves_to_somebody_who_must_not_be_mailed_any_more_and_the_others_get_theirs(
    cause: str, work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    row = sent_with_a_change(work, cast, room, singly.CHANGES[cause])
    assert (row.state, row.reason) == ("cancelled", cause) and row.ended_at is not None
    assert sorted(mail.recipients[0] for mail in sink.caught) == [THREE[0], THREE[2]]
    assert states(work) == ["sent", "cancelled", "sent"]


@pytest.mark.parametrize("change", [singly.nobody_sends, singly.campaign_paused, singly.hold_missing])
def test_what_stops_them_all_after_the_claim_lets_none_through(
    change: singly.Change, work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    row = sent_with_a_change(work, cast, room, change)
    assert states(work) == ["pending"] * 3 and not sink.caught
    assert row.reason in ("held", "") and row.owner is None, "what is held already is not even taken"


def test_what_was_taken_over_and_claimed_again_meanwhile_is_left_to_the_newer_claim(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    """Also when the newer claim is this process's own."""

    def taken_over(uow: UnitOfWork) -> None:
        recover(uow, everything=True)
        claim_due(uow, cast.ana_box.id, room.owner, 900, 10)

    sent_with_a_change(work, cast, room, taken_over)
    assert states(work) == ["claimed"] * 3 and not sink.caught


def test_one_person_paused_does_not_hold_the_others(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    sent_with_a_change(work, cast, room, singly.person_paused)
    assert states(work) == ["sent", "pending", "sent"]


@pytest.mark.parametrize(
    ("change", "reason"), [(singly.deactivated, "sender_gone"), (singly.disconnected, "mailbox")]
)
def test_nothing_leaves_from_a_mailbox_or_user_that_was_stopped(
    change: singly.Change, reason: str, work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    row = sent_with_a_change(work, cast, room, change)
    assert states(work) == ["pending"] * 3 and row.reason == reason and not sink.caught


def test_one_whose_enrollment_ended_after_the_claim_is_cancelled(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    def ends(uow: UnitOfWork) -> None:
        nils = uow.session.scalars(sa.select(Person).where(Person.email == THREE[1])).one()
        end_for_person(uow, nils.id, "asked to")

    row = sent_with_a_change(work, cast, room, ends)
    assert row.words == "campaign has ended: asked to"
    assert states(work) == ["sent", "cancelled", "sent"] and len(sink.caught) == 2


def without_address(uow: UnitOfWork) -> None:
    uow.session.execute(sa.update(Person).where(Person.email == THREE[1]).values(address_id=None, email=""))


def test_one_who_has_no_address_any_more_is_cancelled(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    row = sent_with_a_change(work, cast, room, without_address)
    assert (row.state, row.reason) == ("cancelled", "no_address")
    assert states(work) == ["sent", "cancelled", "sent"]


def test_each_mail_has_its_attempt_and_the_batch_one_line_of_activity_from_which_the_steps_go_on(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    ids = due_mails(work, cast, *THREE, later_steps=1)
    send(room)
    assert states(work) == ["sent"] * 3
    assert [(one.message_id, one.number, one.outcome, one.code) for one in attempts(work)] == [
        (id, 1, "accept", 250) for id in sorted(ids, key=[one.message_id for one in attempts(work)].index)
    ]
    with work() as uow:
        told = uow.session.scalars(sa.select(Activity).where(Activity.kind.like("message%sent"))).all()
        assert [(one.kind, sorted(one.data["messages"])) for one in told] == [("messages.sent", ids)]
    run_until_quiet(room)
    assert states(work) == ["sent"] * 3 + ["pending"] * 3, "the next step of each is scheduled"


def test_a_refusal_is_the_refused_ones_own(work: Work, cast: Cast, room: PostRoom, sink: Sink) -> None:
    sink.obey(lambda position, said: "550 5.1.1 nobody" if position == "RCPT" and "nils" in said else None)
    ids = due_mails(work, cast, *THREE)
    send(room)
    assert states(work) == ["sent", "failed", "sent"]
    assert message(work, ids[1]).reason == "unknown_recipient"
    with work() as uow:
        quarantined = sa.select(Address.email).where(Address.quarantined_at.is_not(None))
        assert uow.session.scalars(quarantined).all() == ["nils@example.net"]


def test_a_mail_that_cannot_be_made_does_not_hold_up_the_others(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    ids = due_mails(work, cast, *THREE)
    with work() as uow:
        uow.session.get_one(User, cast.ben.id).zone = "Nowhere/Land"
        uow.session.get_one(Message, ids[1]).sender_id = cast.ben.id
    send(room)
    assert states(work) == ["sent", "cancelled", "sent"]
    assert message(work, ids[1]).reason == "cannot_be_made"


def renamed_later(uow: UnitOfWork) -> None:
    """Whatever the mail was made of changes after it left."""
    uow.session.execute(sa.update(Person).values(first_name="Somebody", email="else@example.com"))
    uow.session.execute(sa.update(User).values(first_name="Other", zone="America/New_York"))
    uow.session.execute(sa.update(Mailbox).values(signature_html="<p>new</p>", address=Mailbox.id))


def test_the_exact_mail_that_left_is_made_again_from_what_is_kept_of_it(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    """The rule: the exact mail that left can be shown for every accepted message."""
    with work() as uow:
        uow.session.execute(sa.update(Mailbox).values(signature_html="<p>Å {{ my_name }}</p>"))
    due_mails(work, cast, *THREE)
    send(room)
    with work() as uow:
        renamed_later(uow)
    with work() as uow:
        rows = uow.session.scalars(sa.select(Message).options(sa.orm.undefer(Message.mime))).all()
        assert [row.mime for row in rows] == [None] * 3
        made = {exact_mail(uow.session, row) for row in rows}
    assert made == {mail.raw for mail in sink.caught}


MANY: tuple[tuple[str, dict[str, Any]], ...] = (
    ("maria@example.com", {}),
    ("nils@example.net", {"first_name": "", "company": ""}),
    ("Olga.Long-Name@Sub.Example.org", {"first_name": "Ó" * 30, "company": "=Fjord= & <Söner>"}),
    ("o'lga+x/y@example.com", {"first_name": 'O"lga', "last_name": "x" * 90, "company": "C" * 99}),
    ("pia@bücher.example", {"first_name": " Pia\t", "last_name": "", "company": "two  spaces"}),
    ("jörg@example.com", {"first_name": "日本", "company": "日本語の会社", "untracked": True}),
)
WORDS = (
    "<p>Hello {{ full_name }} of {{ company | default: 'your company' }},</p>",
    "<p>{% if company %}{{ company }}{% else %}You{% endif %} &amp; <a href='https://a.example/b'>we</a></p>"
    * 9,
    "<p>{{ my_name }}, {{ first_name | default: '' | upcase }}</p>",
)


@pytest.mark.parametrize("html", WORDS)
def test_whoever_it_goes_to_the_mail_is_the_one_that_its_recipe_makes_again(
    html: str, work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    """What is filled into a letter that was cast is what the general path writes: headers, words and marks."""
    with work() as uow:
        uow.session.execute(sa.update(Mailbox).values(signature_html="<p>Å {{ my_name }}</p>"))
        people = [a_person(uow, cast.ana, email, **given) for email, given in MANY]
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, "{{ company | default: 'You' }}: ways", html)])
        launch(uow, cast.ana, Order(campaign.id, [person.id for person in people]))
        expected = {one.email.lower(): values_of(one, cast.ana, cast.ana_box) for one in people}
    send(replace(room, outward=Outward("https://go.example", "a key")))
    with work() as uow:
        rows = uow.session.scalars(sa.select(Message).options(sa.orm.undefer(Message.recipe))).all()
        assert [row.state for row in rows] == ["sent"] * len(MANY)
        assert {exact_mail(uow.session, row) for row in rows} == {mail.raw for mail in sink.caught}
        kept = {row.email: row.recipe["values"] for row in rows if row.recipe}
    assert all(expected[email].items() >= values.items() for email, values in kept.items())


def test_the_columns_of_a_due_mail_are_read_in_the_order_of_their_names() -> None:
    assert tuple(free_rows._DUE.selected_columns.keys()) == DueMail._fields


def test_what_left_in_the_first_form_is_made_again_in_it(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    """The rule: the exact mail that left can be shown for every accepted message, however long ago."""
    due_mails(work, cast, THREE[0])
    send(room)
    with work() as uow:
        row = uow.session.scalars(sa.select(Message).options(sa.orm.undefer(Message.recipe))).one()
        assert row.recipe is not None and row.message_id is not None
        recipe = {key: value for key, value in row.recipe.items() if key != "form"}
        content = Content("Hello", "<p>" + "word " * 20 + "</p><p>and more</p>")
        row.wording_id, row.recipe = wording_for(uow.session, content).id, recipe
        left = build(letter_of(recipe, content, row.message_id), 1)
        assert left != build(letter_of(recipe, content, row.message_id))
        row.mime_hash = hash_of(left)
        assert exact_mail(uow.session, row) == left


def test_it_says_so_when_what_would_be_shown_is_not_what_left(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    [first] = due_mails(work, cast, THREE[0])
    send(room)
    with work() as uow:
        uow.session.execute(sa.update(Message).values(mime_hash=b"?" * 32))
        with pytest.raises(Invalid, match="no longer makes"):
            exact_mail(uow.session, uow.session.get_one(Message, first))


def test_what_a_rep_edited_is_kept_whole(work: Work, cast: Cast, room: PostRoom, sink: Sink) -> None:
    [first] = due_mails(work, cast, THREE[0])
    with work() as uow:
        uow.session.get_one(Message, first).edited_html = "<p>My own words</p>"
    send(room)
    with work() as uow:
        assert exact_mail(uow.session, uow.session.get_one(Message, first)) == sink.caught[0].raw
        assert uow.session.scalars(sa.select(Message.mime)).one() == sink.caught[0].raw


@pytest.mark.parametrize(
    ("mails", "megabytes", "seconds", "batches", "next_time"),
    [
        (100, 0, 0.1, 1, 1_000),
        (100, 1, 0.0, 1, 1_000),
        (100, 1, 4.0, 1, 25),
        (1, 1, 5.0, 1, 1),
        (100, 192, 0.1, 1, 50),
        (100, 1, 0.1, 2, 500),
        (100, 1, 0.01, 2, 1_000),
        (100, 1, 4.0, 2, 12),
        (1, 1, 5.0, 2, 1),
        (100, 192, 0.1, 2, 25),
    ],
)
def test_at_most_what_takes_a_second_and_fits_into_memory_is_gated_at_once(
    mails: int, megabytes: int, seconds: float, batches: int, next_time: int
) -> None:
    """All batches that are let through at a time are taken together."""
    assert next_size(mails, megabytes * 1024 * 1024, seconds, batches) == next_time


def test_more_mails_take_no_more_queries(work: Work, cast: Cast, room: PostRoom, sink: Sink) -> None:
    due_mails(work, cast, *(f"p{number}@example.com" for number in range(14)))
    assert _statements(cast, room, 2) == _statements(cast, room, 12)
    assert states(work) == ["sent"] * 14


def _statements(cast: Cast, room: PostRoom, mails: int) -> int:
    with room.sessions() as session:
        engine = session.get_bind()
    seen: list[object] = []

    def note(*_: object) -> None:
        seen.append(None)

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        assert dispatch(room, cast.ana_box.id, mails) == mails
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
    return len(seen)


def pausing(uow: UnitOfWork) -> sa.Update:
    return sa.update(Hold).where(Hold.kind == "campaign").values(stopped=True)


def opting_out(uow: UnitOfWork) -> sa.Update:
    return sa.update(Address).where(Address.email == THREE[1]).values(opted_out_at=uow.now)


def naming(uow: UnitOfWork) -> sa.Update:
    return sa.update(User).values(first_name="Somebody")


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
@pytest.mark.parametrize(("writes", "gated"), [(pausing, 0), (opting_out, 2), (naming, 0)])
def test_what_somebody_is_writing_at_this_moment_is_left_and_nobody_waits(
    writes: Callable[[UnitOfWork], sa.Update], gated: int, work: Work, cast: Cast, room: PostRoom
) -> None:
    due_mails(work, cast, *THREE)
    lane = Lane(cast.ana_box.id, room.owner, room.lease_seconds)
    with work() as other, work() as uow:
        other.session.execute(writes(other))
        uow.session.execute(sa.text("SET LOCAL lock_timeout = '1s'"))
        assert len(take(uow, lane, 10).gated) == gated


def test_what_is_set_going_twice_at_once_is_taken_once(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    """While the first of two batches is handed over, another process looks for due mail of the same lane."""
    due_mails(work, cast, *THREE)
    other = replace(room, owner="another")
    send(with_meanwhile(room, before=once(lambda: dispatch(other, cast.ana_box.id))))
    assert states(work) == ["sent"] * 3 and len(sink.caught) == 3
