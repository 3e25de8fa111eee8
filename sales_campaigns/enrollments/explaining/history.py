"""What one person went through: campaigns with all their dates, mails with what became of them, tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import sees_every_team
from sales_campaigns.campaigns.lanes import in_words
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.content.models import Wording
from sales_campaigns.enrollments.explaining.dates_ahead import StepDate, dates_of, next_of
from sales_campaigns.enrollments.explaining.places_ahead import placed_ahead
from sales_campaigns.enrollments.explaining.surroundings import surroundings_of
from sales_campaigns.enrollments.holding import WROTE
from sales_campaigns.enrollments.models import Enrollment, EnrollmentState, Launch
from sales_campaigns.enrollments.states import UNDER_WAY
from sales_campaigns.enrollments.ways import ways_of
from sales_campaigns.errors import NotFound
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.outbox.folders import folder_of
from sales_campaigns.messages.outbox.lines import MailLine
from sales_campaigns.people.models import Person
from sales_campaigns.tasks.models import Task, TaskState

PAGE = 50


@dataclass(frozen=True, slots=True)
class WayLine:
    """One person's way through one campaign, step by step; `next` is the first step that is not over."""

    enrollment: Enrollment
    campaign: Campaign
    launch: Launch
    sender: str
    dates: list[StepDate]
    next: StepDate | None


@dataclass(frozen=True, slots=True)
class TaskOfPerson:
    task: Task
    assignee: str


def campaigns_of(session: Session, person: Person, now: datetime, limit: int = PAGE) -> list[WayLine]:
    """The person's ways, those under way first, then the newest; the same queries however many there are."""
    under_way = sa.case((Enrollment.state.in_(UNDER_WAY), 0), else_=1)
    query = sa.select(Enrollment.id).where(Enrollment.person_id == person.id)
    ids = session.scalars(query.order_by(under_way, Enrollment.id.desc()).limit(limit)).all()
    known = {line.enrollment.id: line for line in _lines(session, ids, now)}
    return [known[id] for id in ids]


def way_of(session: Session, actor: User, enrollment_id: int, now: datetime) -> tuple[Person, WayLine]:
    """One person's way and who goes it. Raises NotFound for one of another team."""
    found = session.execute(
        sa.select(Enrollment, Person)
        .join(Person, Person.id == Enrollment.person_id)
        .where(Enrollment.id == enrollment_id)
    ).first()
    if found is None or not (sees_every_team(actor) or found.Enrollment.team_id == actor.team_id):
        raise NotFound("This person is not in a campaign of your team there.")
    return found.Person, _lines(session, [enrollment_id], now)[0]


def followed_by(session: Session, enrollment: Enrollment) -> int | None:
    """The enrollment that a restart or a move has put in the place of this one."""
    query = sa.select(sa.func.max(Enrollment.id)).where(Enrollment.after_id == enrollment.id)
    return session.scalar(query)


def held_of(session: Session, person: Person) -> list[tuple[Enrollment, Campaign]]:
    """What is held because this person wrote, with its campaign."""
    rows = session.execute(
        sa.select(Enrollment, Campaign)
        .join(Campaign, Campaign.id == Enrollment.campaign_id)
        .where(
            Enrollment.person_id == person.id,
            Enrollment.state == EnrollmentState.HELD,
            Enrollment.why == WROTE,
        )
        .order_by(Enrollment.id)
    )
    return [(enrollment, campaign) for enrollment, campaign in rows]


def mails_to(session: Session, person: Person, now: datetime, limit: int = PAGE) -> list[MailLine]:
    """Everything mailed to this person or about to be, the newest first."""
    rows = session.execute(
        sa.select(Message, User)
        .join(User, User.id == Message.sender_id)
        .where(Message.person_id == person.id, ~Message.proof)
        .order_by(Message.id.desc())
        .limit(limit)
    )
    return [MailLine(message, person, user.name, folder_of(message, now)) for message, user in rows]


def subjects_ahead(session: Session, lines: Sequence[MailLine]) -> dict[int, str]:
    """Message → its subject with fields in words, for mails that have not got theirs yet; one query."""
    wanted = [line.message.id for line in lines if not line.subject]
    query = sa.select(Message.id, Wording.subject).join(Wording, Wording.id == Message.wording_id)
    rows = session.execute(query.where(Message.id.in_(wanted)))
    return {row.id: in_words(row.subject) or "Follow-up" for row in rows}


def tasks_ended(session: Session, person: Person, limit: int = PAGE) -> list[TaskOfPerson]:
    """What is over of the tasks about this person, the newest first."""
    rows = session.execute(
        sa.select(Task, User)
        .join(User, User.id == Task.assignee_id)
        .where(Task.person_id == person.id, Task.state != TaskState.OPEN)
        .order_by(Task.ended_at.desc(), Task.id.desc())
        .limit(limit)
    )
    return [TaskOfPerson(task, user.name) for task, user in rows]


def _lines(session: Session, enrollment_ids: Sequence[int], now: datetime) -> list[WayLine]:
    ways = ways_of(session, enrollment_ids)
    known = surroundings_of(session, ways, now)
    wanted = {way.enrollment.sender_id for way in ways}
    senders = {user.id: user.name for user in session.scalars(sa.select(User).where(User.id.in_(wanted)))}
    ahead = placed_ahead(session, ways, now)
    lines = []
    for way in ways:
        dates, one = dates_of(way, known, ahead[way.enrollment.id]), way.enrollment
        lines.append(WayLine(one, way.campaign, way.launch, senders[one.sender_id], dates, next_of(dates)))
    return lines
