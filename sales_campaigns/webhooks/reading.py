"""Reading webhooks and their calls, for administrators of the team."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require, sees_every_team
from sales_campaigns.errors import NotFound
from sales_campaigns.webhooks.models import CallState, Webhook, WebhookCall, WebhookTry

PAGE = 50


def webhooks_of(session: Session, actor: User) -> Sequence[Webhook]:
    require(actor, "manage_team")
    return session.scalars(
        sa.select(Webhook).where(Webhook.team_id == actor.team_id).order_by(Webhook.id)
    ).all()


def webhook_of(session: Session, actor: User, webhook_id: int) -> Webhook:
    """Raises NotFound for one of another team, NotAllowed for who is no administrator."""
    found = session.get(Webhook, webhook_id)
    if found is None or (found.team_id != actor.team_id and not sees_every_team(actor)):
        raise NotFound
    require(actor, "manage_team")
    return found


def calls_of(
    session: Session,
    webhook: Webhook,
    *,
    state: CallState | None = None,
    before: int | None = None,
    limit: int = PAGE,
) -> Sequence[WebhookCall]:
    """The newest first."""
    query = sa.select(WebhookCall).where(WebhookCall.webhook_id == webhook.id)
    if state is not None:
        query = query.where(WebhookCall.state == state)
    if before is not None:
        query = query.where(WebhookCall.id < before)
    return session.scalars(query.order_by(WebhookCall.id.desc()).limit(limit)).all()


def call_of(session: Session, actor: User, call_id: int) -> WebhookCall:
    """Raises NotFound for a call to another team's webhook."""
    call = session.get(WebhookCall, call_id)
    if call is None:
        raise NotFound
    webhook_of(session, actor, call.webhook_id)
    return call


def tries_of(session: Session, call: WebhookCall) -> Sequence[WebhookTry]:
    """In order."""
    return session.scalars(
        sa.select(WebhookTry).where(WebhookTry.call_id == call.id).order_by(WebhookTry.id)
    ).all()


def last_answers(session: Session, calls: Sequence[WebhookCall]) -> dict[int, WebhookTry]:
    """Call → its last try, in one query."""
    newest = (
        sa.select(sa.func.max(WebhookTry.id))
        .where(WebhookTry.call_id.in_([call.id for call in calls]))
        .group_by(WebhookTry.call_id)
    )
    return {
        one.call_id: one for one in session.scalars(sa.select(WebhookTry).where(WebhookTry.id.in_(newest)))
    }
