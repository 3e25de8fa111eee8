"""The executions of a series as one: totals over all its runs, and by the period in which they are grouped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.deliveries.figures import NOTHING, Figures, figures_by
from sales_campaigns.deliveries.models import Delivery
from sales_campaigns.deliveries.recurrence import recurrence_from
from sales_campaigns.deliveries.runs import Aggregation, Series, SeriesRun


@dataclass(frozen=True, slots=True)
class Period:
    """The runs of one period, as dates of the series' zone; `figures` are those of all its executions together."""

    first: date
    runs: int
    made: int
    figures: Figures


def totals_of(session: Session, series: Delivery) -> Figures:
    """The rule: the parent shows totals. Of all its executions, from their rows."""
    return sum(_by_child(session, series.id).values(), NOTHING)


def periods_of(session: Session, series: Series) -> list[Period]:
    """The newest first. The rule: the aggregation only groups executions in the list and in totals."""
    zone = ZoneInfo(recurrence_from(series.recurrence).zone)
    by_child = _by_child(session, series.delivery_id)
    rows = session.execute(
        sa.select(SeriesRun.due_at, SeriesRun.child_id)
        .where(SeriesRun.series_id == series.delivery_id)
        .order_by(SeriesRun.due_at.desc())
    )
    grouped = groupby(rows, lambda row: first_day(row.due_at.astimezone(zone).date(), series.aggregation))
    return [_period(first, [row.child_id for row in same], by_child) for first, same in grouped]


def first_day(day: date, aggregation: Aggregation) -> date:
    """The first day of the period that a date lies in; weeks begin on Monday."""
    if aggregation is Aggregation.WEEK:
        return day - timedelta(days=day.weekday())
    if aggregation is Aggregation.MONTH:
        return day.replace(day=1)
    return day.replace(month=1, day=1) if aggregation is Aggregation.YEAR else day


def _period(first: date, children: Sequence[int | None], by_child: Mapping[int, Figures]) -> Period:
    made = [child for child in children if child is not None]
    figures = sum((by_child.get(child, NOTHING) for child in made), NOTHING)
    return Period(first, len(children), len(made), figures)


def _by_child(session: Session, series_id: int) -> dict[int, Figures]:
    return figures_by(session, sa.select(SeriesRun.child_id).where(SeriesRun.series_id == series_id))
