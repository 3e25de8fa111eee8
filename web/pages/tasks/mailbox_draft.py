"""An e-mail task in the rep's own mailbox: put its draft there, open it, say that it was sent, undo a match."""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for

from sales_campaigns.enrollments.mailbox_drafts.disowning import disown
from sales_campaigns.enrollments.mailbox_drafts.making import open_in_mailbox, task_to_draft
from sales_campaigns.errors import Invalid, NotFound, Outside
from sales_campaigns.messages.mailbox_drafts.answering import say_it_was_sent
from sales_campaigns.messages.mailbox_drafts.models import MailboxDraft
from sales_campaigns.messages.mailbox_drafts.reading import newest_draft
from sales_campaigns.messages.outbox.drafting import save_draft
from sales_campaigns.tasks.queue import task_line
from sales_campaigns.tasks.working import task_of
from web.answers import go, page
from web.parts.composer import subject_of, typed_mail
from web.parts.mailbox_drafts import draft_desk, drafted
from web.request_scope import commit_now, me, work

pages = Blueprint("mailbox_draft", __name__, url_prefix="/tasks/<int:task_id>/mailbox")


@pages.get("")
def show(task_id: int) -> Response | str:
    """Where no mailbox of mine could hold it, the task itself is shown."""
    line = task_line(work().session, me(), task_id, work().now)
    if drafted(line.task)["in_mailbox"] is None:
        return go(url_for("task.show", task_id=task_id))
    return _page(task_id)


@pages.post("")
def open_it(task_id: int) -> Response | tuple[str, int]:
    """The request's unit of work ends before the mailbox is asked. What stands in the composer goes along."""
    task_to_draft(work(), me(), task_id)
    try:
        _keep_what_was_typed(task_id)
        commit_now()
        open_in_mailbox(draft_desk(), me().id, task_id)
    except (Invalid, Outside) as refused:
        words = refused.words if isinstance(refused, Outside) else str(refused)
        return _page(task_id, words), 422 if isinstance(refused, Invalid) else 502
    return go(url_for(".show", task_id=task_id))


@pages.post("/sent")
def sent(task_id: int) -> Response:
    task = task_of(work(), me(), task_id)
    say_it_was_sent(work(), me(), _draft(task.id))
    return go(url_for("tasks.index"), f"Done: {task.name}. The mail is read into the log when it is found.")


@pages.post("/undo")
def undo(task_id: int) -> Response:
    task = disown(work(), me(), _draft(task_of(work(), me(), task_id).id))
    words = f"Open again: {task.name}. The mail that you sent stays in the log as one of your own."
    return go(url_for("task.show", task_id=task_id), words)


def _keep_what_was_typed(task_id: int) -> None:
    """From the composer: what the rep wrote so far is what the draft says."""
    if "html" in request.form:
        subject = subject_of({"task": str(task_id)})
        typed = typed_mail(request.form, subject.zone, subject.person.team_id)
        save_draft(work(), me(), subject.about, typed)


def _draft(task_id: int) -> MailboxDraft:
    draft = newest_draft(work().session, task_id)
    if draft is None:
        raise NotFound("There is no draft of this task in a mailbox.")
    return draft


def _page(task_id: int, problem: str = "") -> str:
    line = task_line(work().session, me(), task_id, work().now)
    box = drafted(line.task)["in_mailbox"] or {"label": "the mailbox", "open_url": "", "links": []}
    return page("tasks/mailbox.html", line=line, task=line.task, box=box, problem=problem, inside=False)
