"""From what happened to calls that wait: rows of activity are claimed by their flag, never by counting up ids."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.activity import Activity
from sales_campaigns.claims import claim
from sales_campaigns.clock import machine_now
from sales_campaigns.people.address_rows import insert_missing
from sales_campaigns.unit_of_work import UnitOfWork
from sales_campaigns.webhooks.models import Webhook, WebhookCall

BATCH = 500
IDS = ("actor_id", "team_id", "person_id", "campaign_id", "enrollment_id", "message_id", "task_id")


def something_untold(session: Session) -> bool:
    return bool(session.scalar(sa.select(sa.exists().where(Activity.untold))))


def tell_webhooks(uow: UnitOfWork) -> int:
    """One batch of what happened becomes calls; how many rows of activity there were."""
    ids = claim(
        uow.session,
        Activity,
        Activity.untold,
        order=(Activity.id,),
        limit=BATCH,
        values={"untold": False},
    )
    rows = uow.session.scalars(sa.select(Activity).where(Activity.id.in_(ids)).order_by(Activity.id)).all()
    calls = list(_calls(uow.session, rows))
    if calls:
        uow.session.execute(insert_missing(uow.session, WebhookCall), calls)
    return len(ids)


def wants(kinds: Sequence[str], kind: str) -> bool:
    """Whether a webhook with these kinds is told of this one: all of it, or how it begins up to a dot."""
    return not kinds or any(kind == one or (one.endswith(".") and kind.startswith(one)) for one in kinds)


def payload_of(row: Activity) -> dict[str, Any]:
    """What the receiver reads."""
    ids = {name: getattr(row, name) for name in IDS}
    return {"id": row.id, "kind": row.kind, "at": row.at.isoformat(), **ids, "data": row.data}


def _calls(session: Session, rows: Sequence[Activity]) -> Iterator[dict[str, Any]]:
    hooks = session.scalars(sa.select(Webhook).where(Webhook.active)).all()
    now = machine_now()
    for row in rows:
        for hook in hooks:
            if hook.team_id == row.team_id and wants(hook.kinds, row.kind):
                yield {
                    "webhook_id": hook.id,
                    "activity_id": row.id,
                    "kind": row.kind,
                    "payload": payload_of(row),
                    "state": "waiting",
                    "created_at": now,
                    "asked_at": now,
                    "due_at": now,
                    "tries": 0,
                }
