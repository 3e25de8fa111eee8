"""Mails that a rep sent from the own mailbox, and which tasks they were: what only the rep can say."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request, url_for

from sales_campaigns.messages.mailbox_drafts.answering import Question, answer, questions
from sales_campaigns.messages.mailbox_drafts.models import MailboxDraft
from sales_campaigns.messages.mailbox_drafts.reading import guessed
from sales_campaigns.tasks.working import tasks_of
from web.answers import go, page
from web.numbers import whole
from web.parts.mailbox_drafts import mailbox_label
from web.request_scope import me, work

pages = Blueprint("own_mails", __name__, url_prefix="/sent-from-mailbox")


@pages.get("")
def index() -> str:
    uow = work()
    asked, taken = questions(uow.session, me()), guessed(uow.session, me(), uow.now)
    tasks = _tasks([*(draft for one in asked for draft in one.drafts), *taken])
    return page(
        "tasks/own_mails.html",
        asked=[_asked(one, tasks) for one in asked],
        taken=[(draft, tasks[draft.task_id]) for draft in taken if draft.task_id in tasks],
        label=mailbox_label() or "your mailbox",
    )


@pages.post("/<int:own_mail_id>")
def say(own_mail_id: int) -> Response:
    """`draft` is the number of the draft that it was, "" for none of them."""
    chosen = request.form.get("draft", type=whole)
    answer(work(), me(), own_mail_id, chosen)
    words = "The task is done." if chosen else "No task was touched."
    return go(url_for(".index"), words)


def _asked(one: Question, tasks: dict[int, Any]) -> dict[str, Any]:
    known = [(draft, tasks[draft.task_id]) for draft in one.drafts if draft.task_id in tasks]
    return {"mail": one.mail, "to": one.mail.recipients.replace(" ", ", "), "choices": known}


def _tasks(drafts: list[MailboxDraft]) -> dict[int, Any]:
    ids = {draft.task_id for draft in drafts}
    return {task.id: task for task in tasks_of(work(), me(), ids)} if ids else {}
