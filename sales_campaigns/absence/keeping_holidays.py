"""A team's own holidays: a date more or less than the public ones. What waits is planned again at once."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require, sees_every_team
from sales_campaigns.calendars.models import OwnHoliday
from sales_campaigns.campaigns.holiday_dates import holiday_dates, refuse_unknown_place
from sales_campaigns.campaigns.models import CampaignVersion
from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.enrollments.pausing import plan_anew
from sales_campaigns.enrollments.states import UNDER_WAY
from sales_campaigns.errors import Invalid, NotFound
from sales_campaigns.unit_of_work import UnitOfWork


def keep_holiday(
    uow: UnitOfWork, actor: User, place: str, day: date, *, free: bool, name: str = ""
) -> tuple[OwnHoliday, int]:
    """`free` makes the date a holiday of the actor's team, otherwise it is worked on; and how many people it concerns.

    Before or after the fact: what has left stays, what waits moves. Raises Invalid by field, NotAllowed.
    """
    require(actor, "manage_team")
    place = place.strip().upper()
    _refuse(uow, actor, place, day, free, name)
    row = OwnHoliday(
        team_id=actor.team_id, place=place, day=day, free=free, name=name.strip(), author_id=actor.id
    )
    uow.session.add(row)
    uow.session.flush()
    uow.record("holiday.kept", actor_id=actor.id, team_id=row.team_id, data=_told(row))
    return row, _plan(uow, row.team_id, place)


def drop_holiday(uow: UnitOfWork, actor: User, holiday_id: int) -> tuple[OwnHoliday, int]:
    """The public holidays count again on that date. Raises NotFound, NotAllowed."""
    query = sa.select(OwnHoliday).where(OwnHoliday.id == holiday_id)
    if not sees_every_team(actor):
        query = query.where(OwnHoliday.team_id == actor.team_id)
    row = uow.session.scalar(query)
    if row is None:
        raise NotFound("This date is not there, or it belongs to another team.")
    require(actor, "manage_team")
    uow.session.delete(row)
    uow.session.flush()
    uow.record("holiday.dropped", actor_id=actor.id, team_id=row.team_id, data=_told(row))
    return row, _plan(uow, row.team_id, row.place)


def _refuse(uow: UnitOfWork, actor: User, place: str, day: date, free: bool, name: str) -> None:
    refuse_unknown_place(place, "place")
    problems = {}
    public = day in holiday_dates(place, [day.year])
    if public and free:
        problems["day"] = f"{day:%a} {day.day} {day:%b %Y} is a public holiday of {place} already."
    elif not public and not free:
        problems["day"] = (
            f"{day:%a} {day.day} {day:%b %Y} is no public holiday of {place}: it is worked on anyhow."
        )
    known = sa.select(OwnHoliday.id).where(
        OwnHoliday.team_id == actor.team_id, OwnHoliday.place == place, OwnHoliday.day == day
    )
    if uow.session.scalar(known) is not None:
        problems["day"] = "This date is in the list already."
    if len(name.strip()) > 120:
        problems["name"] = "Use 120 characters or fewer."
    if problems:
        raise Invalid(problems)


def _plan(uow: UnitOfWork, team_id: int, place: str) -> int:
    """New dates for the people of campaigns that keep the holidays of this place, or of a part of it."""
    rows = uow.session.execute(
        sa.select(CampaignVersion.id, CampaignVersion.settings).where(
            CampaignVersion.id.in_(
                sa.select(Enrollment.version_id).where(
                    Enrollment.team_id == team_id, Enrollment.state.in_(UNDER_WAY)
                )
            )
        )
    )
    versions = [id for id, settings in rows if _keeps(settings.get("holidays"), place)]
    ids = uow.session.scalars(
        sa.select(Enrollment.id)
        .where(
            Enrollment.version_id.in_(versions),
            Enrollment.team_id == team_id,
            Enrollment.state.in_(UNDER_WAY),
        )
        .order_by(Enrollment.id)
    ).all()
    plan_anew(uow, list(ids))
    return len(ids)


def _keeps(kept: str | None, place: str) -> bool:
    return kept is not None and (kept == place or kept.startswith(f"{place}-"))


def _told(row: OwnHoliday) -> dict[str, object]:
    return {"place": row.place, "day": row.day.isoformat(), "free": row.free, "name": row.name}
