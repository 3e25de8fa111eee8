"""Series: a delivery that runs again and again."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from sales_campaigns.deliveries.listing import delivery_of
from sales_campaigns.deliveries.recurrence import LONGEST_INTERVAL, Every, Recurrence, recurrence_from
from sales_campaigns.deliveries.runs import RunOutcome
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
    opens: str = Field("", max_length=5)
    closes: str = Field("", max_length=5)


class RecurrenceShown(Shown):
    every: Every
    interval: int
    first: str
    zone: str
    until: str
    runs: int
    opens: str
    closes: str


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
def start_series_of_delivery(delivery_id: int, body: RecurrenceTyped) -> SeriesShown:
    """Let it run again and again; needs the right “start deliveries”."""
    start_series(work(), me(), delivery_id, Recurrence(**body.model_dump()))
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
