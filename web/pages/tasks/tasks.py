"""Command Center › Tasks: the queue, what can be done from a row, and the same for many at once."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Response, request, url_for

from sales_campaigns.absence.late_mails import count_late
from sales_campaigns.accounts.models import User
from sales_campaigns.campaigns.listing import campaign_names
from sales_campaigns.enrollments.undoing import undo_act, undo_last
from sales_campaigns.errors import Invalid
from sales_campaigns.people.listing import owners
from sales_campaigns.saved_views.models import ListName
from sales_campaigns.tasks.history import last_act
from sales_campaigns.tasks.models import Task
from web.answers import answer, go, is_htmx, page
from web.filters import count_words
from web.numbers import whole, whole_numbers
from web.parts.task_filters import narrowed
from web.parts.task_list import counted_there, listed
from web.parts.view_chips import opened_with, view_chips
from web.parts.way_back import way_back
from web.request_scope import me, settings, work

pages = Blueprint("tasks", __name__)


@pages.get("/tasks")
def index() -> Response | str:
    session = work().session
    there = opened_with(ListName.TASKS)
    if there:
        return go(there)
    return answer(
        "tasks/index.html",
        "tasks/_list.html",
        campaigns=list(campaign_names(session, me()).items()),
        late=count_late(session, me()),
        saved=view_chips(ListName.TASKS, narrowed(request.args)),
        **listed(request.args),
    )


@pages.post("/tasks/undo")
def undo() -> Response:
    """What was last done to these `tasks`, or all that one `act` did."""
    act, seconds = request.args.get("act", type=whole), settings().undo_seconds
    if act is not None:
        tasks = undo_act(work(), me(), act, seconds)
    else:
        ids = whole_numbers(request.args.get("tasks", ""))
        tasks = undo_last(work(), me(), ids, seconds)
    return go(way_back(url_for(".index")), f"Undone: {named(tasks)}.")


def acted(tasks: Sequence[Task], words: str, *, undoable: bool = True) -> Response | str:
    """The answer to a button of a row: the row goes, the numbers change, the notice says what happened."""
    undo = undo_url(tasks) if undoable else None
    if not is_htmx():
        return go(way_back(url_for("tasks.index")), words, undo)
    work().session.flush()
    return page(
        "tasks/_acted.html",
        gone=tasks[0].id,
        words=words,
        undo=undo,
        seconds=settings().undo_seconds,
        **counted_there(),
    )


def undo_url(tasks: Sequence[Task]) -> str:
    """One is named by itself; many by the act that changed them."""
    if len(tasks) == 1:
        return url_for("tasks.undo", tasks=tasks[0].id)
    return url_for("tasks.undo", act=last_act(work().session, tasks[0]))


def named(tasks: Sequence[Task]) -> str:
    """The one task by its name, several by their number."""
    return f"“{tasks[0].name}”" if len(tasks) == 1 else count_words(len(tasks), "task")


def teammate(user_id: int | None) -> User:
    """An active user of the team. Raises Invalid."""
    for user in owners(work().session, me()):
        if user.id == user_id:
            return user
    raise Invalid({"assignee": "Choose somebody of the team."})
