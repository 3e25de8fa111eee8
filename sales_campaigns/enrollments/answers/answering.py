"""What an answer does to the campaigns of whoever gave it: ends, holds, pauses, as each campaign says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

import sqlalchemy as sa

from sales_campaigns.activity import Activity
from sales_campaigns.campaigns.file import Colleagues, FileSettings, OnReply, OutOfOffice
from sales_campaigns.campaigns.models import CampaignVersion
from sales_campaigns.campaigns.planner.local_time import resolve
from sales_campaigns.campaigns.stored_settings import settings_of
from sales_campaigns.enrollments.ending import SUCCESS, end
from sales_campaigns.enrollments.holding import OUT_OF_OFFICE, WROTE, hold, pause
from sales_campaigns.enrollments.models import Enrollment, EnrollmentState
from sales_campaigns.enrollments.states import UNDER_WAY
from sales_campaigns.messages.settling import it_arrived
from sales_campaigns.people.models import Person
from sales_campaigns.unit_of_work import UnitOfWork

REPLIED = "replied"
COLLEAGUE_REPLIED = "a colleague replied"


@dataclass(frozen=True, slots=True)
class _Going:
    """An enrollment that is under way, with what its campaign says."""

    id: int
    campaign_id: int
    team_id: int
    zone: str
    company: str
    settings: FileSettings


def people_replied(uow: UnitOfWork, happened: Sequence[Activity]) -> None:
    """The rule: continue, end, or end and mark as success, as the campaign of the answered mail says; every other
    enrollment of the person is held as “wrote to you”.
    """
    it_arrived(uow, [row.message_id for row in happened if row.message_id])
    answered = {row.enrollment_id for row in happened if row.enrollment_id}
    going = _going(uow, Enrollment.id.in_(answered))
    for choice, cause in ((OnReply.END, REPLIED), (OnReply.END_SUCCESS, f"{SUCCESS}: {REPLIED}")):
        end(uow, cause, Enrollment.id.in_([one.id for one in going if one.settings.on_reply is choice]))
    _colleagues(uow, _going_or_over(uow, answered), answered)
    _hold_people(uow, happened, Enrollment.id.not_in(answered))


def people_wrote(uow: UnitOfWork, happened: Sequence[Activity]) -> None:
    """The rule: a new mail from the person to the sender holds every active enrollment of the person."""
    _hold_people(uow, happened)


def people_are_away(uow: UnitOfWork, happened: Sequence[Activity]) -> None:
    """The rule: an automatic reply is no reply. Where the campaign says so the enrollment pauses until the return
    date, if one is readable. Who is away is away for every campaign.
    """
    it_arrived(uow, [row.message_id for row in happened if row.message_id])
    by_day: dict[date, set[int]] = defaultdict(set)
    for row in happened:
        if row.person_id is not None and row.data.get("back_on"):
            by_day[date.fromisoformat(row.data["back_on"])].add(row.person_id)
    for day, people in sorted(by_day.items()):
        _pause_until(uow, day, people)


def meetings_booked(uow: UnitOfWork, happened: Sequence[Activity]) -> None:
    """The rule: a meeting that was booked (here an accepted invitation) ends with success."""
    it_arrived(uow, [row.message_id for row in happened if row.message_id])
    end(uow, f"{SUCCESS}: meeting booked", Enrollment.person_id.in_(_people(happened)))


def _hold_people(uow: UnitOfWork, happened: Sequence[Activity], *where: sa.ColumnElement[bool]) -> None:
    hold(uow, WROTE, Enrollment.person_id.in_(_people(happened)), *where)


def _people(happened: Sequence[Activity]) -> list[int]:
    return sorted({row.person_id for row in happened if row.person_id is not None})


def _colleagues(uow: UnitOfWork, answered: Sequence[_Going], answered_ids: Iterable[int]) -> None:
    """A setting ends or pauses others of the same company in the same campaign when one replies."""
    companies: dict[tuple[int, int, Colleagues], set[str]] = defaultdict(set)
    for one in answered:
        if one.company and one.settings.colleagues is not Colleagues.CONTINUE:
            companies[one.campaign_id, one.team_id, one.settings.colleagues].add(one.company)
    for (campaign_id, team_id, choice), names in companies.items():
        others = sa.select(Person.id).where(Person.team_id == team_id, _company().in_(names))
        act = end if choice is Colleagues.END else pause
        act(
            uow,
            COLLEAGUE_REPLIED,
            Enrollment.campaign_id == campaign_id,
            Enrollment.person_id.in_(others),
            Enrollment.id.not_in(list(answered_ids)),
        )


def _company() -> sa.ColumnElement[str]:
    return sa.func.lower(sa.func.trim(Person.company))


def _pause_until(uow: UnitOfWork, day: date, people: Iterable[int]) -> None:
    """They go on at the beginning of that day where they are; a later day than was known counts."""
    waits = sa.and_(Enrollment.state == EnrollmentState.PAUSED, Enrollment.resume_at.is_not(None))
    mine = (Enrollment.person_id.in_(list(people)), sa.or_(Enrollment.state == EnrollmentState.ACTIVE, waits))
    by_zone: dict[str, list[int]] = defaultdict(list)
    for one in _going(uow, *mine):
        if one.settings.out_of_office is OutOfOffice.PAUSE:
            by_zone[one.zone].append(one.id)
    for zone, ids in by_zone.items():
        until = resolve(datetime.combine(day, time()), zone)
        if until > uow.now:
            pause(uow, OUT_OF_OFFICE, Enrollment.id.in_(ids), until=until)
            _prolong(uow, ids, until)


def _prolong(uow: UnitOfWork, ids: Sequence[int], until: datetime) -> None:
    uow.session.execute(
        sa.update(Enrollment)
        .where(
            Enrollment.id.in_(ids), Enrollment.state == EnrollmentState.PAUSED, Enrollment.resume_at < until
        )
        .values(resume_at=until)
        .execution_options(synchronize_session=False)
    )


def _going(uow: UnitOfWork, *where: sa.ColumnElement[bool]) -> list[_Going]:
    return _read(uow, *where, Enrollment.state.in_(UNDER_WAY))


def _going_or_over(uow: UnitOfWork, ids: Iterable[int]) -> list[_Going]:
    return _read(uow, Enrollment.id.in_(list(ids)))


def _read(uow: UnitOfWork, *where: sa.ColumnElement[bool]) -> list[_Going]:
    rows = uow.session.execute(
        sa.select(
            Enrollment.id,
            Enrollment.campaign_id,
            Enrollment.team_id,
            Enrollment.zone,
            _company().label("company"),
            Enrollment.version_id,
        )
        .join(Person, Person.id == Enrollment.person_id)
        .where(*where)
        .order_by(Enrollment.id)
    ).all()
    stored = uow.session.execute(
        sa.select(CampaignVersion.id, CampaignVersion.settings).where(
            CampaignVersion.id.in_({row.version_id for row in rows})
        )
    )
    settings = {row.id: settings_of(row.settings) for row in stored}
    return [_Going(*row[:5], settings[row.version_id]) for row in rows]
