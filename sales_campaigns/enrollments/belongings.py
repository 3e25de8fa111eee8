"""What a user owns, and giving it to a teammate when the user leaves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.listing import user_of
from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.content.models import Template
from sales_campaigns.errors import IllegalMove, Invalid
from sales_campaigns.people.models import Group, Person
from sales_campaigns.tasks.models import Task, TaskState
from sales_campaigns.unit_of_work import UnitOfWork

# What is owned → the column that says by whom, and which of it counts. Tasks of people under way come with them.
OWNED: dict[str, tuple[Any, tuple[sa.ColumnElement[bool], ...]]] = {
    "people": (Person.owner_id, (Person.deleted_at.is_(None),)),
    "campaigns": (Campaign.owner_id, ()),
    "templates": (Template.owner_id, ()),
    "groups": (Group.owner_id, ()),
    "tasks": (Task.assignee_id, (Task.state == TaskState.OPEN, Task.enrollment_id.is_(None))),
}


@dataclass(frozen=True, slots=True)
class Belongings:
    """How many of each kind; kinds of which there is nothing are left out."""

    counts: dict[str, int]

    @property
    def words(self) -> str:
        """ "12 people, 1 campaign" """
        shown = [f"{number:,} {_kind(kind, number)}" for kind, number in self.counts.items()]
        return ", ".join(shown)


def belongings_of(session: Session, user_ids: Iterable[int]) -> dict[int, Belongings]:
    """User → what is owned; users who own nothing are left out. One query, however many they are."""
    ids = list(user_ids)
    if not ids:
        return {}
    counted = (
        sa.select(column.label("user"), sa.literal(kind).label("kind"), sa.func.count().label("number"))
        .where(column.in_(ids), *which)
        .group_by(column)
        for kind, (column, which) in OWNED.items()
    )
    found: dict[int, dict[str, int]] = {}
    for user, kind, number in session.execute(sa.union_all(*counted)):
        found.setdefault(user, {})[kind] = number
    return {user: Belongings({kind: of[kind] for kind in OWNED if kind in of}) for user, of in found.items()}


def give_belongings(uow: UnitOfWork, actor: User, user_id: int, new_owner_id: int) -> Belongings:
    """Give all that a deactivated user owns to a teammate. People under way are handed over apart from it.

    Raises NotFound, NotAllowed, IllegalMove for an active user or one who owns nothing, Invalid({"owner": …}).
    """
    require(actor, "manage_team")
    user = user_of(uow.session, actor, user_id)
    if user.active:
        raise IllegalMove("This user is active. Deactivate the user first.")
    owner = uow.session.get(User, new_owner_id)
    if owner is None or owner.team_id != user.team_id or not owner.active:
        raise Invalid({"owner": "Choose somebody of the same team who is active."})
    given = belongings_of(uow.session, [user.id]).get(user.id)
    if given is None:
        raise IllegalMove("This user owns nothing any more.")
    for column, which in OWNED.values():
        change = sa.update(column.class_).where(column == user.id, *which).values({column.key: owner.id})
        uow.session.execute(change.execution_options(synchronize_session=False))
    uow.session.expire_all()
    data = {"user": user.id, "owner": owner.id, "name": owner.name, **given.counts}
    uow.record("user.belongings_given", actor_id=actor.id, team_id=user.team_id, data=data)
    return given


def _kind(kind: str, number: int) -> str:
    if number != 1:
        return kind
    return "person" if kind == "people" else kind.removesuffix("s")
