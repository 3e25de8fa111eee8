"""Webhooks, for administrators of the team: addresses that are told what happens, a test, the log of calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, make_response, request, url_for

from sales_campaigns.errors import Invalid
from sales_campaigns.webhooks.keeping import (
    HookWish,
    add_webhook,
    call_again,
    change_webhook,
    delete_webhook,
    test_webhook,
)
from sales_campaigns.webhooks.models import Webhook
from sales_campaigns.webhooks.reading import PAGE, calls_of, last_answers, webhook_of, webhooks_of
from web.answers import go, page
from web.request_scope import house, me, work

pages = Blueprint("webhooks", __name__, url_prefix="/admin/webhooks")
# What a webhook may be told, as its form offers it: how the kinds begin, and their words.
KINDS = (
    ("message.", "Mails: sent, opened, clicked, failed"),
    ("reply.", "Replies"),
    ("bounce.", "Bounces"),
    ("person.", "People: added, changed, unsubscribed"),
    ("task.", "Tasks: opened, completed, skipped"),
    ("enrollment.", "People in campaigns: paused, ended, finished"),
    ("launch.", "Launches"),
    ("delivery.", "Deliveries"),
)


@pages.get("")
def index() -> Response:
    return _index({"kinds": []}, {})


@pages.post("")
def add() -> Response:
    """The secret stands on this answer and nowhere else."""
    typed = _typed()
    try:
        row, secret = add_webhook(work(), me(), house().seal, _wish(typed, active=True))
    except Invalid as refusal:
        return _index(typed, refusal.problems)
    return _index({"kinds": []}, {}, made=(row.url, secret))


@pages.get("/<int:webhook_id>")
def show(webhook_id: int) -> Response:
    row = webhook_of(work().session, me(), webhook_id)
    return _shown(row, {"url": row.url, "kinds": row.kinds, "active": row.active}, {})


@pages.post("/<int:webhook_id>")
def change(webhook_id: int) -> Response:
    row, typed = webhook_of(work().session, me(), webhook_id), _typed()
    try:
        change_webhook(work(), me(), webhook_id, _wish(typed, active=bool(typed["active"])))
    except Invalid as refusal:
        return _shown(row, typed, refusal.problems)
    return go(url_for(".show", webhook_id=webhook_id), "Saved.")


@pages.post("/<int:webhook_id>/test")
def test(webhook_id: int) -> Response:
    test_webhook(work(), me(), webhook_id)
    return go(url_for(".show", webhook_id=webhook_id), "A test is on its way. Reload to see what came of it.")


@pages.post("/<int:webhook_id>/delete")
def delete(webhook_id: int) -> Response:
    url = delete_webhook(work(), me(), webhook_id)
    return go(url_for(".index"), f"{url} is told nothing any more.")


@pages.post("/<int:webhook_id>/calls/<int:call_id>/replay")
def replay(webhook_id: int, call_id: int) -> Response:
    webhook_of(work().session, me(), webhook_id)
    call_again(work(), me(), call_id)
    return go(url_for(".show", webhook_id=webhook_id), "The call is made once more.")


def _typed() -> dict[str, Any]:
    form = request.form
    return {"url": form.get("url", ""), "kinds": form.getlist("kinds"), "active": form.get("active", "")}


def _wish(typed: Mapping[str, Any], *, active: bool) -> HookWish:
    return HookWish(typed["url"], typed["kinds"], active)


def _index(
    typed: Mapping[str, Any], problems: Mapping[str, str], made: tuple[str, str] | None = None
) -> Response:
    shown = page(
        "webhooks/index.html",
        rows=webhooks_of(work().session, me()),
        kinds=KINDS,
        kind_words=dict(KINDS),
        typed=typed,
        problems=problems,
        made=made,
    )
    return make_response(shown, 422 if problems else 200)


def _shown(row: Webhook, typed: Mapping[str, Any], problems: Mapping[str, str]) -> Response:
    session = work().session
    calls = calls_of(session, row)
    others = [(kind, kind) for kind in row.kinds if kind not in dict(KINDS)]
    shown = page(
        "webhooks/show.html",
        row=row,
        calls=calls,
        answers=last_answers(session, calls),
        most=PAGE,
        kinds=[*KINDS, *others],
        typed=typed,
        problems=problems,
    )
    return make_response(shown, 422 if problems else 200)
