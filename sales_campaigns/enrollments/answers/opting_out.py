"""Whoever unsubscribes, complains or is blocked leaves every campaign at once, in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.activity import Activity
from sales_campaigns.enrollments.ending import end
from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.enrollments.putting_back import waiting_at
from sales_campaigns.enrollments.states import UNDER_WAY
from sales_campaigns.errors import IllegalMove, Invalid, NotFound
from sales_campaigns.messages.incoming.models import ReceivedMail
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.pace.breaking import stop_what_annoys
from sales_campaigns.messages.stops.in_order import lock_mail_to
from sales_campaigns.people.address_rows import insert_missing
from sales_campaigns.people.models import Address, BlockedDomain, Person
from sales_campaigns.people.quarantine import Listed, put_on
from sales_campaigns.people.unsubscribing import BY_HAND, BY_LINK, BY_MAIL, complain, opt_out
from sales_campaigns.tracking.noticing import note_opt_out
from sales_campaigns.unit_of_work import UnitOfWork

UNSUBSCRIBED = "unsubscribed"
BLOCKED = "its address is blocked"
COMPLAINED = "reported as spam"
LEFT_CAMPAIGN = "left it by the link of a mail"


@dataclass(frozen=True, slots=True)
class OptedOut:
    """How many addresses had not unsubscribed before, and the line of activity by which it is undone."""

    number: int
    batch_id: int


def unsubscribe(uow: UnitOfWork, actor: User, person: Person, reason: str = "") -> int:
    """By hand, for a person who asked for it; how many enrollments ended. Raises IllegalMove for the second time."""
    require(actor, "edit_people")
    if person.address_id is None:
        raise IllegalMove("This person has no address that could be unsubscribed.")
    lock_mail_to(uow.session, [person.address_id])
    if not opt_out(uow, [person.address_id], source=BY_HAND, reason=reason.strip(), actor=actor):
        raise IllegalMove("This address has unsubscribed already.")
    data = {"source": BY_HAND, "words": reason.strip()}
    uow.record(
        "person.unsubscribed", actor_id=actor.id, team_id=person.team_id, person_id=person.id, data=data
    )
    return len(end_at(uow, [person.address_id], f"{UNSUBSCRIBED}, says {actor.name}", actor.id))


def unsubscribe_by_link(uow: UnitOfWork, message_id: int, *, only_campaign: bool, reason: str = "") -> None:
    """Whoever holds a mail of ours leaves its campaign, or gets no mail at all any more. A second time changes nothing.

    The rule: unsubscribing ends all enrollments of the person at once, in this transaction. Raises NotFound.
    """
    message = uow.session.get(Message, message_id)
    if message is None or message.proof:
        raise NotFound
    if only_campaign and message.campaign_id is not None:
        mine = sa.and_(
            Enrollment.campaign_id == message.campaign_id, Enrollment.person_id == message.person_id
        )
        end(uow, LEFT_CAMPAIGN, mine)
        return
    addresses = uow.session.scalars(sa.select(Address.id).where(Address.email == message.email)).all()
    lock_mail_to(uow.session, addresses)
    changed = opt_out(uow, addresses, source=BY_LINK, reason=reason, team_id=message.team_id)
    if not changed:
        return
    note_opt_out(uow, message_id)
    about = {"team_id": message.team_id, "person_id": message.person_id, "message_id": message_id}
    uow.record("person.unsubscribed", **about, data={"source": BY_LINK, "words": reason})
    end_at(uow, changed, UNSUBSCRIBED)


def unsubscribe_many(uow: UnitOfWork, actor: User, person_ids: Sequence[int], reason: str = "") -> OptedOut:
    """By hand, several people of the actor's team at once. `detours/opting_back.py` undoes it."""
    require(actor, "edit_people")
    ours = (Person.id.in_(person_ids), Person.team_id == actor.team_id, Person.deleted_at.is_(None))
    found = uow.session.scalars(sa.select(Person.address_id).where(*ours, Person.address_id.is_not(None)))
    theirs = {id for id in found if id is not None}
    lock_mail_to(uow.session, theirs)
    changed = opt_out(uow, theirs, source=BY_HAND, reason=reason.strip(), actor=actor)
    uow.record_many("person.unsubscribed", _told(uow, actor, changed, reason.strip()))
    stood = _standing_at(uow, changed)
    kept = waiting_at(uow.session, stood)
    end_at(uow, changed, f"{UNSUBSCRIBED}, says {actor.name}", actor.id)
    data = {"addresses": changed, "stood": stood, "waited": kept, "people": len(changed)}
    act = uow.record("people.unsubscribed", actor_id=actor.id, team_id=actor.team_id, data=data)
    uow.session.flush()
    return OptedOut(len(changed), act.id)


def _standing_at(uow: UnitOfWork, address_ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Enrollment → state and why of whoever has one of these addresses and is under way."""
    query = (
        sa.select(Enrollment.id, Enrollment.state, Enrollment.why)
        .join(Person, Person.id == Enrollment.person_id)
        .where(Person.address_id.in_(address_ids), Enrollment.state.in_(UNDER_WAY))
    )
    return {id: (state.value, why) for id, state, why in uow.session.execute(query)}


def _told(uow: UnitOfWork, actor: User, address_ids: Sequence[int], reason: str) -> list[dict[str, object]]:
    """One row for each person of the actor's team at these addresses."""
    people = sa.select(Person.id).where(
        Person.team_id == actor.team_id, Person.address_id.in_(address_ids), Person.deleted_at.is_(None)
    )
    data = {"source": BY_HAND, "words": reason}
    about = {"actor_id": actor.id, "team_id": actor.team_id, "data": data}
    return [{**about, "person_id": person_id} for person_id in uow.session.scalars(people)]


def people_unsubscribed(uow: UnitOfWork, happened: Sequence[Activity]) -> None:
    """By mail: the address that was written to, and the one that the answer came from where it is known."""
    addresses = _addresses(uow, happened)
    lock_mail_to(uow.session, {id for found in addresses.values() for id in found})
    for row in happened:
        changed = opt_out(uow, addresses.get(row.id, ()), source=BY_MAIL, team_id=row.team_id)
        if changed:
            uow.record(
                "person.unsubscribed", team_id=row.team_id, person_id=row.person_id, data={"source": BY_MAIL}
            )
    end_at(uow, {id for found in addresses.values() for id in found}, UNSUBSCRIBED)


def people_complained(uow: UnitOfWork, happened: Sequence[Activity]) -> None:
    """The rule: a complaint ends all enrollments of the person at once, and the address is never mailed again."""
    people = [row.person_id for row in happened if row.person_id is not None]
    found = uow.session.scalars(
        sa.select(Person.address_id).where(Person.id.in_(people), Person.address_id.is_not(None))
    )
    ids = sorted({id for id in found if id is not None})
    lock_mail_to(uow.session, ids)
    complain(uow, ids, COMPLAINED)
    end_at(uow, ids, COMPLAINED)
    stop_what_annoys(uow, (row.message_id for row in happened if row.message_id is not None))


def block_address(uow: UnitOfWork, actor: User, email: str) -> tuple[Address, int]:
    """The rule: a block ends all enrollments of the person at once. The address, and how many ended. Raises Invalid."""
    known = uow.session.scalars(sa.select(Address.id).where(Address.email == email.strip().lower())).all()
    lock_mail_to(uow.session, known)
    address = put_on(uow, actor, Listed.BLOCKED, email)
    uow.session.flush()
    return address, len(end_at(uow, [address.id], BLOCKED, actor.id))


def block_domain(uow: UnitOfWork, actor: User, domain: str, reason: str = "") -> int:
    """No mail to this domain nor below it; how many enrollments ended. Raises Invalid for what is no domain."""
    require(actor, "manage_installation")
    name = domain.strip().lower().lstrip("@").rstrip(".")
    if "." not in name or any(character in name for character in "@/ ") or len(name) > 255:
        raise Invalid({"domain": "Write a domain such as example.com."})
    uow.session.execute(
        insert_missing(uow.session, BlockedDomain), [{"domain": name, "reason": reason.strip()}]
    )
    uow.record("domain.blocked", actor_id=actor.id, team_id=actor.team_id, data={"domain": name})
    below = sa.or_(Address.domain == name, Address.domain.endswith(f".{name}", autoescape=True))
    people = sa.select(Person.id).join(Address, Address.id == Person.address_id).where(below)
    cause = f"mail to {name} is blocked"
    return len(end(uow, cause, Enrollment.person_id.in_(people), actor_id=actor.id))


def end_at(uow: UnitOfWork, address_ids: Iterable[int], cause: str, actor_id: int | None = None) -> list[int]:
    """End every enrollment of whoever has one of these addresses; the ids of those that ended."""
    people = sa.select(Person.id).where(Person.address_id.in_(list(address_ids)))
    return end(uow, cause, Enrollment.person_id.in_(people), actor_id=actor_id)


def _addresses(uow: UnitOfWork, happened: Sequence[Activity]) -> dict[int, set[int]]:
    """Activity → the addresses that it takes off the list."""
    mails = [row.data["received"] for row in happened]
    rows = uow.session.execute(
        sa.select(ReceivedMail.id, Person.address_id, Address.id)
        .outerjoin(Person, Person.id == ReceivedMail.person_id)
        .outerjoin(Address, Address.email == ReceivedMail.from_email)
        .where(ReceivedMail.id.in_(mails))
    )
    known = {mail: {id for id in ids if id is not None} for mail, *ids in rows}
    return {row.id: known.get(row.data["received"], set()) for row in happened}
