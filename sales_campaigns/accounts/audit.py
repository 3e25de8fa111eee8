"""The audit log: who did what and when, narrowed, newest first. It reads the one table of activity."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import Team, User
from sales_campaigns.accounts.roles import require, sees_every_team
from sales_campaigns.activity import Activity

PAGE = 100
# The first word of a kind → what an administrator calls it.
TOPICS = {
    "user": "Users and sign-in",
    "policy": "Policies",
    "domain": "Blocked domains",
    "mailbox": "Mailboxes",
    "channel": "Channels",
    "identity": "Verified identities",
    "instance": "Sending",
    "campaign": "Campaigns",
    "launch": "Launches",
    "enrollment": "People in campaigns",
    "template": "Templates",
    "group": "Groups",
    "person": "People",
    "people": "People, many at once",
    "import": "Imports",
    "task": "Tasks",
    "delivery": "Deliveries",
    "message": "Mails",
    "holiday": "Holidays",
    "leave": "Leave",
    "archive": "Archives of the workspace",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the log is narrowed to; `since` is counted in, `until` is not. `by_itself`: what nobody did, too."""

    user_id: int | None = None
    topic: str = ""
    by_itself: bool = False
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditLine:
    """`who` is "" when the service did it by itself; `details` are "name: value"."""

    id: int
    at: datetime
    kind: str
    who: str
    team: str
    person_id: int | None
    campaign_id: int | None
    details: tuple[str, ...]

    @property
    def words(self) -> str:
        return self.kind.replace(".", " ").replace("_", " ").capitalize()


def audit_page(
    session: Session, actor: User, asked: Asked, *, before: int | None = None, limit: int = PAGE
) -> Sequence[AuditLine]:
    """One page of the log, older than the line `before`. Raises NotAllowed for who is no administrator.

    The rule: a team administrator sees what happened in the own team, an administrator everything.
    """
    require(actor, "see_team")
    query = _query(actor, asked).limit(limit)
    if before is not None:
        query = query.where(Activity.id < before)
    return [_line(row) for row in session.execute(query)]


def audit_rows(session: Session, actor: User, asked: Asked) -> Iterator[AuditLine]:
    """All of it, read bit by bit, for a file."""
    require(actor, "see_team")
    rows = session.execute(_query(actor, asked).execution_options(yield_per=1_000))
    return (_line(row) for row in rows)


def _query(actor: User, asked: Asked) -> sa.Select[*tuple[Any, ...]]:
    query: sa.Select[*tuple[Any, ...]] = (
        sa.select(Activity, User.first_name, User.last_name, User.email, Team.name)
        .outerjoin(User, User.id == Activity.actor_id)
        .outerjoin(Team, Team.id == Activity.team_id)
        .order_by(Activity.id.desc())
    )
    if not sees_every_team(actor):
        query = query.where(Activity.team_id == actor.team_id)
    if not asked.by_itself:
        query = query.where(Activity.actor_id.is_not(None))
    if asked.user_id is not None:
        query = query.where(Activity.actor_id == asked.user_id)
    if asked.topic in TOPICS:
        query = query.where(Activity.kind.startswith(f"{asked.topic}."))
    if asked.since is not None:
        query = query.where(Activity.at >= asked.since)
    if asked.until is not None:
        query = query.where(Activity.at < asked.until)
    return query


def _line(row: sa.Row[*tuple[Any, ...]]) -> AuditLine:
    happened, first_name, last_name, email, team = row
    return AuditLine(
        id=happened.id,
        at=happened.at,
        kind=happened.kind,
        who=f"{first_name or ''} {last_name or ''}".strip() or email or "",
        team=team or "",
        person_id=happened.person_id,
        campaign_id=happened.campaign_id,
        details=tuple(
            _detail(name, value) for name, value in happened.data.items() if value not in (None, "")
        ),
    )


def _detail(name: str, value: object) -> str:
    many = isinstance(value, list) and len(value) > 5
    shown = f"{len(value)}" if many and isinstance(value, list) else str(value)
    return f"{name.replace('_', ' ')}: {shown}"[:200]
