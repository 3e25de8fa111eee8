"""Notices: what happened while one looked elsewhere, and how one wants to be told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, jsonify, make_response, request, url_for

from sales_campaigns.errors import Invalid
from sales_campaigns.notices.models import Notice, NoticeKind
from sales_campaigns.notices.reading import newest_notices, notices_after, see_all, unseen
from sales_campaigns.notices.wishes import NoticeWishes, wish_notices, wishes_of
from web.answers import go, page
from web.filters import count_words
from web.request_scope import me, work

pages = Blueprint("notices", __name__, url_prefix="/notices")
KINDS = (
    (NoticeKind.REPLY.value, "Somebody replies or writes to me"),
    (NoticeKind.BOUNCE.value, "A mail comes back"),
    (NoticeKind.TASK.value, "A teammate gives me a task"),
    (NoticeKind.MAILBOX.value, "A mailbox no longer sends"),
    (NoticeKind.DELIVERY.value, "A delivery waits for my confirmation, or something is wrong with it"),
)
ICONS = {
    NoticeKind.REPLY: "reply",
    NoticeKind.BOUNCE: "triangle-alert",
    NoticeKind.TASK: "list-checks",
    NoticeKind.MAILBOX: "inbox",
    NoticeKind.DELIVERY: "layers",
}


@pages.get("")
def index() -> str:
    found = newest_notices(work().session, me())
    return page(
        "notices/index.html",
        lines=[(one, ICONS[one.kind], where(one)) for one in found],
        new=sum(one.seen_at is None for one in found),
        last=found[0].id if found else 0,
    )


@pages.post("/seen")
def seen() -> Response:
    number = see_all(work(), me(), request.form.get("last", 0, int))
    return go(url_for(".index"), f"{count_words(number, 'notice')} seen." if number else "")


@pages.get("/new")
def new() -> Response:
    """For the title and the desktop: how many are not seen, and those after the last one that was shown."""
    session = work().session
    found = notices_after(session, me(), request.args.get("after", 0, int))
    told = [{"id": one.id, "words": one.words, "href": where(one)} for one in found]
    return jsonify(unseen=unseen(session, me()), notices=told)


@pages.get("/settings")
def settings() -> Response:
    return _form(_typed_of(wishes_of(me())))


@pages.post("/settings")
def wish() -> Response:
    typed = request.form
    shown, mailed = typed.getlist("shown"), typed.getlist("mailed")
    digest, weekly = typed.get("digest", ""), "weekly" in typed
    try:
        wish_notices(work(), me(), shown, mailed, digest, weekly=weekly)
    except Invalid as refusal:
        again = {"shown": shown, "mailed": mailed, "digest": digest, "weekly": weekly}
        return _form(again, refusal.problems)
    return go(url_for(".settings"), "Your notices are saved.")


def where(notice: Notice) -> str:
    """The page on which something can be done about it."""
    if notice.delivery_id is not None:
        return url_for("delivery.show", delivery_id=notice.delivery_id)
    if notice.task_id is not None:
        return url_for("task.show", task_id=notice.task_id)
    if notice.person_id is not None:
        return url_for("person.show", person_id=notice.person_id)
    return url_for("tasks.index" if notice.kind is NoticeKind.TASK else "mailbox.index")


def _typed_of(wishes: NoticeWishes) -> dict[str, Any]:
    digest = wishes.digest.strftime("%H:%M") if wishes.digest else ""
    return {"shown": wishes.shown, "mailed": wishes.mailed, "digest": digest, "weekly": wishes.weekly}


def _form(typed: Mapping[str, Any], problems: Mapping[str, str] | None = None) -> Response:
    shown = page("notices/settings.html", kinds=KINDS, typed=typed, problems=problems or {})
    return make_response(shown, 422 if problems else 200)
