"""Keep webhooks: add, change, switch off, take away; a test; calls once more. For administrators of the team."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.clock import machine_now
from sales_campaigns.errors import IllegalMove, Invalid
from sales_campaigns.lifecycle import move_many
from sales_campaigns.unit_of_work import UnitOfWork
from sales_campaigns.webhooks.models import Webhook, WebhookCall
from sales_campaigns.webhooks.reading import call_of, webhook_of
from sales_campaigns.webhooks.signing import PREFIX
from sales_campaigns.webhooks.states import CALL

MOST_KINDS = 50
TEST = "webhook.test"


@dataclass(frozen=True, slots=True)
class HookWish:
    """`kinds`: kinds of activity such as task.completed, or how they begin: message. — none are all."""

    url: str
    kinds: Sequence[str] = ()
    active: bool = True


def add_webhook(uow: UnitOfWork, actor: User, seal: Seal, wish: HookWish) -> tuple[Webhook, str]:
    """A webhook and its secret, which the receiver needs to check the signature. Raises Invalid by field."""
    require(actor, "manage_team")
    url, kinds = _checked(wish)
    secret = PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
    row = Webhook(
        team_id=actor.team_id,
        author_id=actor.id,
        url=url,
        sealed_secret=seal.close(secret),
        kinds=kinds,
        active=wish.active,
        created_at=machine_now(),
    )
    uow.session.add(row)
    uow.session.flush()
    uow.record("webhook.added", **_about(actor, row))
    return row, secret


def change_webhook(uow: UnitOfWork, actor: User, webhook_id: int, wish: HookWish) -> Webhook:
    """Raises Invalid by field."""
    row = webhook_of(uow.session, actor, webhook_id)
    row.url, row.kinds = _checked(wish)
    row.active = wish.active
    uow.record("webhook.changed", **_about(actor, row))
    return row


def delete_webhook(uow: UnitOfWork, actor: User, webhook_id: int) -> str:
    """With its calls."""
    row = webhook_of(uow.session, actor, webhook_id)
    uow.record("webhook.deleted", **_about(actor, row))
    uow.session.delete(row)
    return row.url


def test_webhook(uow: UnitOfWork, actor: User, webhook_id: int) -> WebhookCall:
    """A call that says only that it is one. Raises IllegalMove for a webhook that is off."""
    row = webhook_of(uow.session, actor, webhook_id)
    if not row.active:
        raise IllegalMove("This webhook is off. Switch it on first.")
    now = machine_now()
    payload: dict[str, Any] = {"kind": TEST, "at": uow.now.isoformat(), "team_id": row.team_id, "data": {}}
    call = WebhookCall(
        webhook_id=row.id, kind=TEST, payload=payload, created_at=now, asked_at=now, due_at=now
    )
    uow.session.add(call)
    uow.session.flush()
    return call


def call_again(uow: UnitOfWork, actor: User, call_id: int) -> WebhookCall:
    """Replay a call from the log, under the same id, so that the receiver knows it. Raises IllegalMove."""
    call, now = call_of(uow.session, actor, call_id), machine_now()
    begun_anew = {"asked_at": now, "due_at": now, "tries": 0}
    if not move_many(uow.session, CALL, WebhookCall, "replay", WebhookCall.id == call_id, **begun_anew):
        raise IllegalMove(f"This call cannot be replayed: {CALL.sentences[call.state]}")
    uow.session.refresh(call)
    return call


def _checked(wish: HookWish) -> tuple[str, list[str]]:
    problems = {}
    url, kinds = wish.url.strip(), sorted({kind.strip() for kind in wish.kinds if kind.strip()})
    if not _is_address(url):
        problems["url"] = "Give an address that begins with https:// or http://, without a password."
    if len(kinds) > MOST_KINDS or any(len(kind) > 48 for kind in kinds):
        problems["kinds"] = f"Name at most {MOST_KINDS} kinds of at most 48 characters."
    if problems:
        raise Invalid(problems)
    return url, kinds


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    plain = url.isascii() and url.isprintable() and " " not in url and len(url) <= 2000
    return plain and parts.scheme in {"http", "https"} and bool(host) and "@" not in parts.netloc


def _about(actor: User, row: Webhook) -> dict[str, Any]:
    return {
        "actor_id": actor.id,
        "team_id": row.team_id,
        "data": {"webhook": row.id, "name": urlsplit(row.url).hostname},
    }
