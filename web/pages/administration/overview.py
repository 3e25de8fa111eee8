"""Administration: every page of administrators, by subject."""

from __future__ import annotations

from flask import Blueprint, render_template

from sales_campaigns.accounts.roles import require
from web.navigation import duties_of
from web.request_scope import me

pages = Blueprint("overview", __name__, url_prefix="/admin")


@pages.get("")
def index() -> str:
    require(me(), "manage_team")
    return render_template("overview/index.html", groups=duties_of(me()))
