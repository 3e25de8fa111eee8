"""Counting what was done and what came of it, in flat queries: by rep, by campaign, by template, of the team.

What was noticed counts on the day it happened, whenever the mail left.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.analytics.periods import Period
from sales_campaigns.analytics.report import Activity
from sales_campaigns.campaigns.models import Campaign, Step, StepVariant
from sales_campaigns.content.models import Template
from sales_campaigns.enrollments.models import Launch, StepRun
from sales_campaigns.messages.incoming.models import MailKind, ReceivedMail
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.messages.states import LEFT
from sales_campaigns.tasks.models import Task, TaskKind, TaskState
from sales_campaigns.tracking.figures import LOOKING, OPENING
from sales_campaigns.tracking.models import EventKind, TrackingEvent

Counted = dict[Any, dict[str, int]]
SENT = (Message.state.in_(LEFT), ~Message.proof)
# The template that a mail's words were taken from: its variant's, else the step's.
_TEMPLATE_ID = sa.case((StepVariant.id.is_not(None), StepVariant.template_id), else_=Step.template_id)
TEMPLATE = sa.func.coalesce(
    sa.select(Template.name)
    .where(Template.id == _TEMPLATE_ID)
    .correlate(Step, StepVariant)
    .scalar_subquery(),
    StepVariant.from_template,
    Step.from_template,
)
OF_VARIANT = sa.and_(StepVariant.step_id == Step.id, StepVariant.key == Message.variant)
MADE_FROM = (
    (StepRun, StepRun.message_id == Message.id),
    (Step, Step.id == StepRun.step_id),
    (StepVariant, OF_VARIANT),
)
HUMAN = TrackingEvent.machine == ""
CLICKED = TrackingEvent.kind == EventKind.CLICK
NOTICED: dict[str, sa.ColumnElement[int]] = {
    "openers": sa.func.count(
        sa.distinct(sa.case((sa.and_(HUMAN, TrackingEvent.kind.in_(OPENING)), Message.person_id)))
    ),
    "clickers": sa.func.count(sa.distinct(sa.case((sa.and_(HUMAN, CLICKED), Message.person_id)))),
    "opens": sa.func.count(sa.case((sa.and_(HUMAN, TrackingEvent.kind.in_(LOOKING)), TrackingEvent.id))),
    "clicks": sa.func.count(sa.case((sa.and_(HUMAN, CLICKED), TrackingEvent.id))),
    "machine_opens": sa.func.count(
        sa.case((sa.and_(~HUMAN, TrackingEvent.kind == EventKind.OPEN), TrackingEvent.id))
    ),
    "machine_clicks": sa.func.count(sa.case((sa.and_(~HUMAN, CLICKED), TrackingEvent.id))),
}
BOUNCED = (Message.state == MessageState.FAILED, Message.sent_at.is_not(None), ~Message.proof)


def figures_by_user(session: Session, actor: User, period: Period) -> Mapping[int, Activity]:
    """User of the actor's team → what they did; seven queries however many there are."""
    found: Counted = defaultdict(dict)
    mine = Message.team_id == actor.team_id
    _count_mails(session, found, actor, period, Message.sender_id, mine)
    _count_noticed(session, found, actor, period, Message.sender_id, mine)
    _count_replies(session, found, actor, period, ReceivedMail.user_id, ReceivedMail.team_id == actor.team_id)
    _count_launches(session, found, actor, period, Launch.user_id)
    _count_tasks(session, found, actor, period, Task.assignee_id)
    return _activities(found)


def figures_of_team(session: Session, actor: User, period: Period) -> Activity:
    """Everything that the actor's team did, each person counted once."""
    found: Counted = defaultdict(dict)
    mine = Message.team_id == actor.team_id
    _count_mails(session, found, actor, period, Message.team_id, mine)
    _count_noticed(session, found, actor, period, Message.team_id, mine)
    _count_replies(session, found, actor, period, ReceivedMail.team_id, ReceivedMail.team_id == actor.team_id)
    _count_launches(session, found, actor, period, Launch.team_id)
    _count_tasks(session, found, actor, period, Task.team_id)
    return Activity(**found[actor.team_id])


def figures_by_campaign(
    session: Session, actor: User, period: Period, user_id: int | None
) -> dict[int, Activity]:
    """Campaign → what came of it, of everybody in the team or of one user."""
    found: Counted = defaultdict(dict)
    mails = [Message.team_id == actor.team_id, Message.campaign_id.is_not(None)]
    answers = [ReceivedMail.team_id == actor.team_id, ReceivedMail.campaign_id.is_not(None)]
    if user_id is not None:
        mails.append(Message.sender_id == user_id)
        answers.append(ReceivedMail.user_id == user_id)
    _count_mails(session, found, actor, period, Message.campaign_id, *mails)
    _count_noticed(session, found, actor, period, Message.campaign_id, *mails)
    _count_replies(session, found, actor, period, ReceivedMail.campaign_id, *answers)
    _count_launches(session, found, actor, period, Launch.campaign_id, user_id)
    return _activities(found)


def figures_by_template(session: Session, actor: User, period: Period) -> dict[str, Activity]:
    """Name of a template → what came of the campaign mails that were made from it."""
    found: Counted = defaultdict(dict)
    of_step = (Message.team_id == actor.team_id, TEMPLATE != "")
    _count_mails(session, found, actor, period, TEMPLATE, *of_step, joins=MADE_FROM)
    _count_noticed(session, found, actor, period, TEMPLATE, *of_step, joins=MADE_FROM)
    start, end = period.span(actor.zone)
    query = (
        sa.select(
            TEMPLATE,
            sa.func.count(ReceivedMail.id),
            sa.func.count(sa.distinct(ReceivedMail.person_id)),
        )
        .select_from(ReceivedMail)
        .join(Message, Message.id == ReceivedMail.answers_id)
        .join(StepRun, StepRun.message_id == Message.id)
        .join(Step, Step.id == StepRun.step_id)
        .outerjoin(StepVariant, OF_VARIANT)
        .where(ReceivedMail.team_id == actor.team_id, *_answers(start, end), TEMPLATE != "")
        .group_by(TEMPLATE)
    )
    for key, total, people in session.execute(query):
        found[key] |= {"replies": total, "repliers": people}
    return _activities(found)


def campaign_names(session: Session, actor: User) -> dict[int, str]:
    rows = session.execute(
        sa.select(Campaign.id, Campaign.name).where(Campaign.team_id == actor.team_id).order_by(Campaign.name)
    )
    return {row.id: row.name for row in rows}


def _count_mails(
    session: Session,
    found: Counted,
    actor: User,
    period: Period,
    by: Any,
    *where: sa.ColumnElement[bool],
    joins: tuple[Any, ...] = (),
) -> None:
    start, end = period.span(actor.zone)
    for names, which in ((("sent", "people"), SENT), (("bounced", ""), BOUNCED)):
        query = sa.select(by, sa.func.count(), sa.func.count(sa.distinct(Message.person_id))).select_from(
            Message
        )
        for target, on in joins:
            query = query.outerjoin(target, on)
        query = query.where(*where, *which, Message.sent_at >= start, Message.sent_at < end).group_by(by)
        for key, total, people in session.execute(query):
            found[key] |= {name: number for name, number in zip(names, (total, people), strict=True) if name}


def _count_noticed(
    session: Session,
    found: Counted,
    actor: User,
    period: Period,
    by: Any,
    *where: sa.ColumnElement[bool],
    joins: tuple[Any, ...] = (),
) -> None:
    """Opens and clicks. The rule: a click implies an open; machines stand beside."""
    start, end = period.span(actor.zone)
    query = (
        sa.select(by, *(column.label(name) for name, column in NOTICED.items()))
        .select_from(TrackingEvent)
        .join(Message, Message.id == TrackingEvent.message_id)
    )
    for target, on in joins:
        query = query.outerjoin(target, on)
    query = query.where(*where, *SENT, TrackingEvent.at >= start, TrackingEvent.at < end).group_by(by)
    for key, *figures in session.execute(query):
        found[key] |= dict(zip(NOTICED, figures, strict=True))


def _count_replies(
    session: Session, found: Counted, actor: User, period: Period, by: Any, *where: sa.ColumnElement[bool]
) -> None:
    start, end = period.span(actor.zone)
    query = (
        sa.select(by, sa.func.count(), sa.func.count(sa.distinct(ReceivedMail.person_id)))
        .where(*where, *_answers(start, end))
        .group_by(by)
    )
    for key, total, people in session.execute(query):
        found[key] |= {"replies": total, "repliers": people}


def _answers(start: Any, end: Any) -> tuple[sa.ColumnElement[bool], ...]:
    """The rule: auto-replies are no replies."""
    return ReceivedMail.kind == MailKind.REPLY, ReceivedMail.at >= start, ReceivedMail.at < end


def _count_launches(
    session: Session, found: Counted, actor: User, period: Period, by: Any, user_id: int | None = None
) -> None:
    start, end = period.span(actor.zone)
    query = sa.select(by, sa.func.sum(Launch.started)).where(
        Launch.team_id == actor.team_id, Launch.at >= start, Launch.at < end, Launch.taken_back_at.is_(None)
    )
    if user_id is not None:
        query = query.where(Launch.user_id == user_id)
    for key, people in session.execute(query.group_by(by)):
        found[key]["launched"] = int(people or 0)


def _count_tasks(session: Session, found: Counted, actor: User, period: Period, by: Any) -> None:
    start, end = period.span(actor.zone)
    calls = sa.func.count(sa.case((Task.kind == TaskKind.CALL, Task.id)))
    query = (
        sa.select(by, sa.func.count(), calls)
        .where(
            Task.team_id == actor.team_id,
            Task.state == TaskState.COMPLETED,
            Task.ended_at >= start,
            Task.ended_at < end,
        )
        .group_by(by)
    )
    for key, total, called in session.execute(query):
        found[key] |= {"tasks": total, "calls": called}


def _activities(found: Counted) -> dict[Any, Activity]:
    return {key: Activity(**counted) for key, counted in found.items()}
