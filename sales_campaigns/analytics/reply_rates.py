"""Of the people that campaigns have written to, how many answered: one column of the list of campaigns."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.analytics.reading import SENT
from sales_campaigns.analytics.report import Activity
from sales_campaigns.messages.incoming.models import MailKind, ReceivedMail
from sales_campaigns.messages.models import Message


def answered_by_campaign(session: Session, campaign_ids: Collection[int]) -> Mapping[int, Activity]:
    """Campaign → the people who got its mails and those who answered, since it began: two queries for all of them.

    The rule: unique figures count people; auto-replies are no replies.
    """
    mails = sa.select(Message.campaign_id, _people(Message)).where(
        Message.campaign_id.in_(campaign_ids), *SENT
    )
    answers = sa.select(ReceivedMail.campaign_id, _people(ReceivedMail)).where(
        ReceivedMail.campaign_id.in_(campaign_ids), ReceivedMail.kind == MailKind.REPLY
    )
    written = _by_campaign(session, mails.group_by(Message.campaign_id))
    repliers = _by_campaign(session, answers.group_by(ReceivedMail.campaign_id))
    return {id: Activity(people=number, repliers=repliers.get(id, 0)) for id, number in written.items()}


def _people(rows: Any) -> sa.ColumnElement[int]:
    return sa.func.count(sa.distinct(rows.person_id))


def _by_campaign(session: Session, query: sa.Select[*tuple[Any, ...]]) -> dict[int, int]:
    return {campaign_id: number for campaign_id, number in session.execute(query)}  # noqa: C416
