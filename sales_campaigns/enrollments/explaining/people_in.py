"""The people of a campaign: state, next step, when and why, a page at a time; and its launches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import may
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.enrollments.explaining.behind_tasks import BehindTasks, behind_tasks
from sales_campaigns.enrollments.explaining.dates_ahead import StepDate, dates_of, next_of
from sales_campaigns.enrollments.explaining.places_ahead import next_placed
from sales_campaigns.enrollments.explaining.surroundings import surroundings_of
from sales_campaigns.enrollments.models import Enrollment, EnrollmentState, Launch
from sales_campaigns.enrollments.ways import ways_of
from sales_campaigns.errors import Invalid
from sales_campaigns.people.models import Person
from sales_campaigns.people.searches import in_groups

PAGE = 50
MOST = 10_000


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What the list is narrowed to: one state, words of name, company or address, a group as it stands."""

    state: EnrollmentState | None = None
    words: str = ""
    group_id: int | None = None


EVERYBODY = Narrowing()


@dataclass(frozen=True, slots=True)
class PersonInCampaign:
    """One line. `next` is the first step that is not over, None when every one is."""

    enrollment: Enrollment
    person: Person
    sender: str
    next: StepDate | None


@dataclass(frozen=True, slots=True)
class PeopleOfCampaign:
    """`after` is the key of the next page, "" on the last one; `matching` are found on all pages.

    `counts`, by state, and `behind` are of the whole campaign.
    """

    lines: tuple[PersonInCampaign, ...]
    after: str
    matching: int
    counts: Mapping[EnrollmentState, int]
    behind: Sequence[BehindTasks] = ()


@dataclass(frozen=True, slots=True)
class LaunchLine:
    """One act of adding people. `active` of them are still under way; `mine` tells that the actor may take it back."""

    launch: Launch
    user: str
    active: int
    mine: bool


def people_in(
    session: Session,
    campaign: Campaign,
    now: datetime,
    wanted: Narrowing = EVERYBODY,
    *,
    after: str = "",
    limit: int = PAGE,
) -> PeopleOfCampaign:
    """Newest first. The caller has the right to see campaign and group; costs the same for every page."""
    matching = _matching(session, campaign, wanted)
    query = (
        sa.select(Enrollment, Person, User)
        .join(Person, Person.id == Enrollment.person_id)
        .join(User, User.id == Enrollment.sender_id)
        .where(*matching, *_beyond(after))
        .order_by(Enrollment.id.desc())
    )
    found = session.execute(query.limit(limit + 1)).all()
    ways = ways_of(session, [enrollment.id for enrollment, *_ in found[:limit]])
    known, ahead = surroundings_of(session, ways, now), next_placed(session, ways, now)
    nexts = {way.enrollment.id: next_of(dates_of(way, known, ahead[way.enrollment.id])) for way in ways}
    lines = tuple(PersonInCampaign(one, who, user.name, nexts[one.id]) for one, who, user in found[:limit])
    return PeopleOfCampaign(
        lines=lines,
        after=str(lines[-1].enrollment.id) if len(found) > limit else "",
        matching=session.scalar(_people(sa.func.count()).where(*matching)) or 0,
        counts=_counts(session, campaign),
        behind=behind_tasks(session, campaign),
    )


def all_matching(
    session: Session, campaign: Campaign, wanted: Narrowing, limit: int = MOST
) -> list[Enrollment]:
    """Whoever the list finds, on whatever page. Raises Invalid for nobody, and for more than `limit`."""
    matching = _people(Enrollment).where(*_matching(session, campaign, wanted)).order_by(Enrollment.id)
    found = list(session.scalars(matching.limit(limit + 1)))
    if len(found) > limit:
        raise Invalid(f"More than {limit:,} people match. Narrow the list first.")
    if not found:
        raise Invalid("Nobody in this campaign matches that.")
    return found


def picked(session: Session, campaign: Campaign, enrollment_ids: Sequence[int]) -> list[Enrollment]:
    """The rows that were chosen on the page, of this campaign only. Raises Invalid for none."""
    query = sa.select(Enrollment).where(
        Enrollment.campaign_id == campaign.id, Enrollment.id.in_(enrollment_ids)
    )
    found = list(session.scalars(query.order_by(Enrollment.id)))
    if not found:
        raise Invalid("Choose at least one person first.")
    return found


def newest_of(session: Session, campaign: Campaign, person_ids: Sequence[int]) -> list[Enrollment]:
    """The newest enrollment of each of these people in the campaign, in order of id."""
    mine = (Enrollment.campaign_id == campaign.id, Enrollment.person_id.in_(person_ids))
    newest = sa.select(sa.func.max(Enrollment.id)).where(*mine).group_by(Enrollment.person_id)
    query = sa.select(Enrollment).where(Enrollment.id.in_(newest)).order_by(Enrollment.id)
    return list(session.scalars(query))


def people_of(session: Session, enrollments: Sequence[Enrollment]) -> dict[int, Person]:
    """Enrollment → who goes that way, by name; one query."""
    query = (
        sa.select(Enrollment.id, Person)
        .join(Person, Person.id == Enrollment.person_id)
        .where(Enrollment.id.in_([one.id for one in enrollments]))
        .order_by(Person.last_name, Person.first_name, Enrollment.id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def launches_of(session: Session, actor: User, campaign: Campaign, limit: int = 20) -> list[LaunchLine]:
    """The newest launches of a campaign, in one query."""
    active = (
        sa.select(Enrollment.launch_id, sa.func.count().label("people"))
        .where(Enrollment.campaign_id == campaign.id, Enrollment.state.in_(("active", "paused", "held")))
        .group_by(Enrollment.launch_id)
        .subquery()
    )
    query = (
        sa.select(Launch, User, sa.func.coalesce(active.c.people, 0))
        .join(User, User.id == Launch.user_id)
        .outerjoin(active, active.c.launch_id == Launch.id)
        .where(Launch.campaign_id == campaign.id)
        .order_by(Launch.id.desc())
    )
    return [
        LaunchLine(row, user.name, people, row.user_id == actor.id or may(actor, "manage_team"))
        for row, user, people in session.execute(query.limit(limit))
    ]


def _people(*columns: Any) -> sa.Select[Any]:
    return sa.select(*columns).select_from(Enrollment).join(Person, Person.id == Enrollment.person_id)


def _matching(session: Session, campaign: Campaign, wanted: Narrowing) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = [Enrollment.campaign_id == campaign.id]
    if wanted.state is not None:
        conditions.append(Enrollment.state == wanted.state)
    if wanted.group_id is not None:
        conditions.append(in_groups(session, [wanted.group_id]))
    columns = (Person.first_name, Person.last_name, Person.company, Person.email)
    for word in wanted.words.split()[:5]:
        conditions.append(sa.or_(*(column.icontains(word, autoescape=True) for column in columns)))
    return conditions


def _beyond(after: str) -> list[sa.ColumnElement[bool]]:
    return [Enrollment.id < int(after)] if after.isdecimal() and len(after) < 16 else []


def _counts(session: Session, campaign: Campaign) -> dict[EnrollmentState, int]:
    query = (
        sa.select(Enrollment.state, sa.func.count())
        .where(Enrollment.campaign_id == campaign.id)
        .group_by(Enrollment.state)
    )
    return {row[0]: row[1] for row in session.execute(query)}
