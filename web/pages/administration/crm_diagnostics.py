"""What the CRM refused: why, in its own words, what to do about it, and again."""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for

from sales_campaigns.accounts.roles import require
from sales_campaigns.crm.connecting import connection_of, retry
from sales_campaigns.crm.opting_out import refused_opt_outs
from sales_campaigns.crm.reading import VENDOR_WORDS, diagnoses
from web.answers import go, page
from web.filters import count_words
from web.numbers import whole
from web.request_scope import me, work

pages = Blueprint("crm_diagnostics", __name__, url_prefix="/admin/crm/diagnostics")


@pages.get("")
def index() -> str:
    require(me(), "manage_team")
    connection = connection_of(work().session, me())
    return page(
        "crm/diagnostics.html",
        connection=connection,
        vendor=VENDOR_WORDS[connection.vendor] if connection else "the CRM",
        lines=diagnoses(work().session, connection) if connection else [],
        opt_outs=refused_opt_outs(work().session, connection) if connection else [],
    )


@pages.post("/retry")
def again() -> Response:
    """Those that were chosen, or all of them."""
    chosen = request.form.getlist("record", type=whole)
    number = retry(work(), me(), chosen or None)
    return go(
        url_for(".index"), f"{count_words(number, 'write is', 'writes are')} tried again within seconds."
    )
