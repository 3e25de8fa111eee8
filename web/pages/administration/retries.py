"""How often what was refused for now is tried again, and when an address is given up: for administrators."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, request, url_for

from sales_campaigns.accounts.roles import require
from sales_campaigns.errors import Invalid
from sales_campaigns.messages.retrying import LIMITS, change_retries, retries_of
from web.answers import go, page
from web.request_scope import me, work

pages = Blueprint("retries", __name__, url_prefix="/admin/retries")


@pages.get("")
def index() -> str:
    require(me(), "manage_installation")
    return _page({name: str(value or "0") for name, value in retries_of(work().session).items()}, {})


@pages.post("")
def change() -> Response | tuple[str, int]:
    try:
        change_retries(work(), me(), request.form)
    except Invalid as refusal:
        return _page(request.form, refusal.problems), 422
    return go(url_for(".index"), "Saved. It holds for what is refused from now on.")


def _page(typed: Mapping[str, str], problems: Mapping[str, str]) -> str:
    lasting = typed.get("quarantine_lasting") in ("1", "True")
    return page("retries/index.html", typed=typed, lasting=lasting, problems=problems, limits=LIMITS)
