"""The whole workspace as one file, for administrators of the installation."""

from __future__ import annotations

from flask import Blueprint, Response

from sales_campaigns.accounts.roles import require
from sales_campaigns.archives.giving import begin_export, exports
from sales_campaigns.archives.tables import BLANK, LEFT_OUT
from sales_campaigns.clock import machine_now
from web.answers import answer
from web.parts.archive_files import downloaded
from web.request_scope import me, work

pages = Blueprint("archive", __name__, url_prefix="/admin/archive")


@pages.get("")
def index() -> str:
    require(me(), "manage_installation")
    now = machine_now()
    return answer(
        "archive/index.html",
        "archive/_exports.html",
        lines=exports(work().session, now),
        machine_now=now,
        left_out=LEFT_OUT | BLANK,
    )


@pages.post("/file")
def file() -> Response:
    """By POST: that somebody took everything along is kept."""
    return downloaded(begin_export(work(), me()))
