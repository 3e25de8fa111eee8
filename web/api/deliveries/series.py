"""Series: a delivery that runs again and again."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from sales_campaigns.deliveries.listing import delivery_of
from sales_campaigns.deliveries.recurrence import LONGEST_INTERVAL, Every, Recurrence, recurrence_from
from sales_campaigns.deliveries.runs import Aggregation, RunOutcome
from sales_campaigns.deliveries.series import RunLine, runs_of, series_of, start_series
from sales_campaigns.errors import NotFound
from web.api.protocol.operations import Area
from web.api.protocol.shapes import Asked, Line, Shown
from web.request_scope import me, work

api = Area("deliveries", "")


class RecurrenceTyped(Asked):
    every: Every
    interval: int = Field(1, ge=1, le=LONGEST_INTERVAL)
    first: str = Field(max_length=40, description="A local time of `zone`, such as 2026-12-01T09:00.")
    zone: Line
    until: str = Field("", max_length=10, description="The last local date; empty for none.")
    runs: int = Field(0, ge=0, le=100_000, description="0 for no limit.")
    opens: str = Field("", max_length=5, description="Between which hours a run may fire, as 08:00.")
    closes: str = Field("", max_length=5)
    weekdays: list[Annotated[int, Field(ge=0, le=6)]] = Field(
        default_factory=list, max_length=7, description="From 0, a Monday; of a weekly rule, or with `nth`."
    )
    nth: Literal[-1, 0, 1, 2, 3, 4] = Field(
        0, description="Of a monthly rule: which of its weekdays, -1 the last; 0 for the day of the month."
    )
    cron: str = Field("", max_length=120, description="Five fields, for the unit cron.")

    def recurrence(self) -> Recurrence:
        kept = self.model_dump(include=RECURRING, exclude={"weekdays"})
        return Recurrence(**kept, weekdays=tuple(sorted(set(self.weekdays))))


class SeriesTyped(RecurrenceTyped):
    aggregation: Aggregation = Field(Aggregation.NONE, description="By what its runs are grouped.")
    asks: bool | None = Field(None, description="For a confirmation of each run; as the delivery says.")


class RecurrenceShown(Shown):
    every: Every
    interval: int
    first: str
    zone: str
    until: str
    runs: int
    opens: str
    closes: str
    weekdays: list[int]
    nth: int
    cron: str


class RunShown(Shown):
    due_at: AwareDatetime
    outcome: RunOutcome
    words: str
    delivery_id: int | None
    targeted: int | None
    to_deliver: int | None


class SeriesShown(Shown):
    recurrence: RecurrenceShown
    runs: list[RunShown] = Field(description="The newest first, at most 60.")


@api.get("/deliveries/<int:delivery_id>/series")
def get_series(delivery_id: int) -> SeriesShown:
    """Its rhythm, and the delivery that each run made."""
    delivery = delivery_of(work().session, me(), delivery_id)
    series = series_of(work().session, delivery.id)
    if series is None:
        raise NotFound("This delivery is no series.")
    return SeriesShown(
        recurrence=RecurrenceShown.model_validate(recurrence_from(series.recurrence)),
        runs=list(map(_run, runs_of(work().session, delivery.id))),
    )


@api.post(
    "/deliveries/<int:delivery_id>/series",
    example={"every": "weeks", "first": "2026-12-07T09:00", "zone": "Europe/Stockholm"},
)
def start_series_of_delivery(delivery_id: int, body: SeriesTyped) -> SeriesShown:
    """Let it run again and again; needs the right “start deliveries”."""
    start_series(work(), me(), delivery_id, body.recurrence(), aggregation=body.aggregation, asks=body.asks)
    work().session.flush()
    return get_series(delivery_id)


def _run(line: RunLine) -> RunShown:
    return RunShown(
        due_at=line.run.due_at,
        outcome=line.run.outcome,
        words=line.run.words,
        delivery_id=line.child.id if line.child else None,
        targeted=line.targeted,
        to_deliver=line.to_deliver,
    )


RECURRING = set(RecurrenceTyped.model_fields)
