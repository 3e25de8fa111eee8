"""Recommended templates: the shared ones that were answered most, by their own figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.content.models import Template, TemplateVersion
from sales_campaigns.content.template_list import visible_to
from sales_campaigns.messages.incoming.models import MailKind, ReceivedMail
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.states import LEFT

WINDOW = timedelta(days=90)
FLOOR = 50  # mails: below it a rate is chance
MOST = 5


@dataclass(frozen=True, slots=True)
class Recommended:
    """A template with its figures of the last 90 days: mails that left with its words, and those that were answered."""

    id: int
    name: str
    sent: int
    answered: int

    @property
    def rate(self) -> float:
        return self.answered / self.sent

    @property
    def figures(self) -> str:
        """ "8 % of 63 mails answered in 90 days"."""
        return f"{self.rate * 100:.0f} % of {self.sent:,} mails answered in {WINDOW.days} days"


def recommended(session: Session, actor: User, now: datetime) -> Sequence[Recommended]:
    """The rule: shared templates with at least 50 mails sent in 90 days, the highest share of answered ones first.

    A mail counts for the template whose words it left with, in any version, unless a rep rewrote it. In one query.
    """
    answered = sa.exists().where(ReceivedMail.answers_id == Message.id, ReceivedMail.kind == MailKind.REPLY)
    said = (
        sa.select(TemplateVersion.template_id, TemplateVersion.wording_id)
        .join(Template, Template.id == TemplateVersion.template_id)
        .where(visible_to(actor), Template.shared, Template.archived_at.is_(None))
        .distinct()
        .subquery()
    )
    sent, replies = sa.func.count(Message.id), sa.func.count(sa.case((answered, Message.id)))
    query = (
        sa.select(Template.id, Template.name, sent, replies)
        .select_from(said)
        .join(Template, Template.id == said.c.template_id)
        .join(
            Message,
            sa.and_(Message.wording_id == said.c.wording_id, Message.team_id == Template.team_id),
        )
        .where(
            Message.state.in_(LEFT),
            Message.sent_at >= now - WINDOW,
            Message.edited_html.is_(None),
            sa.not_(Message.proof),
        )
        .group_by(Template.id, Template.name)
        .having(sent >= FLOOR, replies > 0)
        .order_by((replies * 1.0 / sent).desc(), sent.desc(), Template.id)
        .limit(MOST)
    )
    return [Recommended(*row) for row in session.execute(query)]
