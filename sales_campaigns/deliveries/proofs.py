"""Proofs: a mail as one person would get it, to its own sender or to other addresses, outside all figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.accounts.roles import require, sees_every_team
from sales_campaigns.addresses import check_address
from sales_campaigns.content.rendering import Content, check, render
from sales_campaigns.content.wordings import wording_for
from sales_campaigns.deliveries.audience import targeted
from sales_campaigns.deliveries.journal import note
from sales_campaigns.deliveries.listing import about, delivery_of
from sales_campaigns.deliveries.models import Delivery, DeliveryKind
from sales_campaigns.deliveries.policies import Task, task_of
from sales_campaigns.deliveries.proofing.profiles import profiles_of
from sales_campaigns.errors import Invalid, NotFound
from sales_campaigns.messages.holds import make_holds
from sales_campaigns.messages.letters.writing import values_of
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.queueing import queue
from sales_campaigns.people.models import Address, Person
from sales_campaigns.people.suppression import not_to_be_mailed
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
    person = person_for_test(uow, actor, person_id)
    check(content, automatic=True)
    [id] = _queue_proofs(uow, actor, content, mailbox, {actor.email: person})
    return uow.session.get_one(Message, id)


def send_proofs(
    uow: UnitOfWork,
    actor: User,
    delivery_id: int,
    written: str,
    *,
    profiles: Sequence[int] = (),
    person_id: int | None = None,
    variants: Sequence[str] = (),
) -> int:
    """The mail of a delivery to these addresses and to test profiles of the team; how many.

    The rule: “to test profiles or with substituted addresses, numbered, subject prefix, at most 100, outside all
    figures”. It is rendered for this person of the audience, else for the first one; for a profile that stands in
    for somebody, for them. Each of the `variants`, or of all there are, is a proof with a number of its own.
    Raises Invalid({"addresses": …}), NotFound for a variant that it has not.
    """
    delivery = delivery_of(uow.session, actor, delivery_id, lock=True)
    require(actor, "prepare_deliveries")
    task = task_of(uow.session, delivery, uow.now)
    if task.problems or task.mailbox is None:
        raise Invalid({"addresses": " ".join(task.problems.values())})
    person = _shown_as(uow.session, task, person_id)
    wanted = dict.fromkeys(_addresses(written, needed=not profiles), person)
    wanted |= _stand_ins(uow.session, actor, profiles, person)
    _refuse(uow.session, wanted)
    letters = _letters(task, variants)
    for letter in letters:
        number = _next_proof(uow.session, delivery.id)
        about_it = {"proof_of": delivery.id, "proof_number": number, "variant": letter if task.test else ""}
        _queue_proofs(uow, actor, task.contents[letter], task.mailbox, wanted, about_it)
        what = f"proof {number}, variant {letter}," if task.test else f"proof {number}"
        note(uow, delivery.id, f"{actor.name} sent {what} to {len(wanted)}.")
    uow.record("delivery.proofs_sent", **about(delivery, actor))
    return len(wanted)


def _letters(task: Task, variants: Sequence[str]) -> list[str]:
    """Those that are wanted, once each; every one where none is named."""
    wanted = list(dict.fromkeys(variants)) or list(task.contents)
    if unknown := set(wanted) - task.contents.keys():
        raise NotFound(f"This delivery has no variant {min(unknown)[:1]}.")
    return wanted


def _shown_as(session: Session, task: Task, person_id: int | None) -> Person:
    query = sa.select(Person).where(
        *targeted(session, task.audience, task.owner), Person.deleted_at.is_(None)
    )
    if person_id is not None:
        query = query.where(Person.id == person_id)
    person = session.scalars(query.order_by(Person.address_id.is_(None), Person.id).limit(1)).first()
    if person is None and person_id is not None:
        raise NotFound("This person is not in the audience of this delivery.")
    if person is None:
        raise Invalid({"addresses": "Nobody is in this audience: a proof is rendered for somebody."})
    return person


def _stand_ins(
    session: Session, actor: User, profiles: Sequence[int], otherwise: Person
) -> dict[str, Person]:
    """Address → the person whose fields are used. Raises NotFound for a profile of another team."""
    found = {profile.id: (profile, person) for profile, person in profiles_of(session, actor)}
    if set(profiles) - found.keys():
        raise NotFound("One of these test profiles is not there, or belongs to another team.")
    chosen = [found[id] for id in dict.fromkeys(profiles)]
    return {
        profile.email: person if person is not None and person.deleted_at is None else otherwise
        for profile, person in chosen
    }


def _refuse(session: Session, wanted: Mapping[str, Person]) -> None:
    """Too many, or an address that gets no mail from anybody here."""
    if len(wanted) > MOST:
        raise Invalid({"addresses": f"A proof goes to at most {MOST} addresses; these are {len(wanted):,}."})
    keys = [address.lower() for address in wanted]
    barred = session.scalars(
        sa.select(Address.email).where(Address.email.in_(keys), not_to_be_mailed()).order_by(Address.email)
    ).all()
    if barred:
        raise Invalid({"addresses": f"No mail may go to {', '.join(barred[:5])}: see the address."})


def _next_proof(session: Session, delivery_id: int) -> int:
    """The delivery is locked, so no two acts have the same number; the database keeps it, too."""
    newest = session.scalar(
        sa.select(sa.func.max(Message.proof_number)).where(Message.proof_of == delivery_id)
    )
    return (newest or 0) + 1


def _queue_proofs(
    uow: UnitOfWork,
    actor: User,
    content: Content,
    mailbox: Mailbox,
    wanted: Mapping[str, Person],
    about_it: Mapping[str, Any] = MappingProxyType({}),
) -> list[int]:
    """By their occasion each act stands apart. Raises Invalid with what cannot be rendered: none fails unseen."""
    for person in {person.id: person for person in wanted.values()}.values():
        render(content, values_of(person, mailbox.user, mailbox))
    delivery = _delivery(uow, actor)
    wording = wording_for(uow.session, content)
    shared = {
        "team_id": actor.team_id,
        "delivery_id": delivery.id,
        "occasion": _next_occasion(uow, delivery),
        "sender_id": mailbox.user_id,
        "mailbox_id": mailbox.id,
        "wording_id": wording.id,
        "zone": actor.zone,
        "due_at": uow.now,
        "proof": True,
        **about_it,
    }
    return queue(uow, [{**shared, "email": email, "person_id": one.id} for email, one in wanted.items()])


def _addresses(written: str, *, needed: bool) -> list[str]:
    """Separated by commas, spaces or lines; each once."""
    found = dict.fromkeys(written.replace(",", " ").replace(";", " ").split())
    if needed and not found:
        raise Invalid({"addresses": "Write at least one address, or choose a test profile."})
    try:
        return [check_address(one).wire for one in found]
    except Invalid as refusal:
        raise Invalid({"addresses": " ".join(refusal.problems.values())}) from None


def person_for_test(uow: UnitOfWork, actor: User, person_id: int | None) -> Person:
    """This person, else the actor's first one, else the team's. Raises Invalid where there is nobody yet; NotFound
    for a person of another team.
    """
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
