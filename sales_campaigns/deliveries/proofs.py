"""Send a test to me: the mail as one person would get it, to its own sender, outside all figures."""

from __future__ import annotations

import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.accounts.roles import sees_every_team
from sales_campaigns.content.rendering import Content, check, render
from sales_campaigns.content.wordings import wording_of
from sales_campaigns.deliveries.models import Delivery, DeliveryKind
from sales_campaigns.errors import Invalid, NotFound
from sales_campaigns.messages.holds import make_holds
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.queueing import queue
from sales_campaigns.messages.writing import values_of
from sales_campaigns.people.models import Person
from sales_campaigns.unit_of_work import UnitOfWork

NAME = "Test mails"


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
    render(content, values_of(person, actor, mailbox))
    delivery = _delivery(uow, actor)
    wording = wording_of(uow.session, content.subject, content.html, content.text)
    [id] = queue(
        uow,
        [
            {
                "team_id": actor.team_id,
                "delivery_id": delivery.id,
                "occasion": _next_occasion(uow, delivery),
                "email": actor.email,
                "person_id": person.id,
                "sender_id": actor.id,
                "mailbox_id": mailbox.id,
                "wording_id": wording.id,
                "zone": actor.zone,
                "due_at": uow.now,
                "proof": True,
            }
        ],
    )
    return uow.session.get_one(Message, id)


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
