"""Reading a team's own holidays: the dates on which it differs from the public ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import Team, User
from sales_campaigns.accounts.roles import sees_every_team
from sales_campaigns.calendars.models import OwnHoliday
from sales_campaigns.calendars.own_dates import NONE, OwnDate, OwnDates


def own_dates(session: Session, team_id: int) -> OwnDates:
    """What the team has changed, for every place."""
    return own_dates_by_team(session, [team_id]).get(team_id, NONE)


def own_dates_by_team(session: Session, team_ids: Iterable[int]) -> Mapping[int, OwnDates]:
    """Team → what it has changed; teams that changed nothing are not in it. One query."""
    found: dict[int, set[OwnDate]] = defaultdict(set)
    rows = session.execute(
        sa.select(OwnHoliday.team_id, OwnHoliday.place, OwnHoliday.day, OwnHoliday.free).where(
            OwnHoliday.team_id.in_(set(team_ids))
        )
    )
    for team_id, place, day, free in rows:
        found[team_id].add(OwnDate(place, day, free))
    return {team_id: frozenset(dates) for team_id, dates in found.items()}


def own_holidays_seen(session: Session, actor: User) -> list[tuple[OwnHoliday, str]]:
    """The rows of the actor's team, for administrators of every team, by place and date; each with its team's name."""
    query = sa.select(OwnHoliday, Team.name).join(Team, Team.id == OwnHoliday.team_id)
    if not sees_every_team(actor):
        query = query.where(OwnHoliday.team_id == actor.team_id)
    rows = session.execute(query.order_by(OwnHoliday.place, OwnHoliday.day, Team.name))
    return [(row, name) for row, name in rows]
