"""All that decides about the steps of many ways, read in flat queries: what explains them asks the database no more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.campaigns.checks import wordings_of
from sales_campaigns.campaigns.lanes import in_words, titles_of
from sales_campaigns.campaigns.models import CampaignVersion
from sales_campaigns.campaigns.versions import drafts_of
from sales_campaigns.content.models import Wording
from sales_campaigns.enrollments.ways import Way
from sales_campaigns.messages.explaining.mail_gates import Sending
from sales_campaigns.messages.explaining.sendings import sendings_of
from sales_campaigns.messages.models import Message
from sales_campaigns.presence import time_is_kept
from sales_campaigns.tasks.models import Task


@dataclass(frozen=True)
class Surroundings:
    """By id: messages, what is known of them, tasks with whose they are; and the titles of steps by version.

    `limits` are how mails stand in the daily limit, in words, where that was counted. `subjects` are those of variants
    by their wording, with fields in words.
    """

    now: datetime
    keeps_time: bool
    messages: Mapping[int, Message]
    sendings: Mapping[int, Sending]
    tasks: Mapping[int, tuple[Task, str]]
    titles: Mapping[int, Sequence[str]]
    limits: Mapping[int, str] = field(default_factory=dict)
    subjects: Mapping[int, str] = field(default_factory=dict)


def surroundings_of(session: Session, ways: Sequence[Way], now: datetime, speed: float = 1.0) -> Surroundings:
    """The same number of queries however many ways there are."""
    messages = _messages(session, ways)
    return Surroundings(
        now=now,
        keeps_time=time_is_kept(session),
        messages=messages,
        sendings=sendings_of(session, messages.values(), now, speed),
        tasks=_tasks(session, ways),
        titles=titles_by_version(session, ways),
        subjects=_subjects(session, ways),
    )


def titles_by_version(session: Session, ways: Iterable[Way]) -> dict[int, list[str]]:
    """Version → what its steps are called; one query however many versions there are."""
    versions: dict[int, CampaignVersion] = {way.version.id: way.version for way in ways}
    drafts = {id: drafts_of(version) for id, version in versions.items()}
    wordings = wordings_of(session, tuple(step for steps in drafts.values() for step in steps))
    return {id: titles_of(steps, wordings) for id, steps in drafts.items()}


def _subjects(session: Session, ways: Iterable[Way]) -> dict[int, str]:
    ids = {one.wording_id for way in ways for step in way.steps for one in step.variants}
    if not ids:
        return {}
    rows = session.execute(sa.select(Wording.id, Wording.subject).where(Wording.id.in_(ids)))
    return {row.id: in_words(row.subject) for row in rows}


def _messages(session: Session, ways: Iterable[Way]) -> dict[int, Message]:
    ids = [run.message_id for way in ways for run in way.runs.values() if run.message_id]
    return {row.id: row for row in session.scalars(sa.select(Message).where(Message.id.in_(ids)))}


def _tasks(session: Session, ways: Iterable[Way]) -> dict[int, tuple[Task, str]]:
    ids = [run.task_id for way in ways for run in way.runs.values() if run.task_id]
    rows = session.execute(
        sa.select(Task, User).join(User, User.id == Task.assignee_id).where(Task.id.in_(ids))
    )
    return {task.id: (task, user.name) for task, user in rows}
