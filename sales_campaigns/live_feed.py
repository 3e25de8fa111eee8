"""What happens, as it happens: reads of the activity for the Live Feed, its stream, and a person's history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import sees_every_team
from sales_campaigns.activity import Activity
from sales_campaigns.deliveries.models import Delivery
from sales_campaigns.messages.models import Message
from sales_campaigns.people.models import Person
from sales_campaigns.tasks.models import Task

# Kinds that are worth a rep's eye; everything else is for the audit trail.
SHOWN = (
    "message.sent",
    "message.failed",
    "message.expired",
    "message.uncertain",
    "message.retrying",
    "message.opened",
    "message.clicked",
    "message.machine_opened",
    "message.machine_clicked",
    "reply.received",
    "wrote.received",
    "auto_reply.received",
    "meeting.received",
    "complaint.received",
    "person.unsubscribed",
    "enrollment.held",
    "task.opened",
    "task.completed",
    "task.skipped",
    "task.given_back",
    "task.assigned",
    "enrollment.finished",
    "enrollment.ended",
    "launch.made",
    "mailbox.lost",
    "person.call_noted",
    "person.meeting_noted",
    "person.note_noted",
)
# What a feed may be narrowed to: name → how the kinds of its lines begin.
ABOUT: dict[str, tuple[str, ...]] = {
    "mails": ("message.",),
    "tasks": ("task.",),
    "campaigns": ("enrollment.", "launch."),
    "notes": ("person.",),
}
TOGETHER = timedelta(minutes=10)
BY_PEOPLE = frozenset({"message.opened", "message.clicked"})
BY_MACHINES = frozenset({"message.machine_opened", "message.machine_clicked"})
REPEATED = BY_PEOPLE | BY_MACHINES
PAGE = 50
BURST = 2_000  # what may happen within the overlap of two looks of a stream
MINE, TEAM = "mine", "team"


@dataclass(frozen=True, slots=True)
class FeedLine:
    """One thing that happened. `subject` is that of its mail, `source` the name of what sent it."""

    id: int
    at: datetime
    kind: str
    actor: str = ""
    person: Person | None = None
    subject: str = ""
    source: str = ""
    task: str = ""
    message_id: int | None = None
    task_id: int | None = None
    campaign_id: int | None = None
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FeedGroup:
    """Lines that are told in one sentence: the newest, how many there are, and how many people they are about."""

    line: FeedLine
    times: int
    people: int


def feed(
    session: Session,
    actor: User,
    scope: str = MINE,
    *,
    about: str = "",
    before: int | None = None,
    limit: int = PAGE,
) -> list[FeedLine]:
    """The newest first. `about` is a name of ABOUT; `before` is the id of the last line of the page before."""
    beyond = [] if before is None else [Activity.id < before]
    query = _lines().where(*_visible(actor, scope), Activity.kind.in_(kinds_about(about)), *beyond)
    rows = session.execute(query.order_by(Activity.id.desc()).limit(limit))
    return [_line(row) for row in rows]


def fresh(session: Session, actor: User, scope: str, since: datetime, *, about: str = "") -> list[int]:
    """The ids of what happened since then, the newest first. Read with some overlap: a row may be committed late."""
    query = sa.select(Activity.id).outerjoin(Person, Person.id == Activity.person_id)
    query = query.where(*_visible(actor, scope), Activity.kind.in_(kinds_about(about)), Activity.at >= since)
    return list(session.scalars(query.order_by(Activity.id.desc()).limit(BURST)))


def lines_of(session: Session, ids: Sequence[int]) -> list[FeedLine]:
    """These lines, the newest first, at most a page of them: more at one look is not read by anybody."""
    query = _lines().where(Activity.id.in_(ids[:PAGE])).order_by(Activity.id.desc())
    return [_line(row) for row in session.execute(query)] if ids else []


def kinds_about(about: str) -> tuple[str, ...]:
    """The kinds that a feed shows; a name that means nothing narrows nothing."""
    return tuple(kind for kind in SHOWN if kind.startswith(ABOUT.get(about, ("",))))


def history(session: Session, actor: User, person_id: int, limit: int = 20) -> list[FeedLine]:
    """What happened with one person, the newest first."""
    query = _lines().where(*_team(actor), Activity.person_id == person_id, Activity.kind.in_(SHOWN))
    rows = session.execute(query.order_by(Activity.at.desc(), Activity.id.desc()).limit(limit))
    return [_line(row) for row in rows]


def grouped(lines: Iterable[FeedLine]) -> list[FeedGroup]:
    """Neighbours that are the same thing for one person, or for many people within minutes, are one sentence.

    What one person did with one mail is one sentence too, whatever happened between: “Maria opened it 4 times”.
    """
    runs: list[list[FeedLine]] = []
    looked: dict[tuple[str, int | None], list[FeedLine]] = {}
    for line in lines:
        run = looked.get((line.kind, line.message_id)) if line.kind in REPEATED else None
        if run is None and runs and _belong_together(runs[-1][-1], line):
            run = runs[-1]
        if run is None:
            run = looked[line.kind, line.message_id] = []
            runs.append(run)
        run.append(line)
    return [FeedGroup(run[0], len(run), _people(run)) for run in runs]


def _belong_together(one: FeedLine, other: FeedLine) -> bool:
    same = (one.kind, one.campaign_id, one.source) == (other.kind, other.campaign_id, other.source)
    return same and one.kind != "launch.made" and abs(one.at - other.at) <= TOGETHER


def _people(run: Sequence[FeedLine]) -> int:
    return len({line.person.id for line in run if line.person is not None})


def _lines() -> sa.Select[*tuple[Any, ...]]:
    actor = aliased(User)
    return (
        sa.select(
            Activity,
            Person,
            actor.first_name,
            actor.last_name,
            sa.func.coalesce(sa.func.nullif(Message.subject, ""), Message.edited_subject, "").label(
                "subject"
            ),
            Delivery.name.label("source"),
            Task.name.label("task"),
        )
        .outerjoin(Person, Person.id == Activity.person_id)
        .outerjoin(actor, actor.id == Activity.actor_id)
        .outerjoin(Message, Message.id == Activity.message_id)
        .outerjoin(Delivery, Delivery.id == Message.delivery_id)
        .outerjoin(Task, Task.id == Activity.task_id)
    )


def _line(row: sa.Row[*tuple[Any, ...]]) -> FeedLine:
    happened: Activity = row.Activity
    return FeedLine(
        id=happened.id,
        at=happened.at,
        kind=happened.kind,
        actor=f"{row.first_name or ''} {row.last_name or ''}".strip(),
        person=row.Person,
        subject=row.subject or "",
        source=row.source or "",
        task=row.task or happened.data.get("name", ""),
        message_id=happened.message_id,
        task_id=happened.task_id,
        campaign_id=happened.campaign_id,
        data=happened.data,
    )


def _visible(actor: User, scope: str) -> list[sa.ColumnElement[bool]]:
    if scope == TEAM:
        return _team(actor)
    return [*_team(actor), sa.or_(Person.owner_id == actor.id, Activity.actor_id == actor.id)]


def _team(actor: User) -> list[sa.ColumnElement[bool]]:
    return [] if sees_every_team(actor) else [Activity.team_id == actor.team_id]
