"""The task player: one task after the other, until nothing is left."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, request, url_for

from sales_campaigns.tasks.queue import counts, task_lines
from sales_campaigns.tasks.wanted import TO_DO
from web.answers import page
from web.pages.tasks.task_desk import desk_of
from web.parts.task_filters import narrowed, played, wanted_in
from web.request_scope import me, work

pages = Blueprint("play", __name__)


@pages.get("/tasks/play")
def index() -> str:
    """What the queue is narrowed to is gone through, of one's own tasks.

    `after` is the key of the task before; `at` of `all` is where one is, counted from where one began.
    """
    uow, args = work(), request.args
    wanted = replace(wanted_in(args), groups=TO_DO, assignee_id=me().id)
    left = counts(uow.session, me(), wanted, uow.now).of(TO_DO, wanted.kind)
    lines, _ = task_lines(uow.session, me(), wanted, uow.now, after=args.get("after", ""), limit=1)
    at = max(args.get("at", 1, int), 1)
    whole = max(args.get("all", left, int), at if lines else 0)
    kept = played(narrowed(args))
    if not lines:
        return page("tasks/played.html", left=left, whole=whole, kept=kept)
    following = url_for(".index", **kept, after=lines[0].key, at=at + 1, all=whole)
    shown = {**desk_of(lines[0]), "back": following, "kept": kept}
    return page("tasks/play.html", **shown, at=at, whole=whole, following=following, problems={}, typed={})
