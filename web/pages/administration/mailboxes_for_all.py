"""Mailboxes for all, for administrators: the key of the organisation, and whom it connects."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, make_response, request, url_for

from sales_campaigns.accounts.authorising.delegating import hanging_on, keys_of, lay_down, take_away
from sales_campaigns.accounts.listing import UserLine, users_of
from sales_campaigns.accounts.models import MailboxState
from sales_campaigns.accounts.roles import require
from sales_campaigns.errors import Invalid
from sales_campaigns.messages.inboxes.hearing import source_of
from sales_campaigns.messages.inboxes.models import KnockSource
from web.answers import go, page
from web.filters import count_words
from web.numbers import whole
from web.parts.delegating import connect_users, delegation_named
from web.request_scope import house, me, outside, work

pages = Blueprint("mailboxes_for_all", __name__, url_prefix="/admin/mailboxes")


@pages.get("")
def index() -> Response:
    require(me(), "manage_installation")
    return _page()


@pages.post("/<provider>/key")
def keep(provider: str) -> Response:
    require(me(), "manage_installation")
    try:
        row = lay_down(
            work(), me(), provider, delegation_named(provider), request.form.get("key", ""), house().seal
        )
    except Invalid as refusal:
        return _page(refusal.problems)
    return _back(f"The key of {row.whose} is kept, sealed. Nobody is connected by it yet.")


@pages.post("/<provider>/key/take-away")
def drop(provider: str) -> Response:
    number, whose = hanging_on(work().session, provider), take_away(work(), me(), provider)
    waits = f" {count_words(number, 'mailbox waits', 'mailboxes wait')} within the hour." if number else ""
    return _back(f"The key of {whose} is gone.{waits}")


@pages.post("/<provider>/connect")
def connect(provider: str) -> Response:
    """One after the other, with no transaction open while the provider is asked; what fails is told by name."""
    require(me(), "manage_installation")
    chosen = request.form.getlist("user", type=whole)
    done, refused = connect_users(provider, chosen)
    if refused or not chosen:
        told = refused or {"": "Choose at least one user."}
        return _page({f"user {address}": words for address, words in told.items()}, done)
    return _back(
        f"{count_words(done, 'mailbox is', 'mailboxes are')} connected by {delegation_named(provider).label}."
    )


def _page(problems: Mapping[str, str] | None = None, done: int = 0) -> Response:
    session, found = work().session, outside().delegations
    lines = [line for line in users_of(session, me()) if line.user.active]
    shown = page(
        "mailboxes_for_all/index.html",
        delegations=found,
        keys=keys_of(session),
        hanging={name: hanging_on(session, name) for name in found},
        sources=_sources(),
        lines=lines,
        to_connect={line.user.id for line in lines if _is_to_connect(line)},
        problems=problems or {},
        done=done,
    )
    return make_response(shown, 422 if problems else 200)


def _sources() -> dict[str, KnockSource | None]:
    """Of the provider that is set up to say by itself what is new."""
    knocks = outside().knocks
    return {knocks.provider: source_of(work().session, knocks.provider)} if knocks is not None else {}


def _is_to_connect(line: UserLine) -> bool:
    return line.mailbox is None or line.mailbox.state is MailboxState.NEEDS_RECONNECT


def _back(words: str) -> Response:
    return go(url_for("mailboxes_for_all.index"), words)
