"""The Team page, for administrators of the team: each rep's load, handing it on, and their queue as they see it."""

from __future__ import annotations

from flask import Blueprint, Response, request, session, url_for

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.enrollments.explaining.team_load import team_lines
from sales_campaigns.errors import Invalid, NotFound
from sales_campaigns.people.listing import owners
from sales_campaigns.tasks.call_choices import choices_of
from sales_campaigns.tasks.changing import hand_on_many
from sales_campaigns.tasks.models import ChoiceKind, TaskState
from sales_campaigns.tasks.queue import counts, matching_ids, task_lines
from sales_campaigns.tasks.wanted import TO_DO, Group, Wanted
from sales_campaigns.tasks.working import tasks_of
from web.answers import go, page
from web.filters import count_words
from web.numbers import whole
from web.pages.tasks.tasks import teammate, undo_url
from web.parts.task_rows import groups_of
from web.request_scope import me, work

pages = Blueprint("team", __name__, url_prefix="/team")
AT_MOST = 5_000
WHICH = {
    "overdue": ("overdue", (Group.OVERDUE,)),
    "due": ("due", TO_DO),
    "all": ("open", (*TO_DO, Group.UPCOMING, Group.SNOOZED)),
}


@pages.get("")
def index() -> str:
    require(me(), "see_team")
    uow = work()
    lines = team_lines(uow.session, me(), uow.now)
    outcomes = choices_of(uow.session, me().team_id)[ChoiceKind.OUTCOME]
    return page(
        "team/index.html",
        lines=lines,
        reached={one.name for one in outcomes if one.reached},
        positive={one.name for one in outcomes if one.tone == "positive"},
        teammates=owners(uow.session, me()),
        which=[(name, words) for name, (words, _) in WHICH.items()],
    )


@pages.post("/<int:user_id>/reassign")
def reassign(user_id: int) -> Response:
    rep = _rep(user_id)
    words, groups = WHICH.get(request.form.get("which", ""), WHICH["overdue"])
    to = teammate(request.form.get("assignee", type=whole))
    uow = work()
    ids = matching_ids(uow.session, me(), Wanted(groups, assignee_id=rep.id), uow.now, AT_MOST + 1)
    if len(ids) > AT_MOST:
        raise Invalid(f"{rep.name} has more than {AT_MOST:,} of these. Narrow them in the list of tasks.")
    tasks = [task for task in tasks_of(uow, me(), ids) if task.state is TaskState.OPEN]
    if not tasks:
        return go(url_for(".index"), f"{rep.name} has no {words} task.")
    hand_on_many(uow, me(), tasks, to)
    uow.session.flush()
    said = f"{count_words(len(tasks), 'task')} of {rep.name} given to {to.name}."
    return go(url_for(".index"), said, undo_url(tasks))


@pages.post("/<int:user_id>/view-as")
def view_as(user_id: int) -> Response:
    """Begin to look; it is written down who looked at whose queue."""
    rep = _rep(user_id)
    work().record(
        "user.viewed_as", actor_id=me().id, team_id=rep.team_id, data={"user": rep.id, "name": rep.name}
    )
    session["viewing_as"] = rep.id
    return go(url_for(".queue", user_id=rep.id))


@pages.get("/<int:user_id>/queue")
def queue(user_id: int) -> str:
    """Read-only: nothing of it can be pressed."""
    rep, uow = _rep(user_id), work()
    if session.get("viewing_as") != rep.id:
        return page("team/queue.html", rep=rep, groups=None, numbers=None, Group=Group, after="")
    wanted = Wanted(assignee_id=rep.id)
    after = request.args.get("after", "")
    lines, following = task_lines(uow.session, me(), wanted, uow.now, after=after)
    return page(
        "team/queue.html",
        rep=rep,
        groups=groups_of(lines, uow.now, rep.id),
        numbers=counts(uow.session, me(), wanted, uow.now),
        Group=Group,
        after=url_for(".queue", user_id=rep.id, after=following) if following else "",
    )


def _rep(user_id: int) -> User:
    """Somebody of the team. Raises NotAllowed, NotFound."""
    found = next((user for user in owners(work().session, me()) if user.id == user_id), None)
    if found is None:
        raise NotFound("There is no such user in your team.")
    require(me(), "see_team")
    return found
