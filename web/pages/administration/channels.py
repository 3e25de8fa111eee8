"""Channels of the team, for its administrators: add a relay, check it, see who sends as whom, take it away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, make_response, request, url_for

from sales_campaigns.absence.going_through import channel_works
from sales_campaigns.accounts.channels.keeping import (
    add_channel,
    change_channel,
    channel_typed,
    take_away,
)
from sales_campaigns.accounts.channels.reading import channel_lines, channel_of
from sales_campaigns.accounts.mailboxes import SECURITY
from sales_campaigns.accounts.reaching import channel_account
from sales_campaigns.accounts.roles import require, sees_every_team
from sales_campaigns.errors import Invalid
from web.answers import go, page
from web.filters import count_words
from web.parts.channel_checks import secret_of, tried
from web.parts.mailbox_check import Answered, answer_of
from web.request_scope import house, me, work

pages = Blueprint("channels", __name__, url_prefix="/admin/channels")
TYPED = ("name", "address", "host", "port", "security", "username", "per_minute", "per_day")
Words = Mapping[str, str]


@pages.get("")
def index() -> Response:
    return _index()


@pages.post("")
def add() -> Response:
    """Try what was typed; it is kept only when the server takes it."""
    require(me(), "manage_team")
    try:
        wish, secret = channel_typed(request.form), request.form.get("password", "")
        answered = tried(wish, secret)
        channel = add_channel(work(), me(), wish, house().seal.close(secret))
        channel_works(work(), me(), channel.id, answered.largest_mail)
    except Invalid as refusal:
        return _index(request.form, refusal.problems)
    words = "Reps of the team verify their address under Mailbox, and send through it."
    return go(url_for(".show", channel_id=channel.id), f"“{channel.name}” is there. {words}")


@pages.get("/<int:channel_id>")
def show(channel_id: int) -> Response:
    return _shown(channel_id)


@pages.post("/<int:channel_id>")
def change(channel_id: int) -> Response:
    channel = channel_of(work().session, me(), channel_id)
    try:
        wish = channel_typed(request.form)
        secret = secret_of(channel, wish, request.form.get("password", ""))
        answered = tried(wish, secret)
        change_channel(work(), me(), channel_id, wish, house().seal.close(secret))
    except Invalid as refusal:
        return _shown(channel_id, request.form, refusal.problems)
    return _works(channel_id, answered, "Saved: the server took the sign-in.")


@pages.post("/<int:channel_id>/check")
def check(channel_id: int) -> Response:
    """Ask the server with what is stored; a channel that was lost, or taken away, sends again."""
    answered = answer_of(channel_account(channel_of(work().session, me(), channel_id), house().seal))
    if answered.words:
        return _shown(channel_id, None, {"": answered.words})
    return _works(channel_id, answered, "The server took the sign-in. Mail can leave.")


@pages.post("/<int:channel_id>/take-away")
def drop(channel_id: int) -> Response:
    number = take_away(work(), me(), channel_id)
    waits = count_words(number, "mailbox waits", "mailboxes wait") if number else "Nobody sent through it"
    return go(url_for(".show", channel_id=channel_id), f"Taken away. {waits}.")


def _works(channel_id: int, answered: Answered, words: str) -> Response:
    _, people = channel_works(work(), me(), channel_id, answered.largest_mail)
    anew = f" {count_words(people, 'person gets', 'people get')} new dates." if people else ""
    return go(url_for(".show", channel_id=channel_id), f"{words}{anew}")


def _index(typed: Words | None = None, problems: Words | None = None) -> Response:
    usual = {"port": 587, "security": "starttls"}
    return _answer("channels/index.html", usual, typed, problems, lines=channel_lines(work().session, me()))


def _shown(channel_id: int, typed: Words | None = None, problems: Words | None = None) -> Response:
    channel = channel_of(work().session, me(), channel_id)
    line = next(line for line in channel_lines(work().session, me()) if line.channel.id == channel.id)
    stored = {name: getattr(channel, name) or "" for name in TYPED}
    return _answer("channels/show.html", stored, typed, problems, line=line)


def _answer(
    template: str, known: Mapping[str, Any], typed: Words | None, problems: Words | None, **more: Any
) -> Response:
    shown = page(
        template,
        typed={**known, **(typed or {})},
        problems=problems or {},
        securities=list(SECURITY.items()),
        every_team=sees_every_team(me()),
        **more,
    )
    return make_response(shown, 422 if problems else 200)
