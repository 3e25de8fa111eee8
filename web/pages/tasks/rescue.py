"""Rescue overdue tasks: what it would do, day by day, before one button does it."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, make_response, request, url_for

from sales_campaigns.absence.models import RescueKind
from sales_campaigns.absence.rescuing import Preview, Wish, preview_rescue, rescue, undo_rescue
from sales_campaigns.accounts.listing import user_of
from sales_campaigns.accounts.models import User
from sales_campaigns.errors import Invalid
from web.answers import answer, go, page
from web.filters import count_words
from web.numbers import row_of
from web.request_scope import me, settings, work

pages = Blueprint("rescue", __name__, url_prefix="/tasks/rescue")
KINDS = (
    (RescueKind.SPREAD.value, "Spread", "over your next working days; leave and holidays are left out"),
    (RescueKind.SKIP.value, "Skip", "left out; the next steps of their campaigns follow"),
    (RescueKind.CLEAR.value, "Clear", "done, without an outcome; the next steps of their campaigns follow"),
)
NUMBERS = {"older_than": 0, "days": 5, "most": 40}
BUTTONS = {RescueKind.SPREAD: "Spread {}", RescueKind.SKIP: "Skip {}", RescueKind.CLEAR: "Clear {}"}


@pages.get("")
def form() -> Response:
    try:
        wish = _wish(request.args)
        preview = preview_rescue(work(), me(), wish)
    except Invalid as refusal:
        return _page(request.args, None, None, refusal.problems)
    return _page(request.args, wish, preview, {})


@pages.post("")
def act() -> Response:
    try:
        wish = _wish(request.form)
        row, number = rescue(work(), me(), wish, settings().undo_seconds)
    except Invalid as refusal:
        return _page(request.form, None, None, refusal.problems)
    done = {RescueKind.SPREAD: "spread", RescueKind.SKIP: "skipped", RescueKind.CLEAR: "cleared"}[row.how]
    words = f"{count_words(number, 'overdue task')} {done}."
    return go(url_for("tasks.index"), words, url_for(".undo", rescue_id=row.id))


@pages.post("/<int:rescue_id>/undo")
def undo(rescue_id: int) -> Response:
    number = undo_rescue(work(), me(), rescue_id)
    return go(url_for("tasks.index"), f"{count_words(number, 'task is', 'tasks are')} as before.")


def _wish(typed: Mapping[str, str]) -> Wish:
    """Raises Invalid by field."""
    numbers, problems = {}, {}
    for name, usual in NUMBERS.items():
        written = typed.get(name, "").strip() or str(usual)
        if written.isdecimal() and len(written) < 6:
            numbers[name] = int(written)
        else:
            problems[name] = "Give a whole number."
    how = typed.get("how", "") or RescueKind.SPREAD.value
    if how not in set(RescueKind):
        problems["how"] = "Choose one of the three."
    if problems:
        raise Invalid(problems)
    return Wish(_whose(typed.get("user", "")), RescueKind(how), **numbers)


def _whose(written: str) -> User:
    if not written or written == str(me().id):
        return me()
    return user_of(work().session, me(), row_of(written))


def _page(
    typed: Mapping[str, str], wish: Wish | None, preview: Preview | None, problems: Mapping[str, str]
) -> Response:
    words = ""
    if wish is not None and preview is not None:
        words = BUTTONS[wish.how].format(count_words(preview.number - preview.left, "overdue task"))
    context = {
        "typed": {**NUMBERS, "how": RescueKind.SPREAD.value, **{k: v for k, v in typed.items() if v}},
        "problems": problems,
        "kinds": KINDS,
        "wish": wish,
        "preview": preview,
        "button_words": words,
        "most": max([*(preview.by_day.values() if preview else ()), 1]),
    }
    if problems:
        return make_response(page("tasks/rescue.html", **context), 422)
    return make_response(answer("tasks/rescue.html", "tasks/_rescue.html", **context))
