"""Reading users: those whom an administrator looks after, each with the mailbox."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import Mailbox, Role, Team, User
from sales_campaigns.accounts.roles import require, sees_every_team
from sales_campaigns.errors import NotFound


@dataclass(frozen=True, slots=True)
class UserLine:
    """One user. `mailbox` is the first one, None without. `mine` tells that the actor may change this user."""

    user: User
    mailbox: Mailbox | None
    mine: bool


def users_of(session: Session, actor: User) -> list[UserLine]:
    """The users of the actor's team, for administrators of every team, by team and name; in one query."""
    require(actor, "see_team")
    box = orm.aliased(Mailbox)
    first = sa.select(sa.func.min(box.id)).where(box.user_id == User.id).correlate(User).scalar_subquery()
    query = (
        sa.select(User, Mailbox)
        .select_from(User)
        .join(Team, Team.id == User.team_id)
        .outerjoin(Mailbox, Mailbox.id == first)
        .where(_visible(actor))
        .options(orm.lazyload(Mailbox.user))  # joined, it would leave out who has no mailbox
        .order_by(Team.name, ~User.active, User.first_name, User.last_name, User.id)
    )
    return [UserLine(user, mailbox, may_change(actor, user)) for user, mailbox in session.execute(query)]


def user_of(session: Session, actor: User, user_id: int) -> User:
    """Raises NotFound for a user of another team, NotAllowed for somebody who is no administrator."""
    user = session.scalar(sa.select(User).where(User.id == user_id, _visible(actor)))
    if user is None:
        raise NotFound("There is no such user in your team.")
    require(actor, "manage_team")
    return user


def team_names(session: Session, actor: User) -> list[str]:
    """The teams to which the actor may add users."""
    if not sees_every_team(actor):
        return [actor.team.name]
    return list(session.scalars(sa.select(Team.name).order_by(Team.name)))


def may_change(actor: User, user: User) -> bool:
    """Nobody changes the own rights, and only an administrator those of another one."""
    return user.id != actor.id and (sees_every_team(actor) or user.role is not Role.ADMINISTRATOR)


def _visible(actor: User) -> sa.ColumnElement[bool]:
    return sa.true() if sees_every_team(actor) else User.team_id == actor.team_id
