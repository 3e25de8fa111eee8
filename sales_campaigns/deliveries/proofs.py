"""Proofs: a mail as one person would get it, to its own sender or to other addresses, outside all figures."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.accounts.roles import require, sees_every_team
from sales_campaigns.addresses import check_address
from sales_campaigns.content.rendering import Content, check, render
from sales_campaigns.content.wordings import wording_for
from sales_campaigns.deliveries.audience import targeted
from sales_campaigns.deliveries.journal import note
from sales_campaigns.deliveries.listing import about, delivery_of
from sales_campaigns.deliveries.models import Delivery, DeliveryKind
from sales_campaigns.deliveries.policies import task_of
from sales_campaigns.errors import Invalid, NotFound
from sales_campaigns.messages.holds import make_holds
from sales_campaigns.messages.letters.writing import values_of
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.queueing import queue
from sales_campaigns.people.models import Person
from sales_campaigns.unit_of_work import UnitOfWork

NAME = "Test mails"
MOST = 100


def send_test(uow: UnitOfWork, actor: User, content: Content, person_id: int | None) -> Message:
    """Queue a test of `content` as rendered for this person, else for the actor's first one.

    Raises Invalid with what cannot be rendered, so that a test never fails unseen; NotFound for a person of
    another team.
    """
    mailbox = uow.session.scalars(
        sa.select(Mailbox).where(Mailbox.user_id == actor.id).order_by(Mailbox.id)
    ).first()
    if mailbox is None:
        raise Invalid({"mailbox": "Connect a mailbox first: the test leaves from your own address."})
    person = _person(uow, actor, person_id)
    check(content, automatic=True)
    [id] = _queue_proofs(uow, actor, content, mailbox, person, [actor.email])
    return uow.session.get_one(Message, id)


def send_proofs(uow: UnitOfWork, actor: User, delivery_id: int, written: str) -> int:
    """The mail of a delivery to these addresses, as its first person would get it; how many.

    The rule: to substituted addresses, at most 100, outside all figures. Raises Invalid({"addresses": …}).
    """
    delivery = delivery_of(uow.session, actor, delivery_id)
    require(actor, "prepare_deliveries")
    addresses, task = _addresses(written), task_of(uow.session, delivery, uow.now)
    if task.problems or task.mailbox is None:
        raise Invalid({"addresses": " ".join(task.problems.values())})
    person = uow.session.scalars(
        sa.select(Person)
        .where(*targeted(task.audience, task.owner), Person.deleted_at.is_(None))
        .order_by(Person.address_id.is_(None), Person.id)
        .limit(1)
    ).first()
    if person is None:
        raise Invalid({"addresses": "Nobody is in this audience: a proof is rendered for somebody."})
    _queue_proofs(uow, actor, task.content, task.mailbox, person, addresses)
    uow.record("delivery.proofs_sent", **about(delivery, actor))
    note(uow, delivery.id, f"{actor.name} sent proofs to {len(addresses)}.")
    return len(addresses)


def _queue_proofs(
    uow: UnitOfWork, actor: User, content: Content, mailbox: Mailbox, person: Person, addresses: Sequence[str]
) -> list[int]:
    """Numbered by their occasion. Raises Invalid with what cannot be rendered, so that none fails unseen."""
    render(content, values_of(person, mailbox.user, mailbox))
    delivery = _delivery(uow, actor)
    wording = wording_for(uow.session, content)
    shared = {
        "team_id": actor.team_id,
        "delivery_id": delivery.id,
        "occasion": _next_occasion(uow, delivery),
        "person_id": person.id,
        "sender_id": mailbox.user_id,
        "mailbox_id": mailbox.id,
        "wording_id": wording.id,
        "zone": actor.zone,
        "due_at": uow.now,
        "proof": True,
    }
    return queue(uow, [{**shared, "email": address} for address in addresses])


def _addresses(written: str) -> list[str]:
    """Separated by commas, spaces or lines; each once."""
    found = dict.fromkeys(written.replace(",", " ").replace(";", " ").split())
    if not found:
        raise Invalid({"addresses": "Write at least one address."})
    if len(found) > MOST:
        raise Invalid({"addresses": f"A proof goes to at most {MOST} addresses; these are {len(found):,}."})
    try:
        return [check_address(one).wire for one in found]
    except Invalid as refusal:
        raise Invalid({"addresses": " ".join(refusal.problems.values())}) from None


def _person(uow: UnitOfWork, actor: User, person_id: int | None) -> Person:
    query = (
        sa.select(Person).where(Person.deleted_at.is_(None)).order_by(Person.owner_id != actor.id, Person.id)
    )
    if not sees_every_team(actor):
        query = query.where(Person.team_id == actor.team_id)
    if person_id is not None:
        query = query.where(Person.id == person_id)
    person = uow.session.scalars(query.limit(1)).first()
    if person is None and person_id is not None:
        raise NotFound("This person is not there, or belongs to another team.")
    if person is None:
        raise Invalid({"as": "Add a person first: a test is rendered for somebody."})
    return person


def _delivery(uow: UnitOfWork, actor: User) -> Delivery:
    """One a user, locked, so that two tests at once do not get the same occasion."""
    known = uow.session.scalar(
        sa.select(Delivery)
        .where(Delivery.owner_id == actor.id, Delivery.kind == DeliveryKind.PERSONAL, Delivery.name == NAME)
        .with_for_update()
    )
    if known is not None:
        return known
    delivery = Delivery(
        team_id=actor.team_id,
        owner_id=actor.id,
        kind=DeliveryKind.PERSONAL,
        name=NAME,
        created_at=uow.now,
    )
    uow.session.add(delivery)
    uow.session.flush()
    make_holds(uow.session, "delivery", [delivery.id])
    return delivery


def _next_occasion(uow: UnitOfWork, delivery: Delivery) -> int:
    newest = uow.session.scalar(
        sa.select(sa.func.max(Message.occasion)).where(Message.delivery_id == delivery.id)
    )
    return (newest or 0) + 1
