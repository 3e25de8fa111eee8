"""Where limits would put the mails that are still ahead, if nothing else came: as a simulation of them would.

The rule: “what exceeds a daily limit moves to the next eligible day and competes there”, later steps before first ones,
then instant, then address. Who is not planned yet takes no place.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.accounts.ramps import Ramped, limit_on
from sales_campaigns.campaigns.models import Step
from sales_campaigns.campaigns.planner import Assumptions, Planned, later_day, plan
from sales_campaigns.campaigns.planner.local_time import wall_clock
from sales_campaigns.enrollments.daily_limits import NOT_COUNTED, RAMP
from sales_campaigns.enrollments.models import StepRun
from sales_campaigns.enrollments.models import StepRunState as R
from sales_campaigns.enrollments.pressure import pressing, without_pressure
from sales_campaigns.enrollments.states import UNDER_WAY
from sales_campaigns.enrollments.ways import Due, Way
from sales_campaigns.messages.models import Message

Ahead = dict[int, Planned]  # position of a step that is not over → as things stand
Turn = tuple[bool, datetime]


@dataclass(slots=True)
class Room:
    """The days of one mailbox, local dates of its sender: how many mails of each turn stand on them."""

    session: Session
    mailbox_id: int
    box: Ramped
    limit: int
    zone: ZoneInfo
    now: datetime
    days: dict[date, dict[Turn, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))

    def take(self, way: Way, planned: Planned) -> Planned:
        """The mail on the first day on which there is a place for it, which it takes."""
        placed = planned
        while not self._has_place(placed, way.enrollment.email):
            placed = later_day(way.outline, way.start, planned, placed.local.date())
        self.days[self.day_of(placed.at)][_turn(placed)] += 1
        return placed

    def alone(self) -> Room:
        """The same as it stands now, for one person: who takes a place there takes it from nobody else."""
        return replace(self, days=deepcopy(self.days))

    def day_of(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def _has_place(self, planned: Planned, email: str) -> bool:
        """What has left keeps its place, and so does what ranks before it."""
        turn, day = _turn(planned), self.days[self.day_of(planned.at)]
        limit = limit_on(self.box, self.limit, self.day_of(planned.at))
        before = sum(count for other, count in day.items() if other < turn or other[1] <= self.now)
        if before >= limit or before + day.get(turn, 0) < limit:
            return before < limit
        return before + self._before_by_address(turn, email) < limit

    def _before_by_address(self, turn: Turn, email: str) -> int:
        """Of equal turn the address decides; asked only where it is a matter of the last place."""
        first, at = turn
        query = _placed(Message.email).where(Message.mailbox_id == self.mailbox_id, Message.due_at == at)
        others = self.session.scalars(query.where((Step.position == 0) == first))
        return sum(other < email for other in others)


def planned_ahead(way: Way, now: datetime) -> Ahead:
    """Each step that is not over, with the places that were given already."""
    return _planned(way, now, _put_off(way)) if way.enrollment.state in UNDER_WAY else {}


def placed_ahead(session: Session, ways: Sequence[Way], now: datetime) -> dict[int, Ahead]:
    """Enrollment → each step that is not over, and those that have no place yet where the limits would put them.

    The same number of queries however many steps there are, where no address is under pressure.
    """
    going = [way for way in ways if way.enrollment.state in UNDER_WAY]
    rooms = _rooms(session, {way.enrollment.mailbox_id for way in going}, now)
    pressed = pressing(session, {way.enrollment.team_id for way in going})
    found: dict[int, Ahead] = {way.enrollment.id: {} for way in ways}
    for way in going:
        room = rooms[way.enrollment.mailbox_id]
        found[way.enrollment.id] = _placed_ahead(session, way, room, way.enrollment.team_id in pressed)
    return found


def next_placed(session: Session, ways: Sequence[Way], now: datetime) -> dict[int, Ahead]:
    """Enrollment → each step that is not over, the next one where the limits would put it: what Why? says of it.

    Each as if nobody else came; queries only where the next step has no place yet.
    """
    found = {way.enrollment.id: planned_ahead(way, now) for way in ways}
    waiting = [way for way in ways if _next_has_no_place(way, found[way.enrollment.id])]
    if waiting:
        rooms = _rooms(session, {way.enrollment.mailbox_id for way in waiting}, now)
        pressed = pressing(session, {way.enrollment.team_id for way in waiting})
        for way in waiting:
            one, room = way.enrollment, rooms[way.enrollment.mailbox_id].alone()
            found[one.id] = _placed_ahead(session, way, room, one.team_id in pressed, min(found[one.id]))
    return found


def _next_has_no_place(way: Way, ahead: Ahead) -> bool:
    first = min(ahead, default=None)
    return first is not None and not ahead[first].is_task and way.steps[first].key not in way.runs


def _placed_ahead(session: Session, way: Way, room: Room, pressed: bool, last: int | None = None) -> Ahead:
    """One step after the other, up to the `last`: what waits longer lets all behind it slip."""
    defer, moved = _put_off(way), Ahead()
    ahead = _planned(way, room.now, defer)
    for step in way.steps:
        planned = ahead.get(step.position)
        if last is not None and step.position > last:
            break
        if planned is None or planned.is_task or step.key in way.runs or not way.enrollment.email:
            continue
        if pressed:
            [due] = without_pressure(session, [Due(way, step, planned)])
            planned = due.planned
        placed = room.take(way, planned)
        if placed.at != ahead[step.position].at:
            moved[step.position], defer[step.position] = placed, placed.local.date()
            ahead = _planned(way, room.now, defer)
    return {index: _with_moves(planned, moved.get(index)) for index, planned in ahead.items()}


def _with_moves(planned: Planned, placed: Planned | None) -> Planned:
    """What moved it is told as it was found, what it waits for as it is planned."""
    return (
        planned if placed is None else replace(planned, at=placed.at, local=placed.local, moved=placed.moved)
    )


def _planned(way: Way, now: datetime, defer: Mapping[int, date]) -> Ahead:
    ahead = plan(way.outline, way.start, way.over, Assumptions(now=now), defer)
    return {entry.index: entry for entry in ahead}


def _put_off(way: Way) -> dict[int, date]:
    """The days that scheduled mails have, perhaps because of a daily limit."""
    zone = way.enrollment.zone
    runs = ((step, way.runs.get(step.key)) for step in way.steps)
    return {
        step.position: wall_clock(run.due_at, zone).date()
        for step, run in runs
        if run and run.state is R.SCHEDULED
    }


def _turn(planned: Planned) -> Turn:
    """The rule: later steps before first ones, then instant."""
    return planned.index == 0, planned.at


def _placed(*columns: Any) -> sa.Select[Any]:
    """Campaign mails that have their place in a mailbox."""
    return (
        sa.select(*columns)
        .select_from(Message)
        .join(StepRun, StepRun.message_id == Message.id)
        .join(Step, Step.id == StepRun.step_id)
        .where(~StepRun.is_task, Message.state.not_in(NOT_COUNTED))
    )


def _rooms(session: Session, mailbox_ids: Iterable[int], now: datetime) -> dict[int, Room]:
    """Mailbox → its days from today on; two queries."""
    ids = set(mailbox_ids)
    boxes = session.execute(
        sa.select(Mailbox.id, Mailbox.daily_limit, User.zone, *RAMP)
        .join(User, User.id == Mailbox.user_id)
        .where(Mailbox.id.in_(ids))
    )
    rooms = {box.id: Room(session, box.id, box, box.daily_limit, ZoneInfo(box.zone), now) for box in boxes}
    first = (Step.position == 0).label("first")
    counted = _placed(Message.mailbox_id, Message.due_at, first, sa.func.count().label("mails"))
    since = min(
        (datetime.combine(room.day_of(now), time(0), room.zone) for room in rooms.values()),
        default=now,
    )
    query = counted.where(Message.mailbox_id.in_(ids), Message.due_at >= since)
    for row in session.execute(query.group_by(Message.mailbox_id, Message.due_at, first)):
        room = rooms[row.mailbox_id]
        room.days[room.day_of(row.due_at)][bool(row.first), row.due_at] += row.mails
    return rooms
