"""Reading named schedules, and with them the calendars of teams."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import sees_every_team
from sales_campaigns.calendars.models import Schedule
from sales_campaigns.calendars.own_dates import NONE
from sales_campaigns.calendars.own_holidays import own_dates_by_team
from sales_campaigns.calendars.team_calendar import PUBLIC, Hours, TeamCalendar
from sales_campaigns.errors import Invalid, NotFound


def team_calendar(session: Session, team_id: int) -> TeamCalendar:
    return team_calendars(session, [team_id]).get(team_id, PUBLIC)


def team_calendars(session: Session, team_ids: Iterable[int]) -> Mapping[int, TeamCalendar]:
    """Team → its calendar; two queries however many there are."""
    teams = set(team_ids)
    dates, hours = own_dates_by_team(session, teams), defaultdict(set)
    for row in session.scalars(sa.select(Schedule).where(Schedule.team_id.in_(teams))):
        hours[row.team_id].add(hours_of(row))
    return {team: TeamCalendar(dates.get(team, NONE), frozenset(hours[team])) for team in teams}


def hours_of(row: Schedule) -> Hours:
    days = frozenset(int(digit) - 1 for digit in row.days)
    return Hours(row.name, row.zone, days, row.place, row.opens, row.closes)


def schedules_seen(session: Session, actor: User) -> list[Schedule]:
    """The schedules of the actor's team, for administrators of every team, by name."""
    query = sa.select(Schedule).order_by(Schedule.name, Schedule.id)
    if not sees_every_team(actor):
        query = query.where(Schedule.team_id == actor.team_id)
    return list(session.scalars(query))


def schedule_of(session: Session, actor: User, schedule_id: int) -> Schedule:
    """A schedule of the actor's team. Raises NotFound."""
    found = next((row for row in schedules_seen(session, actor) if row.id == schedule_id), None)
    if found is None:
        raise NotFound("This schedule is not there, or it belongs to another team.")
    return found


def names_of(session: Session, team_id: int) -> list[str]:
    """What the team's campaigns can pick, by name."""
    query = sa.select(Schedule.name).where(Schedule.team_id == team_id).order_by(Schedule.name)
    return list(session.scalars(query))


def refuse_unknown_schedule(session: Session, team_id: int, name: str | None, field: str) -> None:
    """Raises Invalid for the name of a schedule that the team does not have."""
    if name is not None and name not in names_of(session, team_id):
        raise Invalid(
            {field: f"Your team has no schedule called “{name}”. Administrators add it under Schedules."}
        )
