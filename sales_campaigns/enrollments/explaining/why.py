"""Why? For one step of one person, or one mail: the trace as things stand, and what has happened so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import sees_every_team
from sales_campaigns.activity import Activity
from sales_campaigns.campaigns.models import Campaign, Step
from sales_campaigns.campaigns.planner import Planned
from sales_campaigns.enrollments.explaining.day_places import limit_words
from sales_campaigns.enrollments.explaining.places_ahead import placed_ahead
from sales_campaigns.enrollments.explaining.step_traces import step_trace
from sales_campaigns.enrollments.explaining.surroundings import Surroundings, surroundings_of
from sales_campaigns.enrollments.models import Enrollment, StepRun
from sales_campaigns.enrollments.models import StepRunState as R
from sales_campaigns.enrollments.ways import Way, ways_of
from sales_campaigns.errors import NotFound
from sales_campaigns.messages.explaining.mail_traces import chosen_time, mail_trace
from sales_campaigns.messages.explaining.sendings import sendings_of
from sales_campaigns.messages.explaining.trace import Trace
from sales_campaigns.messages.models import Attempt
from sales_campaigns.messages.outbox.lines import message_of
from sales_campaigns.messages.states import WAITING
from sales_campaigns.people.models import Person
from sales_campaigns.tasks.models import Task

TRIES = {
    "accept": "taken",
    "relay": "taken",
    "retry": "refused for now",
    "fail": "refused",
    "put_back": "not tried",
}
TOLD_BY_TRIES = {"message.sent", "message.relayed", "message.retrying"}


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of what has happened: when, what, by whom ("" is by itself), and in whose words."""

    at: datetime
    what: str
    who: str
    words: str


@dataclass(frozen=True, slots=True)
class Explained:
    """A step or a mail, its trace, and what has happened; `zone` is the one its local times are in."""

    title: str
    place: str
    person: Person
    campaign: Campaign | None
    enrollment_id: int | None
    step_key: str | None
    message_id: int | None
    task_id: int | None
    zone: str
    trace: Trace
    happened: tuple[Happened, ...] = ()


def why_step(
    session: Session, actor: User, enrollment_id: int, key: str, now: datetime, speed: float = 1.0
) -> Explained:
    """One step of one way. Raises NotFound for one of another team, or a step that the campaign does not have."""
    team = _team_of(session, enrollment_id)
    if team is None or not (sees_every_team(actor) or team == actor.team_id):
        raise NotFound("This person is not in a campaign of your team there.")
    [way] = ways_of(session, [enrollment_id])
    step = next((step for step in way.steps if step.key == key), None)
    if step is None:
        raise NotFound("The campaign has no such step for this person.")
    known = _with_numbers(session, way, now, speed, key)
    explained = _explain(session, way, step, known, placed_ahead(session, [way], now)[enrollment_id])
    told = happened(session, explained.person.id, explained.message_id, explained.task_id)
    return replace(explained, happened=told)


def why_message(
    session: Session, actor: User, message_id: int, now: datetime, speed: float = 1.0
) -> Explained:
    """One mail. Raises NotFound for one of another team."""
    message = message_of(session, actor, message_id)
    run = session.scalar(
        sa.select(StepRun).where(StepRun.message_id == message.id, StepRun.state != R.CANCELLED)
    )
    if run is not None and not message.proof:
        return why_step(session, actor, run.enrollment_id, run.step_key, now, speed)
    sending = sendings_of(session, [message], now, speed)[message.id]
    return Explained(
        title=message.subject or message.edited_subject or "E-mail",
        place="a test mail" if message.proof else "",
        person=session.get_one(Person, message.person_id),
        campaign=session.get(Campaign, message.campaign_id) if message.campaign_id else None,
        enrollment_id=message.enrollment_id,
        step_key=None,
        message_id=message.id,
        task_id=None,
        zone=message.zone,
        trace=mail_trace(message, sending, [chosen_time(message, sending)]),
        happened=happened(session, message.person_id, message.id, None),
    )


def why_task(session: Session, actor: User, task_id: int, now: datetime, speed: float = 1.0) -> Explained:
    """The step, or the mail, that a task belongs to. Raises NotFound for one of another team or that stands alone."""
    task = session.get(Task, task_id)
    if task is None or not (sees_every_team(actor) or task.team_id == actor.team_id):
        raise NotFound("This task is not there, or it belongs to another team.")
    run = session.get(StepRun, task.step_run_id) if task.step_run_id else None
    if run is not None:
        return why_step(session, actor, run.enrollment_id, run.step_key, now, speed)
    if task.message_id is None:
        raise NotFound("This task belongs to no campaign and has no mail: it waits for nothing but you.")
    return why_message(session, actor, task.message_id, now, speed)


def why_person(
    session: Session, person: Person, now: datetime, campaign: str = "", speed: float = 1.0
) -> list[Explained]:
    """Every step of every way of a person whom the caller may see, the newest way first; of one campaign if named.

    Without what has happened: the same number of queries however many steps there are.
    """
    query = sa.select(Enrollment.id).where(Enrollment.person_id == person.id)
    if campaign:
        query = query.join(Campaign, Campaign.id == Enrollment.campaign_id).where(Campaign.name == campaign)
    ways = ways_of(session, session.scalars(query).all())
    known = surroundings_of(session, ways, now, speed)
    ahead = placed_ahead(session, ways, now)
    dates = [(way, ahead[way.enrollment.id]) for way in reversed(ways)]
    return [_explain(session, way, step, known, planned) for way, planned in dates for step in way.steps]


def happened(
    session: Session, person_id: int, message_id: int | None, task_id: int | None
) -> tuple[Happened, ...]:
    """Attempts with the server's words, and activity with who did it, in order of time."""
    tries = _tries(session, message_id) if message_id else []
    return tuple(sorted([*tries, *_told(session, person_id, message_id, task_id)], key=lambda one: one.at))


def _team_of(session: Session, enrollment_id: int) -> int | None:
    return session.scalar(sa.select(Enrollment.team_id).where(Enrollment.id == enrollment_id))


def _with_numbers(session: Session, way: Way, now: datetime, speed: float, key: str) -> Surroundings:
    """For one step it is worth counting how its mail stands in the daily limit."""
    known, run = surroundings_of(session, [way], now, speed), way.runs.get(key)
    message = known.messages.get(run.message_id or 0) if run is not None else None
    if run is None or message is None or run.is_task or message.state not in WAITING:
        return known
    return replace(known, limits={message.id: limit_words(session, run, message)})


def _explain(
    session: Session, way: Way, step: Step, known: Surroundings, ahead: Mapping[int, Planned]
) -> Explained:
    run, enrollment = way.runs.get(step.key), way.enrollment
    message_id, task_id = (run.message_id, run.task_id) if run else (None, None)
    return Explained(
        title=known.titles[way.version.id][step.position],
        place=f"day {step.day}, step {step.number}",
        person=session.get_one(Person, enrollment.person_id),
        campaign=way.campaign,
        enrollment_id=enrollment.id,
        step_key=step.key,
        message_id=message_id,
        task_id=task_id,
        zone=enrollment.zone,
        trace=step_trace(known, way, step, ahead.get(step.position)),
    )


def _tries(session: Session, message_id: int) -> Sequence[Happened]:
    rows = session.scalars(sa.select(Attempt).where(Attempt.message_id == message_id).order_by(Attempt.id))
    return [
        Happened(one.at, f"try {one.number}: {TRIES.get(one.outcome, 'no answer')}", "", one.words)
        for one in rows
    ]


def _told(
    session: Session, person_id: int, message_id: int | None, task_id: int | None
) -> Iterable[Happened]:
    about = [
        column == id
        for column, id in ((Activity.message_id, message_id), (Activity.task_id, task_id))
        if id is not None
    ]
    if not about:
        return []
    rows = session.execute(
        sa.select(Activity, User)
        .outerjoin(User, User.id == Activity.actor_id)
        .where(Activity.person_id == person_id, sa.or_(*about), Activity.kind.not_in(TOLD_BY_TRIES))
        .order_by(Activity.id)
    )
    return [
        Happened(row.at, row.kind.replace(".", " ").replace("_", " "), user.name if user else "", _words(row))
        for row, user in rows
    ]


def _words(row: Activity) -> str:
    return str(row.data.get("words") or row.data.get("cause") or "")
