"""What became of the mails of each wording: of a version of a template, wherever its words were used."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.enrollments.explaining.funnels import Funnel
from sales_campaigns.messages.feedback.fates import Fate, fate_of
from sales_campaigns.messages.incoming.models import MailKind, ReceivedMail
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.states import LEFT
from sales_campaigns.tracking.figures import OPENING
from sales_campaigns.tracking.models import EventKind, TrackingEvent


def figures_by_wording(session: Session, team_id: int, wording_ids: Collection[int]) -> Mapping[int, Funnel]:
    """Wording → its mails in campaigns and deliveries of the team; three queries however many there are.

    A mail counts once, whoever opened it how often; a click implies an open, machines are left out.
    """
    mine = (Message.team_id == team_id, Message.wording_id.in_(wording_ids), ~Message.proof)
    found: dict[int | None, Funnel] = {id: Funnel() for id in wording_ids}
    for id, sent, delivered in session.execute(_sent(*mine)):
        found[id].sent, found[id].delivered = sent, delivered
    for id, opened, clicked in session.execute(_noticed(*mine)):
        found[id].opened, found[id].clicked = opened, clicked
    for id, replied in session.execute(_replied(*mine)):
        found[id].replied = replied
    return {id: found[id] for id in wording_ids}


def _sent(*mine: sa.ColumnElement[bool]) -> sa.Select[int | None, int, int]:
    delivered = sa.func.count(sa.case((fate_of() == Fate.SENT.value, Message.id)))
    query = sa.select(Message.wording_id, sa.func.count(), delivered)
    return query.where(*mine, Message.sent_at.is_not(None)).group_by(Message.wording_id)


def _noticed(*mine: sa.ColumnElement[bool]) -> sa.Select[int | None, int, int]:
    clicked = sa.case((TrackingEvent.kind == EventKind.CLICK, Message.id))
    return (
        sa.select(
            Message.wording_id, sa.func.count(sa.distinct(Message.id)), sa.func.count(sa.distinct(clicked))
        )
        .join(TrackingEvent, TrackingEvent.message_id == Message.id)
        .where(*mine, Message.state.in_(LEFT), TrackingEvent.machine == "", TrackingEvent.kind.in_(OPENING))
        .group_by(Message.wording_id)
    )


def _replied(*mine: sa.ColumnElement[bool]) -> sa.Select[int | None, int]:
    """The rule: automatic replies are no replies."""
    return (
        sa.select(Message.wording_id, sa.func.count(sa.distinct(Message.id)))
        .join(ReceivedMail, ReceivedMail.answers_id == Message.id)
        .where(*mine, ReceivedMail.kind == MailKind.REPLY)
        .group_by(Message.wording_id)
    )
