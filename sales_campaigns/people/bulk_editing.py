"""Change many people at once: who owns them, and on what basis they are written to."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import may, require
from sales_campaigns.errors import Invalid, NotAllowed
from sales_campaigns.people.models import Consent, Person
from sales_campaigns.unit_of_work import UnitOfWork


def give_people(uow: UnitOfWork, actor: User, person_ids: Sequence[int], owner_id: int) -> int:
    """Make a teammate the owner of these people; how many changed hands.

    The rule: one's own people are anybody's to give; those of a colleague only administrators give away, because
    launching other people's people needs a right. Raises NotAllowed, Invalid({"owner": …}).
    """
    require(actor, "edit_people")
    owner = uow.session.get(User, owner_id)
    if owner is None or owner.team_id != actor.team_id or not owner.active:
        raise Invalid({"owner": "Choose somebody of your team who is active."})
    theirs = sa.select(sa.func.count()).where(*_ours(actor, person_ids), Person.owner_id != actor.id)
    if not may(actor, "manage_team") and uow.session.scalar(theirs):
        raise NotAllowed("Some of these people are a teammate's. Only an administrator gives them away.")
    changed = _set(uow, [*_ours(actor, person_ids), Person.owner_id != owner.id], owner_id=owner.id)
    data = {"people": changed, "owner": owner.id, "name": owner.name}
    uow.record("people.given", actor_id=actor.id, team_id=actor.team_id, data=data)
    return changed


def set_consent(uow: UnitOfWork, actor: User, person_ids: Sequence[int], basis: str) -> int:
    """Note on what basis these people are written to; "" takes it away. How many. Raises Invalid."""
    require(actor, "edit_people")
    if basis and basis not in set(Consent):
        raise Invalid({"consent": "Choose a basis of the list."})
    noted = (
        {"consent": Consent(basis), "consent_at": uow.now} if basis else {"consent": None, "consent_at": None}
    )
    changed = _set(uow, _ours(actor, person_ids), **noted)
    data = {"people": changed, "basis": basis}
    uow.record("people.consent", actor_id=actor.id, team_id=actor.team_id, data=data)
    return changed


def _ours(actor: User, person_ids: Sequence[int]) -> list[sa.ColumnElement[bool]]:
    return [Person.id.in_(person_ids), Person.team_id == actor.team_id, Person.deleted_at.is_(None)]


def _set(uow: UnitOfWork, where: Sequence[sa.ColumnElement[bool]], **values: object) -> int:
    change = sa.update(Person).where(*where).values(changed_at=uow.now, **values).returning(Person.id)
    return len(uow.session.scalars(change.execution_options(synchronize_session="fetch")).all())
