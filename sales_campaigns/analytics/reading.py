"""Counting what was done and what came of it, in flat queries: by rep, by campaign, by template.

Opens and clicks are counted where they are tracked; here stands what every mailbox can tell.
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
from sales_campaigns.campaigns.models import Campaign, Step
from sales_campaigns.enrollments.models import Launch, StepRun
from sales_campaigns.messages.incoming.models import MailKind, ReceivedMail
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.messages.states import LEFT
from sales_campaigns.tasks.models import Task, TaskKind, TaskState

Counted = dict[Any, dict[str, int]]
SENT = (Message.state.in_(LEFT), ~Message.proof)
BOUNCED = (Message.state == MessageState.FAILED, Message.sent_at.is_not(None), ~Message.proof)


def figures_by_user(session: Session, actor: User, period: Period) -> Mapping[int, Activity]:
    """User of the actor's team → what they did; six queries however many there are."""
    found: Counted = defaultdict(dict)
    mine = Message.team_id == actor.team_id
    _count_mails(session, found, actor, period, Message.sender_id, mine)
    _count_replies(session, found, actor, period, ReceivedMail.user_id, ReceivedMail.team_id == actor.team_id)
    _count_launches(session, found, actor, period, Launch.user_id)
    _count_tasks(session, found, actor, period)
    return _activities(found)


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
    _count_replies(session, found, actor, period, ReceivedMail.campaign_id, *answers)
    _count_launches(session, found, actor, period, Launch.campaign_id, user_id)
    return _activities(found)


def figures_by_template(session: Session, actor: User, period: Period) -> dict[str, Activity]:
    """Name of a template → what came of the campaign mails that were made from it."""
    found: Counted = defaultdict(dict)
    of_step = (Message.team_id == actor.team_id, Step.from_template != "")
    joined = (StepRun, StepRun.message_id == Message.id), (Step, Step.id == StepRun.step_id)
    _count_mails(session, found, actor, period, Step.from_template, *of_step, joins=joined)
    start, end = period.span(actor.zone)
    query = (
        sa.select(
            Step.from_template,
            sa.func.count(ReceivedMail.id),
            sa.func.count(sa.distinct(ReceivedMail.person_id)),
        )
        .select_from(ReceivedMail)
        .join(StepRun, StepRun.message_id == ReceivedMail.answers_id)
        .join(Step, Step.id == StepRun.step_id)
        .where(ReceivedMail.team_id == actor.team_id, *_answers(start, end), Step.from_template != "")
        .group_by(Step.from_template)
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
            query = query.join(target, on)
        query = query.where(*where, *which, Message.sent_at >= start, Message.sent_at < end).group_by(by)
        for key, total, people in session.execute(query):
            found[key] |= {name: number for name, number in zip(names, (total, people), strict=True) if name}


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


def _count_tasks(session: Session, found: Counted, actor: User, period: Period) -> None:
    start, end = period.span(actor.zone)
    calls = sa.func.count(sa.case((Task.kind == TaskKind.CALL, Task.id)))
    query = (
        sa.select(Task.assignee_id, sa.func.count(), calls)
        .where(
            Task.team_id == actor.team_id,
            Task.state == TaskState.COMPLETED,
            Task.ended_at >= start,
            Task.ended_at < end,
        )
        .group_by(Task.assignee_id)
    )
    for key, total, called in session.execute(query):
        found[key] |= {"tasks": total, "calls": called}


def _activities(found: Counted) -> dict[Any, Activity]:
    return {key: Activity(**counted) for key, counted in found.items()}
