"""Groups: named lists of people, private to their owner or shared with the team."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.policies import LONGEST_CATEGORY, refuse_sharing
from sales_campaigns.accounts.roles import require, sees_every_team
from sales_campaigns.errors import Invalid, NotAllowed, NotFound
from sales_campaigns.people.merging import join_group
from sales_campaigns.people.models import Group, GroupMember, Person
from sales_campaigns.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class GroupLine:
    """One group with the number of people in it who were not deleted; of a saved search, 0."""

    group: Group
    people: int

    @property
    def words(self) -> str:
        """12 people; “as found” for a saved search."""
        if self.group.search is not None:
            return "as found"
        return "1 person" if self.people == 1 else f"{self.people:,} people"


def group_of(session: Session, actor: User, group_id: int) -> Group:
    """Raises NotFound for a group of another team and for somebody else's private one."""
    found = session.get(Group, group_id)
    if found is None or not _visible_to(found, actor):
        raise NotFound
    return found


def list_of(session: Session, actor: User, group_id: int) -> Group:
    """A group that people are put into by hand. Raises NotFound, and Invalid for a saved search."""
    found = group_of(session, actor, group_id)
    if found.search is not None:
        raise Invalid({"group": f"“{found.name}” is a saved search: whoever it finds is in it."})
    return found


def groups_of(session: Session, actor: User) -> Sequence[GroupLine]:
    """The groups the actor may use, by name, each with its number of people, in one query."""
    living = sa.select(GroupMember.group_id, sa.func.count().label("people")).join(
        Person, sa.and_(Person.id == GroupMember.person_id, Person.deleted_at.is_(None))
    )
    counted = living.group_by(GroupMember.group_id).subquery()
    query = sa.select(Group, sa.func.coalesce(counted.c.people, 0)).outerjoin(
        counted, counted.c.group_id == Group.id
    )
    mine = Group.shared | (Group.owner_id == actor.id)
    found = session.execute(query.where(Group.team_id == actor.team_id, mine).order_by(Group.name, Group.id))
    return [GroupLine(group, people) for group, people in found]


def lists_of(session: Session, actor: User) -> Sequence[GroupLine]:
    """Those of them that people are put into and taken out of by hand."""
    return [line for line in groups_of(session, actor) if line.group.search is None]


def categories_of(session: Session, actor: User) -> Sequence[str]:
    """Those in which groups of the team stand that the actor may use, by name."""
    mine = Group.shared | (Group.owner_id == actor.id)
    query = sa.select(Group.category).where(Group.team_id == actor.team_id, mine, Group.category != "")
    return session.scalars(query.distinct().order_by(Group.category)).all()


def create_group(
    uow: UnitOfWork, actor: User, name: str, *, shared: bool = False, category: str = ""
) -> Group:
    """Raises Invalid by field: `name`, empty, long or taken; `category`, too long; `shared`, into a guarded one."""
    require(actor, "edit_people")
    category = _category(category)
    if shared:
        refuse_sharing(uow.session, actor, category, "groups")
    group = Group(
        team_id=actor.team_id,
        owner_id=actor.id,
        name=_free_name(uow.session, actor.team_id, name),
        category=category,
        shared=shared,
        created_at=uow.now,
    )
    uow.session.add(group)
    uow.session.flush()
    uow.record("group.created", actor_id=actor.id, team_id=actor.team_id, data=_about(group))
    return group


def ensure_group(uow: UnitOfWork, actor: User, name: str) -> Group:
    """The group of this name that the actor may use; made when there is none."""
    wanted = " ".join(name.split())
    query = sa.select(Group).where(Group.team_id == actor.team_id, Group.name == wanted)
    found = uow.session.scalar(query)
    usable = found is not None and found.search is None and _visible_to(found, actor)
    return found if found is not None and usable else create_group(uow, actor, name)


def change_group(
    uow: UnitOfWork, actor: User, group_id: int, *, name: str, shared: bool, category: str | None = None
) -> Group:
    """Rename, share or make private, put into another category; its owner's and administrators' right.

    Raises Invalid as `create_group`; what is shared in a category already stays so.
    """
    group = _own_group(uow, actor, group_id)
    category = group.category if category is None else _category(category)
    if shared and (shared, category) != (group.shared, group.category):
        refuse_sharing(uow.session, actor, category, "groups")
    group.category = category
    if name.strip() != group.name:
        group.name = _free_name(uow.session, group.team_id, name)
    group.shared = shared
    uow.record("group.changed", actor_id=actor.id, team_id=group.team_id, data=_about(group))
    return group


def delete_group(uow: UnitOfWork, actor: User, group_id: int) -> None:
    """The list goes, the people stay."""
    group = _own_group(uow, actor, group_id)
    uow.record("group.deleted", actor_id=actor.id, team_id=group.team_id, data=_about(group))
    uow.session.delete(group)


def add_to_group(uow: UnitOfWork, actor: User, group_id: int, person_ids: Sequence[int]) -> int:
    """Put those of these people that belong to the group's team into it; how many were not in it before."""
    require(actor, "edit_people")
    group = list_of(uow.session, actor, group_id)
    before = _size(uow.session, group)
    ours = sa.select(Person.id).where(
        Person.team_id == group.team_id, Person.id.in_(person_ids), Person.deleted_at.is_(None)
    )
    join_group(uow.session, group.id, uow.session.scalars(ours).all())
    added = _size(uow.session, group) - before
    _tell(uow, actor, group, "group.joined", added)
    return added


def remove_from_group(uow: UnitOfWork, actor: User, group_id: int, person_ids: Sequence[int]) -> None:
    require(actor, "edit_people")
    group = list_of(uow.session, actor, group_id)
    before = _size(uow.session, group)
    uow.session.execute(
        sa.delete(GroupMember).where(GroupMember.group_id == group.id, GroupMember.person_id.in_(person_ids))
    )
    _tell(uow, actor, group, "group.left", before - _size(uow.session, group))


def _tell(uow: UnitOfWork, actor: User, group: Group, kind: str, people: int) -> None:
    """Of those for whom something changed; nobody is nothing to tell."""
    if people:
        data = {**_about(group), "people": people}
        uow.record(kind, actor_id=actor.id, team_id=group.team_id, data=data)


def _visible_to(group: Group, actor: User) -> bool:
    if sees_every_team(actor):
        return True
    return group.team_id == actor.team_id and (group.shared or group.owner_id == actor.id)


def _own_group(uow: UnitOfWork, actor: User, group_id: int) -> Group:
    require(actor, "edit_people")
    group = group_of(uow.session, actor, group_id)
    if group.owner_id != actor.id and str(actor.role) == "user":
        raise NotAllowed("Only its owner or an administrator may change this group.")
    return group


def _free_name(session: Session, team_id: int, name: str) -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= 120:
        raise Invalid({"name": "Give the group a name of 1 to 120 characters."})
    if session.scalar(sa.select(Group.id).where(Group.team_id == team_id, Group.name == name)):
        raise Invalid({"name": f"There is a group called “{name}” already."})
    return name


def _category(typed: str) -> str:
    category = " ".join(typed.split())
    if len(category) > LONGEST_CATEGORY:
        raise Invalid({"category": f"Use {LONGEST_CATEGORY} characters or fewer."})
    return category


def _size(session: Session, group: Group) -> int:
    query = sa.select(sa.func.count()).where(GroupMember.group_id == group.id)
    return session.scalar(query) or 0


def _about(group: Group) -> dict[str, object]:
    return {"group": group.id, "name": group.name}
