"""API tokens of one's own: make one, which is shown once, and revoke it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, make_response, request, url_for

from sales_campaigns.accounts.roles import may
from sales_campaigns.api_access.issuing import TokenWish, make_token, revoke_token
from sales_campaigns.api_access.scopes import AREAS, Scope
from sales_campaigns.api_access.tokens import tokens_of
from sales_campaigns.errors import Invalid
from web.answers import go, page
from web.request_scope import me, work

pages = Blueprint("tokens", __name__, url_prefix="/settings/tokens")
SCOPES = (
    (Scope.READ.value, "Read", "Sees what you see, changes nothing."),
    (Scope.WRITE.value, "Read and write", "Does what you may do, sending included."),
    (Scope.ADMIN.value, "Administer", "Users, policies, stopping and starting all mail, too."),
)
DAYS = (("30", "In 30 days"), ("90", "In 90 days"), ("365", "In a year"), ("", "Never"))


@pages.get("")
def index() -> Response:
    return _page({"scope": Scope.READ.value, "days": "90", "areas": []}, {})


@pages.post("")
def make() -> Response:
    """The token stands on this answer and nowhere else."""
    typed = {**request.form, "areas": request.form.getlist("areas")}
    try:
        token, words = make_token(work(), me(), _wish(typed))
    except Invalid as refusal:
        return _page(typed, refusal.problems)
    return _page({**typed, "name": ""}, {}, made=(token.name, words))


@pages.post("/<int:token_id>/revoke")
def revoke(token_id: int) -> Response:
    token = revoke_token(work(), me(), token_id)
    return go(url_for(".index"), f"“{token.name}” opens nothing any more.")


def _wish(typed: Mapping[str, Any]) -> TokenWish:
    days = typed.get("days", "")
    if days not in {value for value, _ in DAYS}:
        raise Invalid({"days": "Choose when it expires."})
    if typed.get("scope") not in set(Scope):
        raise Invalid({"scope": "Choose what it may be used for."})
    return TokenWish(
        typed.get("name", ""), Scope(typed["scope"]), typed["areas"], int(days) if days else None
    )


def _page(
    typed: Mapping[str, Any], problems: Mapping[str, str], made: tuple[str, str] | None = None
) -> Response:
    shown = page(
        "tokens/index.html",
        tokens=tokens_of(work().session, me()),
        scopes=SCOPES if may(me(), "manage_team") else SCOPES[:-1],
        scope_words={value: words for value, words, _ in SCOPES},
        areas=[(area, area.capitalize()) for area in AREAS],
        days=DAYS,
        typed=typed,
        problems=problems,
        made=made,
    )
    return make_response(shown, 422 if problems else 200)
