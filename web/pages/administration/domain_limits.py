"""How many mails a minute domains of recipients are given, for administrators."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from flask import Blueprint, Response, request, url_for

from sales_campaigns.accounts.roles import require
from sales_campaigns.errors import Invalid
from sales_campaigns.messages.pace.limiting import domain_limits, lift_limit, limit_domain
from sales_campaigns.messages.pace.limits import EVERY_OTHER
from web.answers import go, page
from web.request_scope import me, work

pages = Blueprint("domain_limits", __name__, url_prefix="/admin/domain-limits")


@pages.get("")
def index() -> str:
    require(me(), "manage_installation")
    return _page({}, {})


@pages.post("")
def keep() -> Response | tuple[str, int]:
    try:
        row = limit_domain(work(), me(), request.values)
    except Invalid as refusal:
        return _page(request.form, refusal.problems), 422
    return go(url_for(".index"), f"{_name(row.domain)} gets {row.per_minute:,} mails a minute at most.")


@pages.post("/lift")
def lift() -> Response:
    typed = lift_limit(work(), me(), request.form.get("domain", ""))
    words = f"{_name(typed['domain'])} gets mail as it is due again."
    return go(url_for(".index"), words, f"{url_for('.keep')}?{urlencode(typed)}")


def _name(domain: str) -> str:
    return "Every other domain" if domain == EVERY_OTHER else domain


def _page(typed: Mapping[str, str], problems: Mapping[str, str]) -> str:
    lines = [(line, _name(line.domain)) for line in domain_limits(work().session)]
    return page("domain_limits/index.html", lines=lines, typed=typed, problems=problems)
