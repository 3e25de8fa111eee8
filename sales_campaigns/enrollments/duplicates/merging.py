"""Make one person of two: what was chosen of each stays, and all that belongs to the other moves. It is not undone."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.activity import Activity
from sales_campaigns.database import Base
from sales_campaigns.deliveries.models import Exclusion, Recipient
from sales_campaigns.enrollments.answers.opting_out import end_at
from sales_campaigns.enrollments.answers.redirecting import lock_mails, redirect
from sales_campaigns.enrollments.ending import end
from sales_campaigns.enrollments.models import Comeback, Enrollment
from sales_campaigns.enrollments.states import UNDER_WAY
from sales_campaigns.errors import Invalid
from sales_campaigns.people.listing import person_of
from sales_campaigns.people.merging import FIELDS
from sales_campaigns.people.models import Address, GroupMember, Person
from sales_campaigns.people.unsubscribing import BY_HAND, complain, opt_out
from sales_campaigns.unit_of_work import UnitOfWork

CHOOSABLE = ("email", *FIELDS, "owner_id", "consent", "pinned_note")
MERGED = "merged with another record of the same person"


def merge_people(
    uow: UnitOfWork, actor: User, kept_id: int, gone_id: int, theirs: Collection[str] = ()
) -> Person:
    """The person `kept_id` stays; of `gone_id` it takes the fields named in `theirs`, and all that is about it.

    The rules: nobody loses an opt-out; at most one active enrollment for each campaign. Raises NotFound, Invalid.
    """
    require(actor, "edit_people")
    lock_mails(uow, [kept_id, gone_id])
    kept, gone = _pair(uow, actor, kept_id, gone_id)
    _refuse_unreachable(kept, gone, theirs)
    addresses = [id for id in (kept.address_id, gone.address_id) if id is not None]
    _end_what_is_double(uow, actor, kept, gone)
    _drop_what_is_double(uow, kept, gone)
    told = {"name": gone.name, "email": gone.email, "person": gone.id}
    _take_fields(uow, kept, gone, theirs)
    _move(uow, kept.id, gone.id)
    uow.session.delete(gone)
    uow.session.flush()
    redirect(uow, actor, kept)
    _keep_refusals(uow, actor, kept, addresses)
    uow.record("person.merged", actor_id=actor.id, team_id=kept.team_id, person_id=kept.id, data=told)
    return kept


def _pair(uow: UnitOfWork, actor: User, kept_id: int, gone_id: int) -> tuple[Person, Person]:
    """Both, locked in order of id."""
    kept, gone = (person_of(uow.session, actor, id) for id in (kept_id, gone_id))
    if kept.id == gone.id or kept.team_id != gone.team_id:
        raise Invalid({"person": "Choose two people of one team."})
    both = sa.select(Person.id).where(Person.id.in_([kept_id, gone_id])).order_by(Person.id)
    uow.session.execute(both.with_for_update())
    return kept, gone


def _refuse_unreachable(kept: Person, gone: Person, theirs: Collection[str]) -> None:
    """Before anything is written: whoever stays can be reached."""
    ways = ("email", "phone", "linkedin_url")
    if not any(getattr(gone if name in theirs else kept, name) for name in ways):
        raise Invalid({"email": "Keep an e-mail address, a phone number or a LinkedIn URL."})


def _end_what_is_double(uow: UnitOfWork, actor: User, kept: Person, gone: Person) -> None:
    """Where both are under way in a campaign, the way of the one that stays goes on."""
    mine = sa.select(Enrollment.campaign_id).where(
        Enrollment.person_id == kept.id, Enrollment.state.in_(UNDER_WAY)
    )
    theirs = (Enrollment.person_id == gone.id, Enrollment.campaign_id.in_(mine))
    end(uow, "merged", *theirs, actor_id=actor.id)


def _drop_what_is_double(uow: UnitOfWork, kept: Person, gone: Person) -> None:
    """What both have, and one person can have once only."""
    for row, mine, same in _once_only():
        twin = sa.exists().where(mine.person_id == kept.id, *same)
        uow.session.execute(
            sa.delete(row).where(row.person_id == gone.id, twin).execution_options(synchronize_session=False)
        )
    waiting = sa.select(Comeback.campaign_id).where(Comeback.person_id == kept.id, Comeback.done_at.is_(None))
    uow.session.execute(
        sa.update(Comeback)
        .where(Comeback.person_id == gone.id, Comeback.done_at.is_(None), Comeback.campaign_id.in_(waiting))
        .values(done_at=uow.now, outcome=MERGED)
    )


def _once_only() -> Iterator[tuple[Any, Any, tuple[sa.ColumnElement[bool], ...]]]:
    member, excluded, recipient = aliased(GroupMember), aliased(Exclusion), aliased(Recipient)
    yield GroupMember, member, (member.group_id == GroupMember.group_id,)
    same = (excluded.delivery_id == Exclusion.delivery_id, excluded.occasion == Exclusion.occasion)
    yield Exclusion, excluded, same
    same = (recipient.delivery_id == Recipient.delivery_id, recipient.occasion == Recipient.occasion)
    yield Recipient, recipient, same


def _take_fields(uow: UnitOfWork, kept: Person, gone: Person, theirs: Collection[str]) -> None:
    """Fields of their own that one of them lacks are filled from the other. Whoever is not tracked stays so."""
    email, address_id = gone.email, gone.address_id
    gone.email, gone.address_id = "", None
    uow.session.flush()
    if "email" in theirs:
        kept.email, kept.address_id = email, address_id
    for name in set(theirs) & set(CHOOSABLE) - {"email"}:
        setattr(kept, name, getattr(gone, name))
    kept.custom = {**gone.custom, **kept.custom}
    kept.untracked = kept.untracked or gone.untracked
    kept.changed_at = uow.now


def _move(uow: UnitOfWork, kept_id: int, gone_id: int) -> None:
    """Whatever points at the one points at the other: every reference of the schema, and the two without a key."""
    columns = [
        column
        for table in Base.metadata.tables.values()
        for column in table.columns
        if any(key.column is Person.__table__.c.id for key in column.foreign_keys)
    ]
    tables = (Activity.__table__.c.person_id, Recipient.__table__.c.person_id)
    for column in (*columns, *tables):
        change = sa.update(column.table).where(column == gone_id).values({column.name: kept_id})
        uow.session.execute(change)
    uow.session.expire_all()


def _keep_refusals(uow: UnitOfWork, actor: User, kept: Person, address_ids: Collection[int]) -> None:
    """The rule: nobody loses an opt-out. What one address refused, the other refuses too; so do blocks."""
    found = uow.session.scalars(sa.select(Address).where(Address.id.in_(address_ids))).all()
    causes = []
    if any(address.opted_out_at for address in found):
        opt_out(uow, address_ids, source=BY_HAND, reason=MERGED, actor=actor)
        causes.append("unsubscribed")
    if any(address.complained_at for address in found):
        complain(uow, address_ids, MERGED)
        causes.append("reported as spam")
    if any(address.blocked_at for address in found):
        blocked = sa.update(Address).where(Address.id.in_(address_ids), Address.blocked_at.is_(None))
        uow.session.execute(blocked.values(blocked_at=uow.now))
        causes.append("blocked")
    if causes:
        end_at(uow, address_ids, f"{causes[0]}, {MERGED}", actor.id)
        end(uow, f"{causes[0]}, {MERGED}", Enrollment.person_id == kept.id, actor_id=actor.id)
