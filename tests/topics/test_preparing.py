"""Preparation: the target, first cause wins, the exclusion log, the journal; nothing is sent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox, MailboxState
from sales_campaigns.content.rendering import Content
from sales_campaigns.deliveries.confirming import confirm
from sales_campaigns.deliveries.editing import change
from sales_campaigns.deliveries.inputs import Audience, Schedule, Settings
from sales_campaigns.deliveries.preparing import prepare, prepare_chunk, stop_preparing
from sales_campaigns.deliveries.typology.models import RuleKind, TypologyRule
from sales_campaigns.deliveries.waves import equal_waves
from sales_campaigns.errors import IllegalMove
from sales_campaigns.messages.models import Message
from sales_campaigns.people.models import BlockedDomain, Group, GroupMember, Person
from sales_campaigns.unit_of_work import UnitOfWork
from tests.builders import a_delivery, a_wish
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.deliveries import (
    delivery,
    excluded,
    figures,
    finish_preparing,
    preparation,
    prepared,
    put_off,
    recipients,
    said,
)

LOGIC = Content("Hello", "<p>{% if title %}Dear {{ title }} {{ last_name }}{% else %}Hello{% endif %}</p>")


def several_people(uow: UnitOfWork, cast: Cast) -> None:
    """One who gets it, and one for each of five causes."""
    a_person(uow, cast.ana, "fine@example.com")
    a_person(uow, cast.ana, "", first_name="Addressless")
    for name, column in (("opted", "opted_out_at"), ("bounced", "quarantined_at"), ("spam", "complained_at")):
        person = a_person(uow, cast.ana, f"{name}@example.com")
        setattr(person.address, column, uow.now)
    a_person(uow, cast.ana, "sales@rival.example")
    a_person(uow, cast.ana, "nameless@example.com", first_name="  ")
    uow.session.add(BlockedDomain(domain="rival.example"))


EVERY_CAUSE = {
    "Addressless": "no_address",
    "opted@example.com": "opted_out",
    "bounced@example.com": "quarantined",
    "spam@example.com": "complained",
    "sales@rival.example": "blocked_domain",
    "nameless@example.com": "field_missing",
}


@pytest.mark.parametrize("chunk", [1, 2, 50_000])
def test_targeted_is_to_deliver_and_excluded_always(work: Work, cast: Cast, chunk: int) -> None:
    """Each exclusion is a row with its cause; the size of a chunk changes nothing."""
    with work() as uow:
        several_people(uow, cast)
    number = prepared(work, cast.cleo, chunk=chunk)
    assert excluded(work, number) == EVERY_CAUSE
    found = preparation(work, number)
    assert (found.targeted, found.to_deliver, found.excluded) == (7, 1, 6)
    seen = figures(work, number)
    assert (seen.targeted, seen.to_deliver, seen.excluded) == (7, 1, 6)
    assert delivery(work, number).state == "ready"


def test_it_sends_nothing(work: Work, cast: Cast) -> None:
    with work() as uow:
        several_people(uow, cast)
    prepared(work, cast.cleo)
    with work() as uow:
        assert uow.session.scalar(sa.select(sa.func.count(Message.id))) == 0


def test_the_first_cause_wins_and_is_the_one_logged(work: Work, cast: Cast) -> None:
    """Order: address filters, user filtering rules, duplicates, pressure, missing fields."""
    with work() as uow:
        both = a_person(uow, cast.ana, "both@example.com", first_name="", company="Rival")
        assert both.address is not None
        both.address.opted_out_at = uow.now
        a_person(uow, cast.ana, "rival@example.com", first_name="", company="Rival")
        a_person(uow, cast.ana)
        uow.session.add(a_rule(cast, uow, RuleKind.FILTERING, words="rival"))
    number = prepared(work, cast.cleo)
    assert excluded(work, number) == {"both@example.com": "opted_out", "rival@example.com": "rule_1"}


def test_a_rule_can_be_switched_off_and_limited_to_some_deliveries(work: Work, cast: Cast) -> None:
    with work() as uow:
        a_person(uow, cast.ana, company="Rival")
        rule = a_rule(cast, uow, RuleKind.FILTERING, words="rival")
        rule.only_named = "newsletter"
        uow.session.add(rule)
    assert excluded(work, prepared(work, cast.cleo)) == {}
    with work() as uow:
        a_person(uow, cast.ana, "noah@example.com", company="Other")
    assert len(excluded(work, prepared(work, cast.cleo, name="Our Newsletter"))) == 1
    with work() as uow:
        uow.session.execute(sa.update(TypologyRule).values(active=False))
    assert excluded(work, prepared(work, cast.cleo, name="Our Newsletter")) == {}


@pytest.mark.parametrize("chunk", [1, 50_000])
def test_a_duplicate_is_ranked_among_rows_without_a_cause_lowest_person_first(
    work: Work, cast: Cast, chunk: int
) -> None:
    """An administrator's group may hold people of two teams with one address."""
    with work() as uow:
        gone = a_person(uow, cast.ana)
        twin = Person(
            **{
                column: getattr(gone, column)
                for column in ("email", "address_id", "first_name", "created_at")
            },
            team_id=cast.dirk.team_id,
            owner_id=cast.dirk.id,
            changed_at=uow.now,
        )
        alone = a_person(uow, cast.dirk, "alone@example.com")
        uow.session.add(twin)
        uow.session.flush()
        group = a_group(uow, cast, [gone, twin, alone])
    assert list(excluded_people(work, prepared(work, cast.cleo, chunk=chunk, audience=group))) == [
        (twin.id, "duplicate")
    ]
    with work() as uow:
        uow.session.get_one(Person, gone.id).deleted_at = uow.now
    assert excluded_people(work, prepared(work, cast.cleo, chunk=chunk, audience=group)) == [
        (gone.id, "deleted")
    ]


def test_a_template_with_logic_is_rendered_for_everybody(work: Work, cast: Cast) -> None:
    """Static analysis over-reports inside `if`: who has no title needs no last name."""
    with work() as uow:
        a_person(uow, cast.ana, "untitled@example.com", last_name="")
        a_person(uow, cast.ana, "titled@example.com", title="Dr", last_name="")
        a_person(uow, cast.ana, "whole@example.com", title="Dr")
    number = prepared(work, cast.cleo, content=LOGIC)
    assert excluded(work, number) == {"titled@example.com": "field_missing"}


def test_stopping_has_no_effect_and_it_can_be_prepared_again(work: Work, cast: Cast) -> None:
    with work() as uow:
        several_people(uow, cast)
        number = a_delivery(uow, cast.cleo).id
        prepare(uow, cast.cleo, number)
    for _ in range(3):
        with work() as uow:
            prepare_chunk(uow, number, chunk=1)
    with work() as uow:
        stop_preparing(uow, cast.cleo, number)
    with work() as uow:
        assert not prepare_chunk(uow, number)
    assert delivery(work, number).state == "editing"
    with work() as uow:
        prepare(uow, cast.cleo, number)
    finish_preparing(work, number)
    assert preparation(work, number).targeted == 7
    assert excluded(work, number) == EVERY_CAUSE


def test_it_goes_on_after_a_restart_where_it_was(work: Work, cast: Cast) -> None:
    """A chunk that was cut short is done again as a whole: its transaction never stood."""
    with work() as uow:
        several_people(uow, cast)
        number = a_delivery(uow, cast.cleo).id
        prepare(uow, cast.cleo, number)
    for step in range(4):
        with work() as uow:
            prepare_chunk(uow, number, chunk=1)
        with pytest.raises(RuntimeError), work() as uow:
            prepare_chunk(uow, number, chunk=1)
            raise RuntimeError(f"killed in chunk {step}")
    finish_preparing(work, number, chunk=1)
    assert figures(work, number).targeted == preparation(work, number).targeted == 7
    assert excluded(work, number) == EVERY_CAUSE


def test_a_change_after_preparation_returns_it_to_editing(work: Work, cast: Cast) -> None:
    """Any change of content, audience, sender, schedule or settings; nobody confirms what was not counted."""
    with work() as uow:
        a_person(uow, cast.ana)
    number = prepared(work, cast.cleo)
    with work() as uow:
        change(uow, cast.cleo, number, a_wish(uow, cast.cleo, settings=Settings(validity_hours=24)))
    assert delivery(work, number).state == "editing"
    with work() as uow, pytest.raises(IllegalMove, match="not prepared"):
        confirm(uow, cast.cleo, number, reachable=True)


def test_a_stale_preparation_is_refused_by_its_hash(work: Work, cast: Cast) -> None:
    """Whatever way the inputs changed: here behind the product's back."""
    from sales_campaigns.deliveries.models import DeliverySetup

    with work() as uow:
        a_person(uow, cast.ana)
    number = prepared(work, cast.cleo)
    with work() as uow:
        setup = uow.session.get_one(DeliverySetup, number)
        setup.audience = {**setup.audience, "words": "all of Sweden"}
    with work() as uow, pytest.raises(IllegalMove, match="changed after it was prepared"):
        confirm(uow, cast.cleo, number, reachable=True)


ERRORS: dict[str, dict[str, Any]] = {
    "nobody is in this audience": {"audience": Audience(words="nobody of this name")},
    "Everybody is excluded": {"content": Content("Hello", "<p>{{ hobby }}</p>")},
    "Write a subject": {"content": Content("Hello", "<p>Hello</p>")},
    "not connected": {},
    "validity of 24 h is over": {
        "settings": Settings(validity_hours=24, waves=equal_waves(50, timedelta(hours=23))),
        "schedule": Schedule("2026-12-01T09:00", "Europe/Stockholm", theirs=True),
    },
}


@pytest.mark.parametrize("words", ERRORS)
def test_an_error_means_that_the_preparation_failed(work: Work, cast: Cast, words: str) -> None:
    """The last line counts the errors and names the first; nothing can be confirmed."""
    with work() as uow:
        a_person(uow, cast.ana, zone="America/New_York")
        a_person(uow, cast.ana, "noah@example.com", zone="America/Los_Angeles")
        number = a_delivery(uow, cast.cleo, **ERRORS[words]).id
        prepare(uow, cast.cleo, number)
        if words == "not connected":
            uow.session.execute(sa.update(Mailbox).values(state=MailboxState.NEEDS_RECONNECT))
        if words == "Write a subject":
            spoil_the_subject(uow, number)
    finish_preparing(work, number)
    last = said(work, number)[-1]
    assert last.startswith("error: Prepared with 1 error. The first: ") and words in last
    assert delivery(work, number).state == "preparation_failed"
    with work() as uow, pytest.raises(IllegalMove, match="found an error"):
        confirm(uow, cast.cleo, number, reachable=True)


def test_it_warns_when_fewer_than_half_remain(work: Work, cast: Cast) -> None:
    with work() as uow:
        several_people(uow, cast)
    number = prepared(
        work, cast.cleo, content=Content("Hi", '<p><a href="http:/odd">x</a> {{ first_name }}</p>')
    )
    lines = said(work, number)
    assert "warning: Fewer than half remain: 1 of 7 targeted people get the mail." in lines
    assert any("This link looks odd" in line for line in lines)
    assert lines[-1] == "info: Prepared with 0 errors." and preparation(work, number).warnings == 2


def test_waves_of_30_percent_are_30_30_30_10(work: Work, cast: Cast) -> None:
    with work() as uow:
        for place in range(20):
            a_person(uow, cast.ana, f"p{place}@example.com")
    settings = Settings(waves=equal_waves(30, timedelta(hours=2)))
    number = prepared(work, cast.cleo, settings=settings)
    afters = [put_off(one) // 3600 for one in recipients(work, number)]
    assert [afters.count(hour) for hour in (0, 2, 4, 6)] == [6, 6, 6, 2]


def test_recipients_zones_put_it_off_or_bring_it_forward(work: Work, cast: Cast) -> None:
    with work() as uow:
        for name, zone in (("a", "America/New_York"), ("b", "Asia/Tokyo"), ("c", ""), ("d", "Europe/Oslo")):
            a_person(uow, cast.ana, f"{name}@example.com", zone=zone)
    number = prepared(work, cast.cleo, schedule=Schedule("2026-12-02T09:00", "Europe/Stockholm", theirs=True))
    assert [put_off(one) // 3600 for one in recipients(work, number)] == [6, -8, 0, 0]


def test_capacity_moves_to_the_next_slot_and_excludes_only_when_the_rule_says_so(
    work: Work, cast: Cast
) -> None:
    with work() as uow:
        for place in range(5):
            a_person(uow, cast.ana, f"p{place}@example.com")
        uow.session.add(a_rule(cast, uow, RuleKind.CAPACITY, messages=2, hours=1))
    moved = prepared(work, cast.cleo)
    assert [one.after for one in recipients(work, moved)] == [0, 0, 3600, 3600, 7200]
    with work() as uow:
        rule = uow.session.scalars(sa.select(TypologyRule)).one()
        rule.details = {**rule.details, "excludes": True}
    strict = prepared(work, cast.cleo, chunk=1)
    assert len(recipients(work, strict)) == 2
    assert set(excluded(work, strict).values()) == {"rule_1"}


@pytest.mark.parametrize(
    ("contacts", "left_out"),
    [
        ((-1, -2), True),
        ((-1, 2), True),  # one before, one after: three in a week
        ((2, 3), True),
        ((-1,), False),
        ((-7, -1), False),  # a week ago is outside of every window that holds both
        ((-6, 6), False),  # never three within one window
        ((-8, -9, -10), False),
    ],
)
def test_pressure_counts_what_was_sent_and_what_is_scheduled_in_any_rolling_window(
    work: Work, cast: Cast, contacts: tuple[int, ...], left_out: bool
) -> None:
    """Two a week are allowed, counted by address: it is a mail to somebody else who has the same one."""
    with work() as uow:
        maria = a_person(uow, cast.ana)
        earlier = a_delivery(uow, cast.cleo)
        for place, days in enumerate(contacts):
            uow.session.add(a_contact(uow, cast, maria, earlier.id, place, days))
        uow.session.add(a_rule(cast, uow, RuleKind.PRESSURE, messages=2, days=7))
    assert bool(excluded(work, prepared(work, cast.cleo))) is left_out


def test_pressure_counts_recipients_of_a_confirmed_delivery(work: Work, cast: Cast) -> None:
    with work() as uow:
        a_person(uow, cast.ana)
        uow.session.add(a_rule(cast, uow, RuleKind.PRESSURE, messages=1, days=7))
    soon = Schedule("2026-12-02T09:00", "UTC")
    first = prepared(work, cast.cleo, schedule=soon)
    assert excluded(work, prepared(work, cast.cleo)) == {}
    with work() as uow:
        confirm(uow, cast.cleo, first, reachable=True)
    assert excluded(work, prepared(work, cast.cleo)) == {"maria@example.com": "rule_1"}
    words = [line for line in said(work, delivery_ids(work)[-1]) if line.startswith("info: 1 excluded:")]
    assert words == ["info: 1 excluded: “Our pressure”: over 1 mails to this address in 7 days."]


def delivery_ids(work: Work) -> list[int]:
    from sales_campaigns.deliveries.models import Delivery

    with work() as uow:
        return list(uow.session.scalars(sa.select(Delivery.id).order_by(Delivery.id)))


def a_contact(
    uow: UnitOfWork, cast: Cast, person: Person, delivery_id: int, place: int, days: int
) -> Message:
    """A mail sent so many days ago, or scheduled in so many."""
    at = uow.now + timedelta(days=days)
    return Message(
        team_id=person.team_id,
        delivery_id=delivery_id,
        occasion=place,
        email=person.email,
        person_id=person.id,
        sender_id=cast.ana.id,
        mailbox_id=cast.ana_box.id,
        due_at=at,
        act_at=at,
        valid_until=at,
        created_at=at,
        state="sent" if days < 0 else "pending",
        sent_at=at if days < 0 else None,
    )


def a_rule(cast: Cast, uow: UnitOfWork, kind: RuleKind, **details: object) -> TypologyRule:
    return TypologyRule(
        team_id=cast.cleo.team_id, kind=kind, name=f"Our {kind}", details=details, changed_at=uow.now
    )


def a_group(uow: UnitOfWork, cast: Cast, people: list[Person]) -> Audience:
    group = Group(
        team_id=cast.cleo.team_id, owner_id=cast.cleo.id, name="Both teams", shared=True, created_at=uow.now
    )
    uow.session.add(group)
    uow.session.flush()
    uow.session.add_all(GroupMember(group_id=group.id, person_id=person.id) for person in people)
    return Audience(groups=(group.id,))


def excluded_people(work: Work, delivery_id: int) -> list[tuple[int, str]]:
    from sales_campaigns.deliveries.models import Exclusion

    with work() as uow:
        rows = uow.session.execute(
            sa.select(Exclusion.person_id, Exclusion.cause).where(Exclusion.delivery_id == delivery_id)
        )
        return [(person, cause) for person, cause in rows]


def spoil_the_subject(uow: UnitOfWork, delivery_id: int) -> None:
    from sales_campaigns.content.wordings import wording_of
    from sales_campaigns.deliveries.models import DeliverySetup

    uow.session.get_one(DeliverySetup, delivery_id).wording_id = wording_of(uow.session, "", "<p>Hi</p>").id
