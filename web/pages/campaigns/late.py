"""Late mail that its campaign asks about: answer for one or for all of it."""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for

from sales_campaigns.absence.late_mails import answer_late, count_late, late_mails
from sales_campaigns.errors import Invalid
from web.answers import go, page
from web.filters import count_words
from web.numbers import whole
from web.request_scope import me, settings, work

pages = Blueprint("late", __name__, url_prefix="/late")
DONE = {
    "send": "leaves, spread over an hour",
    "next_slot": "takes its next slot",
    "skip": "is left out; the next step follows",
}


@pages.get("")
def index() -> str:
    everybody = request.args.get("owner") == "all"
    return page(
        "late/index.html",
        lines=late_mails(work().session, me(), everybody),
        number=count_late(work().session, me(), everybody),
        everybody=everybody,
    )


@pages.post("")
def act() -> Response:
    """For the chosen ones, or for all that the list shows when `all` is sent."""
    answer, ids = request.form.get("answer", ""), request.form.getlist("task", type=whole)
    if "all" in request.form:
        everybody = request.form.get("owner") == "all"
        ids = [line.task.id for line in late_mails(work().session, me(), everybody, 10_000)]
    if not ids:
        raise Invalid("Choose at least one mail first.")
    number = answer_late(work(), me(), answer, ids, settings().undo_seconds)
    verb = (
        DONE[answer]
        if number == 1
        else DONE[answer].replace("leaves", "leave").replace("takes its", "take their")
    )
    verb = verb if number == 1 else verb.replace("is left", "are left")
    return go(url_for(".index"), f"{count_words(number, 'mail')} {verb}.")
