"""E-mail tasks in the rep's own mailbox: put a draft there, say that it was sent, undo a match, answer which it was."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from sales_campaigns.enrollments.mailbox_drafts.disowning import disown
from sales_campaigns.enrollments.mailbox_drafts.making import open_in_mailbox, task_to_draft
from sales_campaigns.errors import NotFound
from sales_campaigns.messages.mailbox_drafts.answering import Question, answer, questions, say_it_was_sent
from sales_campaigns.messages.mailbox_drafts.models import MailboxDraft, MailboxDraftState
from sales_campaigns.messages.mailbox_drafts.reading import newest_draft
from sales_campaigns.tasks.working import task_of
from web.api.protocol.operations import Area
from web.api.protocol.shapes import Asked, Id, Shown
from web.api.tasks.shapes import TaskShown
from web.api.tasks.tasks import get_task
from web.parts.mailbox_drafts import draft_desk
from web.request_scope import commit_now, me, work

api = Area("tasks", "")


class WhichDraft(Asked):
    draft_id: Id | None = Field(description="The draft that this mail was; null for none of them.")


class LinkShown(Shown):
    label: str
    url: str
    exact: bool = Field(description="Whether it opens the draft itself, or where the drafts are.")


class MailboxDraftShown(Shown):
    id: int
    task_id: int
    state: MailboxDraftState
    email: str
    subject: str
    links: list[LinkShown]
    opened_at: AwareDatetime
    ended_at: AwareDatetime | None
    message_id: int | None
    words: str


class OwnMailShown(Shown):
    """A mail that you sent by yourself, and the drafts that it may have been."""

    id: int
    at: AwareDatetime
    to: list[str]
    subject: str
    drafts: list[MailboxDraftShown]


class OwnMailsShown(Shown):
    mails: list[OwnMailShown]


@api.get("/tasks/<int:task_id>/mailbox-draft")
def get_mailbox_draft(task_id: int) -> MailboxDraftShown:
    """The newest draft of this task in a mailbox."""
    return _shown(_draft(get_task(task_id).id))


@api.post("/tasks/<int:task_id>/mailbox-draft", outside=True)
def put_mailbox_draft(task_id: int) -> MailboxDraftShown:
    """Put the mail of your task into your own mailbox as a draft; sent there, the task is done. Twice is once."""
    task_to_draft(work(), me(), task_id)
    commit_now()  # the mailbox is asked with no transaction open
    open_in_mailbox(draft_desk(), me().id, task_id)
    return _shown(_draft(task_id))


@api.post("/tasks/<int:task_id>/mailbox-draft/sent")
def say_mailbox_draft_was_sent(task_id: int) -> TaskShown:
    """You sent it: the task is done, and the mail is read into the log when the mailbox shows it."""
    say_it_was_sent(work(), me(), _draft(task_of(work(), me(), task_id).id))
    return _task(task_id)


@api.post("/tasks/<int:task_id>/mailbox-draft/disown")
def disown_sent_mail(task_id: int) -> TaskShown:
    """The mail that completed this task was another one: the task is open again."""
    disown(work(), me(), _draft(task_of(work(), me(), task_id).id))
    return _task(task_id)


@api.get("/own-mails")
def list_own_mails() -> OwnMailsShown:
    """Mails of which only you can say what task they were, the oldest first."""
    return OwnMailsShown(mails=[_mail(one) for one in questions(work().session, me())])


@api.post("/own-mails/<int:own_mail_id>", status=204, example={"draft_id": None})
def answer_for_own_mail(own_mail_id: int, body: WhichDraft) -> None:
    """Say which draft it was, which completes its task, or that it was none."""
    answer(work(), me(), own_mail_id, body.draft_id)


def _draft(task_id: int) -> MailboxDraft:
    draft = newest_draft(work().session, task_id)
    if draft is None:
        raise NotFound("There is no draft of this task in a mailbox.")
    return draft


def _task(task_id: int) -> TaskShown:
    work().session.flush()
    return get_task(task_id)


def _mail(one: Question) -> OwnMailShown:
    mail = one.mail
    to, drafts = mail.recipients.split(), [_shown(draft) for draft in one.drafts]
    return OwnMailShown(id=mail.id, at=mail.at, subject=mail.subject, to=to, drafts=drafts)


def _shown(draft: MailboxDraft) -> MailboxDraftShown:
    links = [LinkShown(label=label, url=url, exact=exact) for label, url, exact in draft.links]
    kept = {name: getattr(draft, name) for name in MailboxDraftShown.model_fields if name != "links"}
    return MailboxDraftShown(**kept, links=links)
