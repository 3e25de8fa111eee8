"""Named schedules: made once, picked by campaigns. A change plans what waits anew, at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.calendars.models import Schedule
from sales_campaigns.calendars.schedules import schedule_of
from sales_campaigns.campaigns.holiday_dates import refuse_unknown_place
from sales_campaigns.campaigns.models import CampaignVersion
from sales_campaigns.campaigns.planner.local_time import refuse_unknown_zone
from sales_campaigns.campaigns.schedule_use import campaigns_by_schedule
from sales_campaigns.campaigns.stored_settings import read_time
from sales_campaigns.content.characters import one_line
from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.enrollments.pausing import plan_anew
from sales_campaigns.enrollments.states import UNDER_WAY
from sales_campaigns.errors import IllegalMove, Invalid
from sales_campaigns.unit_of_work import UnitOfWork

LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class TypedSchedule:
    """A schedule as typed: `days` are "1" (Monday) to "7", hours are "09:00" or blank."""

    name: str
    days: Sequence[str]
    zone: str = ""
    place: str = ""
    opens: str = ""
    closes: str = ""


def add_schedule(uow: UnitOfWork, actor: User, typed: TypedSchedule) -> Schedule:
    """Raises Invalid by field, with every problem at once; NotAllowed."""
    require(actor, "manage_team")
    values = _checked(uow, actor.team_id, typed)
    row = Schedule(team_id=actor.team_id, author_id=actor.id, changed_at=uow.now, **values)
    uow.session.add(row)
    uow.session.flush()
    uow.record("schedule.added", actor_id=actor.id, team_id=row.team_id, data=_told(row))
    return row


def change_schedule(
    uow: UnitOfWork, actor: User, schedule_id: int, typed: TypedSchedule
) -> tuple[Schedule, int]:
    """The schedule as it is now, and how many people are planned anew. Raises as `add_schedule`, and NotFound.

    What has left stays, what waits moves. A zone holds for whoever is added from now on: that of people under way
    was frozen at their launch.
    """
    row = schedule_of(uow.session, actor, schedule_id)
    require(actor, "manage_team")
    values = _checked(uow, row.team_id, typed, row.id)
    if values["name"] != row.name and _is_used(uow, actor, row.team_id, row.name):
        raise Invalid({"name": f"Campaigns and their files pick it as “{row.name}”: its name stays."})
    for name, value in {**values, "author_id": actor.id, "changed_at": uow.now}.items():
        setattr(row, name, value)
    uow.session.flush()
    uow.record("schedule.changed", actor_id=actor.id, team_id=row.team_id, data=_told(row))
    ids = _people_of(uow, row.team_id, row.name)
    plan_anew(uow, ids)
    return row, len(ids)


def drop_schedule(uow: UnitOfWork, actor: User, schedule_id: int) -> Schedule:
    """Raises NotFound, NotAllowed, and IllegalMove while something uses it."""
    row = schedule_of(uow.session, actor, schedule_id)
    require(actor, "manage_team")
    if _is_used(uow, actor, row.team_id, row.name):
        raise IllegalMove(
            f"“{row.name}” is in use: choose another schedule in its campaigns, and let their people finish."
        )
    uow.session.delete(row)
    uow.record("schedule.dropped", actor_id=actor.id, team_id=row.team_id, data=_told(row))
    return row


def _checked(
    uow: UnitOfWork, team_id: int, typed: TypedSchedule, but: int | None = None
) -> dict[str, object]:
    """The columns as typed. Raises Invalid with every problem at once, before anything is written."""
    problems: dict[str, str] = {}
    name = one_line(typed.name)
    opens, closes = (_hour(field, getattr(typed, field), problems) for field in ("opens", "closes"))
    days = "".join(sorted({day for day in typed.days if day in set("1234567")}))
    if not name or len(name) > LONGEST_NAME:
        problems["name"] = f"Give it a name of at most {LONGEST_NAME} characters."
    elif _is_taken(uow, team_id, name, but):
        problems["name"] = "Another schedule of your team has this name."
    if not days:
        problems["days"] = "Choose at least one day."
    if "opens" not in problems and "closes" not in problems:
        problems.update(_about_hours(opens, closes))
    place, zone = typed.place.strip().upper(), typed.zone.strip()
    problems.update(_about_places(place, zone))
    if problems:
        raise Invalid(problems)
    return {"name": name, "days": days, "zone": zone, "place": place, "opens": opens, "closes": closes}


def _hour(field: str, written: str, problems: dict[str, str]) -> time | None:
    try:
        return read_time(written) if written.strip() else None
    except Invalid as refusal:
        problems[field] = next(iter(refusal.problems.values()))
        return None


def _about_hours(opens: time | None, closes: time | None) -> dict[str, str]:
    if (opens is None) != (closes is None):
        missing = "opens" if opens is None else "closes"
        return {missing: "Give both times, or leave both empty: then e-mails leave at any time."}
    if opens is not None and closes is not None and opens >= closes:
        return {"closes": "It must open before it closes, on the same day."}
    return {}


def _about_places(place: str, zone: str) -> dict[str, str]:
    problems = {}
    try:
        if place:
            refuse_unknown_place(place, "place")
    except Invalid as refusal:
        problems.update(refusal.problems)
    try:
        if zone:
            refuse_unknown_zone(zone)
    except Invalid as refusal:
        problems["zone"] = next(iter(refusal.problems.values()))
    return problems


def _is_taken(uow: UnitOfWork, team_id: int, name: str, but: int | None) -> bool:
    same = sa.select(Schedule.id).where(Schedule.team_id == team_id, Schedule.name == name)
    return uow.session.scalar(same.where(Schedule.id != but) if but else same) is not None


def _is_used(uow: UnitOfWork, actor: User, team_id: int, name: str) -> bool:
    return bool(campaigns_by_schedule(uow.session, actor).get((team_id, name))) or bool(
        _people_of(uow, team_id, name)
    )


def _people_of(uow: UnitOfWork, team_id: int, name: str) -> list[int]:
    """The enrollments under way whose version picks it, by id."""
    mine = (Enrollment.team_id == team_id, Enrollment.state.in_(UNDER_WAY))
    rows = uow.session.execute(
        sa.select(CampaignVersion.id, CampaignVersion.settings).where(
            CampaignVersion.id.in_(sa.select(Enrollment.version_id).where(*mine))
        )
    )
    versions = [id for id, settings in rows if settings.get("schedule") == name]
    query = sa.select(Enrollment.id).where(*mine, Enrollment.version_id.in_(versions))
    return list(uow.session.scalars(query.order_by(Enrollment.id)))


def _told(row: Schedule) -> dict[str, object]:
    return {"schedule": row.id, "name": row.name}
