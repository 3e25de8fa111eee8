"""Command Center › Tasks: the queue, what can be done from a row, and the same for many at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, request, url_for

from sales_campaigns.absence.late_mails import count_late
from sales_campaigns.accounts.models import User
from sales_campaigns.enrollments.progress import complete_tasks, skip_tasks
from sales_campaigns.enrollments.undoing import undo_last
from sales_campaigns.errors import Invalid
from sales_campaigns.people.listing import owners
from sales_campaigns.tasks.models import Priority, Task, TaskKind
from sales_campaigns.tasks.queue import TO_DO, Group, Wanted, campaigns_with_tasks, counts, task_lines
from sales_campaigns.tasks.working import hand_on, prioritise, snooze, tasks_of
from web.answers import answer, go, is_htmx, page
from web.filters import count_words, when_words
from web.request_scope import me, settings, work
from web.task_rows import groups_of, snooze_options
from web.typed_times import instant_of
from web.way_back import shown_there, way_back

pages = Blueprint("tasks", __name__)
VIEWS = {
    "": ("To do", TO_DO),
    "upcoming": ("Upcoming", (Group.UPCOMING,)),
    "snoozed": ("Snoozed", (Group.SNOOZED,)),
    "done": ("Done", (Group.DONE,)),
}
NARROWING = ("show", "kind", "campaign", "priority", "owner")
KINDS = {
    TaskKind.EMAIL: "E-mail",
    TaskKind.CALL: "Call",
    TaskKind.INMAIL: "InMail",
    TaskKind.CUSTOM: "Custom",
}


@pages.get("/tasks")
def index() -> str:
    uow, args = work(), request.args
    wanted = wanted_in(args)
    lines, after = task_lines(uow.session, me(), wanted, uow.now, after=args.get("after", ""))
    return answer(
        "tasks/index.html",
        "tasks/_list.html",
        groups=groups_of(lines, uow.now, me().id),
        after=url_for(".index", **narrowed(args), after=after) if after else "",
        campaigns=campaigns_with_tasks(uow.session, me()),
        my_id=me().id,
        teammates=owners(uow.session, me()),
        snoozes=snooze_options(uow.now, me().zone),
        late=count_late(uow.session, me()),
        **counted(args),
    )


@pages.post("/tasks/bulk")
def bulk() -> Response:
    tasks = tasks_of(work(), me(), request.form.getlist("task", type=int))
    if not tasks:
        raise Invalid("Choose at least one task first.")
    words = BULK.get(request.form.get("do", ""), _complete)(tasks)
    return go(way_back(url_for(".index")), words, undo_url(tasks))


@pages.post("/tasks/undo")
def undo() -> Response:
    ids = [int(one) for one in request.args.get("tasks", "").split(",") if one.isdecimal()]
    tasks = undo_last(work(), me(), ids, settings().undo_seconds)
    return go(way_back(url_for(".index")), f"Undone: {named(tasks)}.")


def wanted_in(args: Mapping[str, str]) -> Wanted:
    """What the address asks for; words that mean nothing do not narrow the list."""
    owner = args.get("owner", "")
    return Wanted(
        groups=VIEWS.get(args.get("show", ""), VIEWS[""])[1],
        assignee_id=None if owner == "all" else _number(owner) or me().id,
        kind=_one_of(TaskKind, args.get("kind")),
        campaign_id=_number(args.get("campaign", "")),
        priority=_one_of(Priority, args.get("priority")),
    )


def narrowed(args: Mapping[str, str]) -> dict[str, Any]:
    """What the list is narrowed to, as its links carry it on; nothing else that an address may hold."""
    return {name: args[name] for name in NARROWING if args.get(name)}


def counted(args: Mapping[str, str]) -> dict[str, Any]:
    """The numbers of the page, and the links that narrow it."""
    uow, wanted = work(), wanted_in(args)
    numbers = counts(uow.session, me(), wanted, uow.now)
    kept = narrowed(args)
    return {
        "counts": numbers,
        "Group": Group,
        "views": [
            {
                "label": label,
                "href": url_for("tasks.index", **{**kept, "show": name or None}),
                "count": numbers.of(groups, wanted.kind),
                "current": groups == wanted.groups,
            }
            for name, (label, groups) in VIEWS.items()
        ],
        "kinds": [
            {
                "label": label,
                "href": url_for("tasks.index", **{**kept, "kind": kind}),
                "count": numbers.of(wanted.groups, kind),
                "current": kind == wanted.kind,
            }
            for kind, label in ((None, "All types"), *KINDS.items())
        ],
        "wanted": wanted,
        "args": kept,
    }


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
        **counted(shown_there()),
    )


def undo_url(tasks: Sequence[Task]) -> str:
    return url_for("tasks.undo", tasks=",".join(str(task.id) for task in tasks))


def named(tasks: Sequence[Task]) -> str:
    """The one task by its name, several by their number."""
    return f"“{tasks[0].name}”" if len(tasks) == 1 else count_words(len(tasks), "task")


def teammate(user_id: int | None) -> User:
    """An active user of the team. Raises Invalid."""
    for user in owners(work().session, me()):
        if user.id == user_id:
            return user
    raise Invalid({"assignee": "Choose somebody of the team."})


def _complete(tasks: Sequence[Task]) -> str:
    complete_tasks(work(), me(), tasks, undo_seconds=settings().undo_seconds)
    return f"{count_words(len(tasks), 'task')} done."


def _skip(tasks: Sequence[Task]) -> str:
    skip_tasks(work(), me(), tasks, undo_seconds=settings().undo_seconds)
    return f"{count_words(len(tasks), 'task')} skipped."


def _snooze(tasks: Sequence[Task]) -> str:
    until = instant_of(request.form.get("until", ""), me().zone, "until")
    for task in tasks:
        snooze(work(), me(), task, until)
    return f"{count_words(len(tasks), 'task')} snoozed until {when_words(until, me().zone)}."


def _assign(tasks: Sequence[Task]) -> str:
    assignee = teammate(request.form.get("assignee", type=int))
    for task in tasks:
        hand_on(work(), me(), task, assignee)
    return f"{count_words(len(tasks), 'task')} given to {assignee.name}."


def _prioritise(tasks: Sequence[Task]) -> str:
    for task in tasks:
        prioritise(work(), me(), task, Priority.HIGH)
    return f"{count_words(len(tasks), 'task')} set to high priority."


BULK: dict[str, Callable[[Sequence[Task]], str]] = {
    "complete": _complete,
    "skip": _skip,
    "snooze": _snooze,
    "assign": _assign,
    "high": _prioritise,
}


def _number(written: str) -> int | None:
    return int(written) if written.isdecimal() and len(written) < 16 else None


def _one_of(kinds: Any, written: str | None) -> Any:
    return kinds(written) if written in set(kinds) else None
