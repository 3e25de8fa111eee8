"""Mails that wait, many at once: shifted, given other words, cancelled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from flask import Blueprint, Response, request, url_for

from sales_campaigns.content.fields import FIELDS
from sales_campaigns.enrollments.composing import take_back_mail
from sales_campaigns.errors import Invalid
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.outbox.composing import Typed
from sales_campaigns.messages.outbox.folders import Folder
from sales_campaigns.messages.outbox.keeping import call_off_many, rewrite_many, shift, waiting_of
from sales_campaigns.messages.outbox.lines import mail_ids
from sales_campaigns.tasks.working import tasks_with_mails
from web.answers import go, page
from web.filters import count_words
from web.numbers import whole, whole_numbers
from web.parts.email_filters import search_in
from web.parts.way_back import way_back
from web.request_scope import me, work

pages = Blueprint("bulk_emails", __name__, url_prefix="/emails/bulk")
AT_MOST = 1_000
# value → (words, minutes)
SHIFTS = {
    "30": ("30 minutes later", 30),
    "60": ("1 hour later", 60),
    "180": ("3 hours later", 180),
    "1440": ("1 day later", 1440),
    "10080": ("1 week later", 10080),
    "-60": ("1 hour earlier", -60),
    "-1440": ("1 day earlier", -1440),
}


@pages.post("")
def act() -> Response | str:
    mails = _chosen()
    if not mails:
        raise Invalid("Choose at least one mail first.")
    do = request.form.get("do", "")
    if do == "edit":
        return _form(mails, {}, {})
    return _cancel(mails) if do == "cancel" else _shift(mails, request.form.get("by", ""))


@pages.post("/edit")
def edit() -> Response | tuple[str, int]:
    """The same words for all of them; fields are filled in for each person."""
    mails, typed = _chosen(), request.form
    try:
        words = Typed(typed.get("subject", "").strip(), typed.get("html", ""))
        rewrite_many(work(), me(), mails, words)
    except Invalid as error:
        return _form(mails, typed, error.problems), 422
    return go(url_for("emails.index", folder="scheduled"), f"{count_words(len(mails), 'mail')} rewritten.")


@pages.post("/shift-back")
def shift_back() -> Response:
    mails = waiting_of(work(), me(), request.form.getlist("message", type=whole) or _numbers())
    shift(work(), me(), [one.id for one in mails], timedelta(minutes=request.args.get("by", 0, int)))
    return go(
        way_back(url_for("emails.index", folder="scheduled")), "Undone: they leave when they would have."
    )


def _chosen() -> Sequence[Message]:
    if "all" not in request.form:
        return waiting_of(work(), me(), request.form.getlist("message", type=whole))
    whose = None if request.args.get("owner") == "all" else me().id
    found = mail_ids(
        work().session,
        me(),
        Folder.SCHEDULED,
        work().now,
        search=search_in(request.args),
        sender_id=whose,
        limit=AT_MOST + 1,
    )
    if len(found) > AT_MOST:
        raise Invalid(f"More than {AT_MOST:,} mails match. Narrow the list first.")
    return waiting_of(work(), me(), found)


def _shift(mails: Sequence[Message], by: str) -> Response:
    if by not in SHIFTS:
        raise Invalid({"by": "Choose by how much."})
    words, minutes = SHIFTS[by]
    shift(work(), me(), [one.id for one in mails], timedelta(minutes=minutes))
    ids = ",".join(str(one.id) for one in mails[:200])
    undo = url_for(".shift_back", by=-minutes, ids=ids) if len(mails) <= 200 else None
    return go(way_back(url_for("emails.index", folder="scheduled")), _moved(mails, words), undo)


def _moved(mails: Sequence[Message], words: str) -> str:
    return f"{count_words(len(mails), 'mail')} will leave {words}."


def _cancel(mails: Sequence[Message]) -> Response:
    """A mail that a task waits for goes back to its task; the campaign of any other goes on without it."""
    tasks = tasks_with_mails(work(), me(), [one.id for one in mails])
    taken = {task.message_id for task in tasks}
    for task in tasks:
        take_back_mail(work(), me(), task)
    rest = [one for one in mails if one.id not in taken]
    if rest:
        call_off_many(work(), me(), rest)
    words = f"{count_words(len(mails), 'mail')} cancelled."
    if tasks:
        words += f" {count_words(len(tasks), 'task')} open again, with the words."
    return go(way_back(url_for("emails.index", folder="scheduled")), words)


def _form(mails: Sequence[Message], typed: Mapping[str, str], problems: Mapping[str, str]) -> str:
    return page("emails/rewrite.html", mails=mails, typed=typed, problems=problems, fields=FIELDS)


def _numbers() -> list[int]:
    return whole_numbers(request.args.get("ids", ""))
