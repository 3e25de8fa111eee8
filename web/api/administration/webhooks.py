"""Webhooks: addresses that are told what happens, and the log of the calls."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, Field

from sales_campaigns.api_access.scopes import Scope
from sales_campaigns.webhooks.keeping import (
    HookWish,
    add_webhook,
    call_again,
    change_webhook,
    delete_webhook,
    test_webhook,
)
from sales_campaigns.webhooks.models import CallState, Webhook, WebhookCall
from sales_campaigns.webhooks.reading import call_of, calls_of, tries_of, webhook_of, webhooks_of
from web.api.protocol import cursors
from web.api.protocol.operations import Area, Edits
from web.api.protocol.shapes import Asked, AskedPage, Line, Page, Shown
from web.request_scope import house, me, work

api = Area(
    "webhooks", "Addresses of yours that are told what happens, signed and tried for three days.", Scope.ADMIN
)
EXAMPLE = {"url": "https://hooks.example.com/sales", "kinds": ["message.", "task.completed"]}


class WebhookTyped(Asked):
    url: str = Field(max_length=2000)
    kinds: list[Line] = Field(
        default_factory=list,
        max_length=50,
        description="Kinds such as task.completed, or how they begin: `message.`; none are all.",
    )
    active: bool = True


class CallsAsked(AskedPage):
    state: CallState | None = None


class WebhookShown(Shown):
    id: int
    url: str
    kinds: list[str]
    active: bool
    created_at: AwareDatetime


class WebhookMade(WebhookShown):
    secret: str = Field(description="Checks the signature of each call. It is told here and never again.")


class CallShown(Shown):
    id: int
    webhook_id: int
    kind: str
    state: CallState
    created_at: AwareDatetime
    due_at: AwareDatetime
    tries: int
    payload: dict[str, Any]


class TryShown(Shown):
    at: AwareDatetime
    status: int | None
    words: str


class CallWhole(CallShown):
    answers: list[TryShown]


@api.get("/webhooks")
def list_webhooks(query: AskedPage) -> Page[WebhookShown]:
    """The webhooks of your team."""
    found = webhooks_of(work().session, me())
    return cursors.short_list(
        found, lambda one: one.id, WebhookShown.model_validate, query.after, query.limit
    )


@api.post("/webhooks", status=201, example=EXAMPLE)
def create_webhook(body: WebhookTyped) -> WebhookMade:
    """A new webhook and its secret."""
    row, secret = add_webhook(work(), me(), house().seal, _wish(body))
    return WebhookMade(**WebhookShown.model_validate(row).model_dump(), secret=secret)


@api.get("/webhooks/<int:webhook_id>")
def get_webhook(webhook_id: int) -> WebhookShown:
    """One webhook."""
    return WebhookShown.model_validate(webhook_of(work().session, me(), webhook_id))


@api.put("/webhooks/<int:webhook_id>", edits=Edits(Webhook, get_webhook), example=EXAMPLE)
def change_webhook_of_team(webhook_id: int, body: WebhookTyped) -> WebhookShown:
    """Another address, other kinds, on or off. The secret stays."""
    row = change_webhook(work(), me(), webhook_id, _wish(body))
    work().session.flush()
    return WebhookShown.model_validate(row)


@api.delete("/webhooks/<int:webhook_id>")
def delete_webhook_of_team(webhook_id: int) -> None:
    """Take it away, with its calls."""
    delete_webhook(work(), me(), webhook_id)


@api.post("/webhooks/<int:webhook_id>/test", status=201)
def test_webhook_of_team(webhook_id: int) -> CallShown:
    """A call of the kind webhook.test; ask for it to see what came of it."""
    return CallShown.model_validate(test_webhook(work(), me(), webhook_id))


@api.get("/webhooks/<int:webhook_id>/calls")
def list_webhook_calls(webhook_id: int, query: CallsAsked) -> Page[CallShown]:
    """The calls of the last 30 days, the newest first."""
    row = webhook_of(work().session, me(), webhook_id)
    before = cursors.read(query.after, int)
    found = calls_of(work().session, row, state=query.state, before=before, limit=query.limit)
    more = found[-1].id if len(found) == query.limit else None
    return Page[CallShown](
        items=[CallShown.model_validate(one) for one in found], after=cursors.written(more)
    )


@api.get("/webhook-calls/<int:call_id>")
def get_webhook_call(call_id: int) -> CallWhole:
    """One call with every try."""
    return _whole(call_of(work().session, me(), call_id))


@api.post("/webhook-calls/<int:call_id>/replay")
def replay_webhook_call(call_id: int) -> CallWhole:
    """Make it once more, under the same id."""
    return _whole(call_again(work(), me(), call_id))


def _wish(body: WebhookTyped) -> HookWish:
    return HookWish(body.url, body.kinds, body.active)


def _whole(call: WebhookCall) -> CallWhole:
    answers = [TryShown.model_validate(one) for one in tries_of(work().session, call)]
    return CallWhole(**CallShown.model_validate(call).model_dump(), answers=answers)
