"""The calendar of people under way before and after a change, date by date."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.campaigns.models import CampaignVersion
from sales_campaigns.enrollments.changes.meaning import Change
from sales_campaigns.people.models import Person

Place = tuple[int, int]  # day, number within the day


@dataclass(frozen=True, slots=True)
class DateChange:
    """One step of one person whose date differs; `before` None is a step more, `after` None one that is skipped."""

    person: str
    day: int
    number: int
    before: datetime | None
    after: datetime | None
    zone: str


def date_changes(
    session: Session, former: CampaignVersion, version: CampaignVersion, changes: Iterable[Change]
) -> Iterator[DateChange]:
    """Every date that differs, by person, then in the order of the new dates. A person is named by the address."""
    found = list(changes)
    ids = [change.way.enrollment.person_id for change in found]
    people = {one.id: one for one in session.scalars(sa.select(Person).where(Person.id.in_(ids)))}
    places = _places(former) | _places(version)
    for change in found:
        person = people[change.way.enrollment.person_id]
        yield from _of_person(change, person.email or person.name, places)


def _of_person(change: Change, who: str, places: dict[str, Place]) -> Iterator[DateChange]:
    before, after = change.before, change.after
    differing = [key for key in before | after if before.get(key) != after.get(key)]
    for key in sorted(differing, key=lambda key: places[key]):
        yield DateChange(who, *places[key], before.get(key), after.get(key), change.way.enrollment.zone)


def _places(version: CampaignVersion) -> dict[str, Place]:
    return {step.key: (step.day, step.number) for step in version.steps}
