"""Under mails: the team's words with the link that unsubscribes, for administrators of the team."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request, url_for

from sales_campaigns.accounts.models import Team
from sales_campaigns.accounts.roles import require
from sales_campaigns.errors import Invalid
from sales_campaigns.messages.letters.footers import change_footer
from sales_campaigns.messages.letters.marks import FOOTER
from web.answers import go, page
from web.request_scope import me, settings, work

pages = Blueprint("under_mails", __name__, url_prefix="/settings/unsubscribe")


@pages.get("")
def index() -> str:
    require(me(), "manage_team")
    team = work().session.get_one(Team, me().team_id)
    typed = {"wanted": team.footer, "text": team.unsubscribe_text or FOOTER, "mirror_link": team.mirror_link}
    return _page(typed, {})


@pages.post("")
def change() -> Response | tuple[str, int]:
    typed: dict[str, Any] = {
        "wanted": "wanted" in request.form,
        "text": request.form.get("text", ""),
        "mirror_link": "mirror_link" in request.form,
    }
    try:
        change_footer(work(), me(), **typed)
    except Invalid as error:
        return _page(typed, error.problems), 422
    return go(url_for(".index"), "Saved: it holds for what leaves from now on.")


def _page(typed: Mapping[str, Any], problems: Mapping[str, str]) -> str:
    return page("under_mails/index.html", typed=typed, problems=problems, address=settings().outward_url)
