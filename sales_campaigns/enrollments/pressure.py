"""Pressure on an address delays a campaign step and never drops it: it moves on, day by day, until there is room.

The rule: “limits (mailbox, domain, person, company, and pressure) delay a campaign step and never drop it”. The
condition is the one that leaves people out of a delivery.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.campaigns.planner import later_day
from sales_campaigns.deliveries.typology.models import RuleKind, RuleScope, TypologyRule
from sales_campaigns.deliveries.typology.rules import in_force, pressure_of
from sales_campaigns.deliveries.typology.windows import Pressure, too_often, waiting_now
from sales_campaigns.enrollments.company_pressure import within_companies
from sales_campaigns.enrollments.ways import Due
from sales_campaigns.people.models import Address

MOST_DAYS = 400  # a window is at most 366 days long
Rules = tuple[Pressure, ...]


def without_pressure(session: Session, ready: Sequence[Due], moving: Collection[int] = ()) -> list[Due]:
    """The mails in their order, those for which it is too often on a later day. `moving`: messages among them that
    had a day before, and so do not count.
    """
    rules = _rules(session, ready)
    by_company, by_address = (_of(rules, company) for company in (True, False))
    placed = _within_addresses(session, ready, by_address, moving)
    while any(by_company.values()):  # each only puts off, so that both agree in the end
        before = [due.planned.at for due in placed]
        placed = within_companies(session, placed, by_company, moving)
        if [due.planned.at for due in placed] == before:
            break
        placed = _within_addresses(session, placed, by_address, moving)
    return placed


def _of(rules: Mapping[int, Rules], company: bool) -> dict[int, Rules]:
    return {id: tuple(rule for rule in every if rule.company is company) for id, every in rules.items()}


def _within_addresses(
    session: Session, ready: Sequence[Due], rules: Mapping[int, Rules], moving: Collection[int]
) -> list[Due]:
    if not any(rules.values()):
        return list(ready)
    waiting, placed = waiting_now(session), dict(enumerate(ready))
    open_ones = [number for number, due in placed.items() if rules[due.way.campaign.id]]
    for _ in range(MOST_DAYS):
        groups: dict[tuple[Rules, datetime], list[int]] = defaultdict(list)
        for number in open_ones:
            due = placed[number]
            groups[rules[due.way.campaign.id], due.planned.at].append(number)
        open_ones = []
        for (limits, at), numbers in groups.items():
            emails = {placed[number].way.enrollment.email.lower() for number in numbers}
            pressed = _pressed(session, limits, at, emails, waiting, moving)
            open_ones += [n for n in numbers if placed[n].way.enrollment.email.lower() in pressed]
        if not open_ones:
            break
        placed |= {number: _a_day_later(placed[number]) for number in open_ones}
    return list(placed.values())


def pressing(session: Session, teams: Collection[int]) -> set[int]:
    """The teams of these that have a rule of pressure for steps at all; one query."""
    query = sa.select(TypologyRule.team_id).where(
        TypologyRule.team_id.in_(teams),
        TypologyRule.kind == RuleKind.PRESSURE,
        TypologyRule.active,
        TypologyRule.scope.in_({RuleScope.EVERY, RuleScope.STEPS}),
    )
    return set(session.scalars(query))


def _rules(session: Session, ready: Sequence[Due]) -> dict[int, Rules]:
    """Campaign → what holds for its steps."""
    campaigns = {due.way.campaign.id: due.way.campaign for due in ready}
    return {
        id: tuple(
            pressure_of(rule)
            for rule in in_force(session, one.team_id, one.name, RuleScope.STEPS, RuleKind.PRESSURE)
        )
        for id, one in campaigns.items()
    }


def _pressed(
    session: Session,
    limits: Rules,
    at: datetime,
    emails: Collection[str],
    waiting: Mapping[int, datetime],
    moving: Collection[int],
) -> set[str]:
    often = sa.or_(*(too_often(Address.id, one, at, waiting, without=moving) for one in limits))
    return set(session.scalars(sa.select(Address.email).where(Address.email.in_(emails), often)))


def _a_day_later(due: Due) -> Due:
    way = due.way
    later = later_day(way.outline, way.start, due.planned, due.planned.local.date(), "pressure")
    return replace(due, planned=later)
