"""One's own profile: name, what signatures say, time zone, password, where one is signed in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, g, request, url_for

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.profile import LONGEST, change_password, change_profile
from sales_campaigns.errors import Invalid
from sales_campaigns.people.zones import zone_names
from web.answers import go, page
from web.request_scope import me, work

pages = Blueprint("profile", __name__, url_prefix="/settings/profile")


@pages.get("")
def index() -> str:
    return _page(_kept(), {})


@pages.post("")
def change() -> Response | tuple[str, int]:
    try:
        change_profile(work(), me(), request.form)
    except Invalid as refusal:
        return _page(request.form, refusal.problems), 422
    return go(url_for(".index"), "Saved.")


@pages.post("/password")
def password() -> Response | tuple[str, int]:
    try:
        change_password(work(), me(), request.form, g.get("token", ""))
    except Invalid as refusal:
        return _page(_kept(), refusal.problems), 422
    return go(url_for(".index"), "Your password is changed, and every other device is signed out.")


def _kept() -> dict[str, Any]:
    return {name: getattr(me(), name) for name in (*LONGEST, "zone")}


def _page(typed: Mapping[str, Any], problems: Mapping[str, str]) -> str:
    """Whether a password is set is read anew: the signed-in user may have been loaded before."""
    stored = work().session.get_one(User, me().id)
    return page(
        "profile/index.html",
        typed=typed,
        problems=problems,
        zones=zone_names(),
        has_password=bool(stored.password_hash),
    )
