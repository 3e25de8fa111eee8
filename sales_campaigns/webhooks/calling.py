"""Make the calls that are due: claimed, made with no transaction open, recorded."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.claims import claim, lease_until
from sales_campaigns.clock import machine_now
from sales_campaigns.errors import Outside
from sales_campaigns.lifecycle import move_many
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.ports.programs import HookAnswer, HookCaller
from sales_campaigns.unit_of_work import UnitOfWork, unit_of_work
from sales_campaigns.webhooks.backing_off import next_try
from sales_campaigns.webhooks.models import CallState, Webhook, WebhookCall, WebhookTry
from sales_campaigns.webhooks.signing import headers_of
from sales_campaigns.webhooks.states import CALL

BATCH = 20
LEASE_SECONDS = 300  # more than a batch takes when every receiver keeps silent
KEPT_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class _Ready:
    call_id: int
    url: str
    body: bytes
    headers: dict[str, str]


def webhooks_due(room: PostRoom) -> Sequence[int]:
    """Whom something is to be told now; nobody where this process has no way out."""
    if room.hooks is None:
        return []
    with unit_of_work(room.reads, room.clock) as uow:
        due = sa.select(WebhookCall.webhook_id).where(*_due()).distinct()
        return list(uow.session.scalars(due.order_by(WebhookCall.webhook_id)))


def call_webhook(room: PostRoom, webhook_id: int) -> int:
    """One batch of a webhook's calls, in order; how many. After one in vain the others wait with it."""
    if room.hooks is None:
        return 0
    with unit_of_work(room.sessions, room.clock) as uow:
        ready = _claimed(uow, room, webhook_id)
    for place, one in enumerate(ready):
        answer = _asked(room.hooks, one)
        with unit_of_work(room.sessions, room.clock) as uow:
            if not _recorded(uow, one.call_id, answer):
                _put_off(uow, [rest.call_id for rest in ready[place + 1 :]], one.call_id)
                break
    return len(ready)


def forget_old_calls(uow: UnitOfWork) -> int:
    """What was taken or given up a month ago; how many calls."""
    old = sa.delete(WebhookCall).where(
        WebhookCall.state != CallState.WAITING, WebhookCall.created_at < machine_now() - KEPT_FOR
    )
    gone = uow.session.execute(old.returning(WebhookCall.id).execution_options(synchronize_session=False))
    return len(gone.all())


def _due() -> tuple[sa.ColumnElement[bool], ...]:
    return (WebhookCall.state == sa.literal_column("'waiting'"), WebhookCall.due_at <= machine_now())


def _claimed(uow: UnitOfWork, room: PostRoom, webhook_id: int) -> list[_Ready]:
    """Their next try is put off by the lease: a process that dies leaves them to be tried again."""
    hook = uow.session.get(Webhook, webhook_id)
    ids = claim(
        uow.session,
        WebhookCall,
        WebhookCall.webhook_id == webhook_id,
        *_due(),
        order=(WebhookCall.id,),
        limit=BATCH,
        values={"due_at": lease_until(LEASE_SECONDS)},
    )
    if hook is None:
        return []
    secret = room.seal.open(hook.sealed_secret)
    return [_ready(call, hook.url, secret) for call in _rows(uow.session, ids)]


def _rows(session: Session, ids: Sequence[int]) -> Sequence[WebhookCall]:
    query = sa.select(WebhookCall).where(WebhookCall.id.in_(ids)).order_by(WebhookCall.id)
    return session.scalars(query.execution_options(populate_existing=True)).all()


def _ready(call: WebhookCall, url: str, secret: str) -> _Ready:
    body = json.dumps({"call": call.id, **call.payload}, ensure_ascii=False).encode()
    signed = headers_of(secret, f"call_{call.id}", int(machine_now().timestamp()), body)
    return _Ready(call.id, url, body, {**signed, "Content-Type": "application/json"})


def _asked(hooks: HookCaller, one: _Ready) -> HookAnswer:
    try:
        return hooks.post(one.url, one.body, one.headers)
    except Outside as silence:
        return HookAnswer(None, silence.words)


def _recorded(uow: UnitOfWork, call_id: int, answer: HookAnswer) -> bool:
    """Whether it was taken. The webhook may have been deleted meanwhile."""
    call, now = uow.session.get(WebhookCall, call_id), machine_now()
    if call is None or call.state is not CallState.WAITING:
        return True
    words = answer.words[:300]
    uow.session.add(WebhookTry(call_id=call_id, at=now, status=answer.status, words=words))
    call.tries += 1
    later = None if answer.taken else next_try(call.tries, call.asked_at, now)
    if later is not None:
        call.due_at = later
        return False
    uow.session.flush()
    # Without a row of activity: webhooks would be told of it, and so on for ever. The tries are its history.
    move_many(
        uow.session, CALL, WebhookCall, "take" if answer.taken else "give_up", WebhookCall.id == call_id
    )
    return answer.taken


def _put_off(uow: UnitOfWork, ids: Sequence[int], after: int) -> None:
    """They wait as long as the one that was not taken, without a try of their own."""
    due = uow.session.get_one(WebhookCall, after).due_at
    uow.session.execute(
        sa.update(WebhookCall)
        .where(WebhookCall.id.in_(ids), WebhookCall.state == CallState.WAITING)
        .values(due_at=due)
        .execution_options(synchronize_session=False)
    )
