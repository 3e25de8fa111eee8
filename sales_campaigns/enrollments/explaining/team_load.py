"""The Team page: what each rep has to do, has done and has launched, and which answers wait for whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.activity import Activity
from sales_campaigns.enrollments.models import Launch
from sales_campaigns.people.models import Person
from sales_campaigns.tasks.models import Task, TaskKind, TaskState
from sales_campaigns.tasks.wanted import Group, group_at, today

WEEK = timedelta(days=7)
FAR = timedelta(days=60)  # an answer that waits longer than this waits for nobody any more
ANSWERS = ("reply.received", "wrote.received", "reply.waits_again")
ANSWERED = ("reply.disposed", "message.queued", "task.mail_written")


@dataclass(frozen=True, slots=True)
class RepLine:
    """One rep. `done` is of the last 7 days, as are `launched` people and the calls; `outcomes` are those of
    calls with their number; `oldest` is when the first of the answers that wait came in.
    """

    user: User
    overdue: int = 0
    due: int = 0
    upcoming: int = 0
    snoozed: int = 0
    done: int = 0
    launched: int = 0
    answers: int = 0
    oldest: datetime | None = None
    outcomes: dict[str, int] = field(default_factory=dict)

    @property
    def calls(self) -> int:
        return sum(self.outcomes.values())


def team_lines(session: Session, actor: User, now: datetime) -> list[RepLine]:
    """Everybody active in the actor's team, who has most to do first; five queries however many there are."""
    team = User.team_id == actor.team_id
    users = session.scalars(sa.select(User).where(team, User.active).order_by(User.first_name, User.id)).all()
    open_tasks, launched = _open_tasks(session, actor, now), _launched(session, actor, now)
    waiting, calls = _answers(session, actor, now), _outcomes(session, actor, now)
    done = _done(session, actor, now)
    lines = []
    for user in users:
        groups = open_tasks.get(user.id, {})
        answers, oldest = waiting.get(user.id, (0, None))
        lines.append(
            RepLine(
                user,
                overdue=groups.get(Group.OVERDUE, 0),
                due=groups.get(Group.TODAY, 0),
                upcoming=groups.get(Group.UPCOMING, 0),
                snoozed=groups.get(Group.SNOOZED, 0),
                done=done.get(user.id, 0),
                launched=launched.get(user.id, 0),
                answers=answers,
                oldest=oldest,
                outcomes=calls.get(user.id, {}),
            )
        )
    return sorted(lines, key=lambda line: (-line.overdue, -line.due, line.user.name))


def _open_tasks(session: Session, actor: User, now: datetime) -> dict[int, dict[str, int]]:
    group = group_at(now, *today(session, actor, now)).label("group_name")
    rows = session.execute(
        sa.select(Task.assignee_id, group, sa.func.count().label("number"))
        .join(User, User.id == Task.assignee_id)
        .where(Task.team_id == actor.team_id, Task.state == TaskState.OPEN)
        .group_by(Task.assignee_id, group)
    )
    found: dict[int, dict[str, int]] = {}
    for row in rows:
        found.setdefault(row.assignee_id, {})[row.group_name] = row.number
    return found


def _done(session: Session, actor: User, now: datetime) -> dict[int, int]:
    query = sa.select(Task.assignee_id, sa.func.count().label("number")).where(
        Task.team_id == actor.team_id,
        Task.state.in_([TaskState.COMPLETED, TaskState.SKIPPED]),
        Task.ended_at >= now - WEEK,
    )
    return _numbers(session, query.group_by(Task.assignee_id))


def _launched(session: Session, actor: User, now: datetime) -> dict[int, int]:
    query = sa.select(Launch.user_id, sa.func.sum(Launch.started).label("number")).where(
        Launch.team_id == actor.team_id, Launch.at >= now - WEEK, Launch.taken_back_at.is_(None)
    )
    return _numbers(session, query.group_by(Launch.user_id))


def _outcomes(session: Session, actor: User, now: datetime) -> dict[int, dict[str, int]]:
    rows = session.execute(
        sa.select(Task.assignee_id, Task.outcome, sa.func.count().label("number"))
        .where(
            Task.team_id == actor.team_id,
            Task.kind == TaskKind.CALL,
            Task.outcome != "",
            Task.ended_at >= now - WEEK,
        )
        .group_by(Task.assignee_id, Task.outcome)
        .order_by(sa.func.count().desc())
    )
    found: dict[int, dict[str, int]] = {}
    for row in rows:
        found.setdefault(row.assignee_id, {})[row.outcome] = row.number
    return found


def _answers(session: Session, actor: User, now: datetime) -> dict[int, tuple[int, datetime]]:
    """Owner → people whose last answer nobody has dealt with since, and when the oldest of these came."""
    came = sa.func.max(sa.case((Activity.kind.in_(ANSWERS), Activity.at)), type_=Activity.at.type)
    dealt_with = sa.func.max(sa.case((Activity.kind.in_(ANSWERED), Activity.at)), type_=Activity.at.type)
    waiting = (
        sa.select(Activity.person_id, came.label("came"))
        .where(
            Activity.team_id == actor.team_id,
            Activity.at >= now - FAR,
            Activity.kind.in_((*ANSWERS, *ANSWERED)),
            Activity.person_id.is_not(None),
        )
        .group_by(Activity.person_id)
        .having(came.is_not(None), sa.or_(dealt_with.is_(None), dealt_with < came))
        .subquery()
    )
    oldest = sa.func.min(waiting.c.came, type_=Activity.at.type)
    rows = session.execute(
        sa.select(Person.owner_id, sa.func.count().label("number"), oldest.label("oldest"))
        .join(waiting, waiting.c.person_id == Person.id)
        .where(Person.deleted_at.is_(None))
        .group_by(Person.owner_id)
    )
    return {row.owner_id: (row.number, row.oldest) for row in rows}


def _numbers(session: Session, query: sa.Select[Any, Any]) -> dict[int, int]:
    return {row[0]: int(row.number or 0) for row in session.execute(query)}
