"""Who may do something in a team: named wherever it is refused, so that everybody knows whom to ask."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import Role, User
from sales_campaigns.accounts.roles import POLICY, may
from sales_campaigns.errors import NotAllowed

NAMED = 5


def holders_of(action: str, team_id: int) -> sa.Select[int]:
    """The ids of the active users who may do this in this team: its own by role or right, administrators of any."""
    roles, right, _ = POLICY[action]
    by_right = getattr(User, right) if right else sa.false()
    of_the_team = sa.and_(User.team_id == team_id, sa.or_(User.role.in_(roles), by_right))
    everywhere = User.role == Role.ADMINISTRATOR if Role.ADMINISTRATOR in roles else sa.false()
    return sa.select(User.id).where(User.active, sa.or_(of_the_team, everywhere))


def who_may(session: Session, action: str, team_id: int) -> str:
    """Their names, a few of them, for a sentence."""
    those = sa.select(User).where(User.id.in_(holders_of(action, team_id)))
    users = session.scalars(those.order_by(User.first_name, User.id).limit(NAMED)).all()
    return ", ".join(user.name for user in users) or "Nobody yet"


def require_or_name(session: Session, actor: User, action: str) -> None:
    """Raises NotAllowed with the sentence of the policy table and who can."""
    if not may(actor, action):
        raise NotAllowed(f"{POLICY[action][2]} Who can: {who_may(session, action, actor.team_id)}.")
