"""How long the logs of deliveries are kept, for administrators of the installation."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, request, url_for

from sales_campaigns.accounts.roles import require
from sales_campaigns.deliveries.retention.keeping import FIELDS, LEAST, change_retention, retention_of
from sales_campaigns.errors import Invalid
from web.answers import go, page
from web.request_scope import me, work

pages = Blueprint("retention", __name__, url_prefix="/admin/retention")


@pages.get("")
def index() -> str:
    require(me(), "manage_installation")
    row = retention_of(work().session)
    return _page({name: str(getattr(row, name) or "") if row else "" for name in FIELDS}, {})


@pages.post("")
def change() -> Response | tuple[str, int]:
    try:
        change_retention(work(), me(), request.form)
    except Invalid as refusal:
        return _page(request.form, refusal.problems), 422
    return go(url_for(".index"), "Saved. Old rows are removed a few at a time.")


def _page(typed: Mapping[str, str], problems: Mapping[str, str]) -> str:
    return page("retention/index.html", typed=typed, problems=problems, least=LEAST)
