"""Domains that nobody is mailed at, for administrators."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, request, url_for

from sales_campaigns.accounts.roles import require
from sales_campaigns.enrollments.answers.opting_out import block_domain
from sales_campaigns.errors import Invalid
from sales_campaigns.people.blocking import blocked_domains, unblock_domain
from web.answers import go, page
from web.filters import count_words
from web.request_scope import me, work

pages = Blueprint("blocked_domains", __name__, url_prefix="/admin/blocked-domains")


@pages.get("")
def index() -> str:
    require(me(), "manage_installation")
    return _page({}, {})


@pages.post("")
def block() -> Response | tuple[str, int]:
    require(me(), "manage_installation")
    domain = request.values.get("domain", "")
    try:
        ended = block_domain(work(), me(), domain, request.values.get("reason", "")[:300])
    except Invalid as refusal:
        return _page(request.form, refusal.problems), 422
    words = f" Campaigns ended for {count_words(ended, 'person', 'people')}." if ended else ""
    return go(url_for(".index"), f"Nobody at {domain.strip().lower().lstrip('@')} is mailed any more.{words}")


@pages.post("/unblock")
def unblock() -> Response:
    domain = request.form.get("domain", "")
    reason = unblock_domain(work(), me(), domain)
    undo = url_for(".block", domain=domain, reason=reason)
    return go(url_for(".index"), f"Mail to {domain} may leave again.", undo)


def _page(typed: Mapping[str, str], problems: Mapping[str, str]) -> str:
    lines = blocked_domains(work().session)
    return page("blocked_domains/index.html", lines=lines, typed=typed, problems=problems)
