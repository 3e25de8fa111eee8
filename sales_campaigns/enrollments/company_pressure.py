"""So many mails to one company within some days: a campaign step that is one too many waits for a day with room.

The rule: “limits (mailbox, domain, person, company, and pressure) delay a campaign step and never drop it”. Of several
people of one company that are ready at once, later steps come before first ones, then instant, then address.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.campaigns.planner import later_day
from sales_campaigns.deliveries.typology.windows import NEVER_LEFT, Pressure
from sales_campaigns.enrollments.ways import Due
from sales_campaigns.messages.models import Message
from sales_campaigns.people.models import Person

Company = tuple[int, str]  # team and name, without regard to case
COMPANY = sa.func.lower(sa.func.trim(Person.company))


def within_companies(
    session: Session,
    ready: Sequence[Due],
    rules: Mapping[int, Sequence[Pressure]],
    moving: Collection[int] = (),
) -> list[Due]:
    """The mails in their order, those of which their company gets too many on a later day; two queries.

    `rules` are those by company, by campaign. `moving`: messages among them that had a day before, and do not count.
    """
    companies = _companies(session, (due for due in ready if rules[due.way.campaign.id]))
    if not companies:
        return list(ready)
    longest = max(rule.span for every in rules.values() for rule in every)
    since = min(due.planned.at for due in ready) - longest
    contacts, placed = _contacts(session, set(companies.values()), since, moving), list(ready)
    for number in sorted(range(len(placed)), key=lambda number: _rank(placed[number])):
        due = placed[number]
        company = companies.get(due.way.enrollment.person_id)
        if company is None:
            continue
        while any(_crowded(contacts[company], rule, due.planned.at) for rule in rules[due.way.campaign.id]):
            due = _a_day_later(due)
        insort(contacts[company], due.planned.at)
        placed[number] = due
    return placed


def _rank(due: Due) -> tuple[bool, datetime, str, int]:
    return due.planned.index == 0, due.planned.at, due.way.enrollment.email, due.planned.index


def _companies(session: Session, dues: Iterable[Due]) -> dict[int, Company]:
    """Person → company, where one is named."""
    ids = {due.way.enrollment.person_id for due in dues}
    if not ids:
        return {}
    query = sa.select(Person.id, Person.team_id, COMPANY.label("name")).where(
        Person.id.in_(ids), COMPANY != ""
    )
    return {row.id: (row.team_id, row.name) for row in session.execute(query)}


def _contacts(
    session: Session, companies: Collection[Company], since: datetime, moving: Collection[int]
) -> dict[Company, list[datetime]]:
    """Company → in order, the instants of what was sent to it and what is scheduled."""
    at = sa.func.coalesce(Message.sent_at, Message.due_at).label("at")
    query = (
        sa.select(Person.team_id, COMPANY.label("name"), at)
        .select_from(Message)
        .join(Person, Person.id == Message.person_id)
        .where(
            Person.team_id.in_({team for team, _ in companies}), COMPANY.in_({name for _, name in companies})
        )
        .where(~Message.proof, Message.state.not_in(NEVER_LEFT), at >= since, Message.id.not_in(moving))
        .order_by(at)
    )
    found: dict[Company, list[datetime]] = defaultdict(list)
    for row in session.execute(query):
        found[row.team_id, row.name].append(row.at)
    return found


def _crowded(contacts: Sequence[datetime], rule: Pressure, at: datetime) -> bool:
    """Whether one more mail at `at` makes more than are allowed in some rolling window."""
    first, last = (
        bisect_left(contacts, at + shift) for shift in (timedelta(microseconds=1) - rule.span, rule.span)
    )
    near = contacts[first:last]
    begins = [*(one for one in near if one <= at), at]
    return any(sum(begin <= one < begin + rule.span for one in near) >= rule.messages for begin in begins)


def _a_day_later(due: Due) -> Due:
    way, planned = due.way, due.planned
    return replace(due, planned=later_day(way.outline, way.start, planned, planned.local.date(), "company"))
