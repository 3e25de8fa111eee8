"""What a launch would do: the dates of every step for the first and the last person, before anything happens.

The dates come from the planner and the daily limits, exactly as the launch itself asks them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.accounts.ramps import Ramp, ramp_of
from sales_campaigns.campaigns.checks import wordings_of
from sales_campaigns.campaigns.lanes import titles_of
from sales_campaigns.campaigns.models import Step
from sales_campaigns.campaigns.planner import Planned, StepKind, plan
from sales_campaigns.campaigns.planner.effects import MOVES
from sales_campaigns.campaigns.planner.local_time import wall_clock
from sales_campaigns.campaigns.versions import drafts_of
from sales_campaigns.enrollments.daily_limits import within_limits
from sales_campaigns.enrollments.launches.launching import enrollment_values
from sales_campaigns.enrollments.launches.orders import Order, Prepared, stored_times, whole
from sales_campaigns.enrollments.models import Enrollment, Launch
from sales_campaigns.enrollments.ways import Due, Way
from sales_campaigns.people.models import Person


@dataclass(frozen=True, slots=True)
class Instant:
    """When a step happens for one person, in that person's zone of the enrollment."""

    at: datetime
    zone: str
    person: Person


@dataclass(frozen=True, slots=True)
class StepDates:
    """One step: for whom it happens first and last, and for how many people each rule moved it.

    `first` and `last` are None for a step that nobody gets: e-mails where nobody has an address.
    """

    step: Step
    title: str
    first: Instant | None
    last: Instant | None
    moves: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Forecast:
    """`days` counts the first e-mails by local date of the sender; `limit` is what the mailbox sends a day.

    `ramp` is that of a mailbox which is still getting known on the first of these days, and sends fewer than that.
    """

    steps: list[StepDates]
    days: Mapping[date, int]
    limit: int
    finishes: datetime | None = None
    ramp: Ramp | None = None


@dataclass
class _Gathered:
    """The dates of one step, person by person."""

    instants: list[Instant] = field(default_factory=list)
    moves: Counter[str] = field(default_factory=Counter)


def forecast(session: Session, actor: User, prepared: Prepared, order: Order, now: datetime) -> Forecast:
    """As things stand at `now`. Nothing is written."""
    ways = {person.id: _way(order, prepared, person, now) for person in prepared.checked.to_deliver}
    put_off = _put_off(session, list(ways.values()), now)
    gathered = [_Gathered() for _ in prepared.version.steps]
    known: dict[tuple[object, ...], tuple[Planned, ...]] = {}
    for person in prepared.checked.to_deliver:
        way, later = ways[person.id], put_off.get(person.id, {})
        key = (way.enrollment.zone, *later.items())
        if key not in known:
            known[key] = plan(way.outline, way.start, defer=later)
        _gather(gathered, person, way, known[key])
    return _forecast(session, prepared, gathered, _first_days(gathered, prepared, actor.zone))


def _way(order: Order, prepared: Prepared, person: Person, now: datetime) -> Way:
    """The way that this person would go; its rows are never stored."""
    row = Launch(at=whole(now), send_at=stored_times(order), first_key=prepared.first.key)
    values = enrollment_values(order, prepared, row, person)
    return Way(Enrollment(**values), prepared.campaign, prepared.version, row, absence=prepared.absence)


def _put_off(session: Session, ways: Sequence[Way], now: datetime) -> dict[int, dict[int, date]]:
    """Person → step → the local date to which the mailbox's daily limit puts a mail of the launch."""
    dues = [due for way in ways if way.enrollment.email for due in _mails_at_once(way)]
    wanted = {(id(due.way), due.planned.index): due.planned.at for due in dues}
    found: dict[int, dict[int, date]] = {}
    for due in within_limits(session, dues, now):
        if wanted.get((id(due.way), due.planned.index), due.planned.at) != due.planned.at:
            dates = found.setdefault(due.way.enrollment.person_id, {})
            dates[due.planned.index] = due.planned.local.date()
    return found


def _mails_at_once(way: Way) -> list[Due]:
    ready = (planned for planned in way.ahead() if planned.ready and not planned.is_task)
    return [Due(way, way.steps[planned.index], planned) for planned in ready]


def _gather(gathered: list[_Gathered], person: Person, way: Way, planned: Sequence[Planned]) -> None:
    for entry in planned:
        if way.steps[entry.index].kind is StepKind.EMAIL and not way.enrollment.email:
            continue  # without an address the e-mails are left out
        step = gathered[entry.index]
        step.instants.append(Instant(entry.at, way.enrollment.zone, person))
        step.moves.update({MOVES[move.why] for move in entry.moved})


def _first_days(gathered: Sequence[_Gathered], prepared: Prepared, zone: str) -> dict[date, int]:
    steps = prepared.version.steps[prepared.first.position :]
    mails = [step.position for step in steps if not step.is_task]
    instants = gathered[mails[0]].instants if mails else []
    return dict(sorted(Counter(wall_clock(one.at, zone).date() for one in instants).items()))


def _forecast(
    session: Session, prepared: Prepared, gathered: Sequence[_Gathered], days: Mapping[date, int]
) -> Forecast:
    drafts = drafts_of(prepared.version)
    titles = titles_of(drafts, wordings_of(session, drafts))
    steps = [
        StepDates(
            step,
            titles[step.position],
            min(one.instants, key=_when, default=None),
            max(one.instants, key=_when, default=None),
            dict(one.moves),
        )
        for step, one in zip(prepared.version.steps, gathered, strict=True)
    ]
    last = max((step.last.at for step in steps if step.last), default=None)
    box = prepared.mailbox
    return Forecast(steps, days, box.daily_limit, last, _holding_back(box, days))


def _holding_back(mailbox: Mailbox, days: Mapping[date, int]) -> Ramp | None:
    ramp, limit = ramp_of(mailbox), mailbox.daily_limit
    return ramp if ramp is not None and days and ramp.within(limit, min(days)) < limit else None


def _when(instant: Instant) -> tuple[datetime, int]:
    return instant.at, instant.person.id
