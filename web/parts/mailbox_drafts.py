"""The draft of a task in the rep's own mailbox, as pages show it; nothing of it where that mailbox has no drafts."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, cast

from flask import g, url_for

from sales_campaigns.accounts.mailboxes import mailbox_of
from sales_campaigns.accounts.models import MailboxState
from sales_campaigns.enrollments.mailbox_drafts.disowning import may_be_disowned
from sales_campaigns.enrollments.mailbox_drafts.making import DraftDesk
from sales_campaigns.errors import Outside
from sales_campaigns.messages.mailbox_drafts.answering import questions
from sales_campaigns.messages.mailbox_drafts.models import MailboxDraft, MailboxDraftState, OwnMail
from sales_campaigns.messages.mailbox_drafts.reading import newest_draft
from sales_campaigns.messages.mailbox_drafts.states import STANDING
from sales_campaigns.tasks.models import Task, TaskKind, TaskState
from web.request_scope import house, me, outside, work

SIGNALS = {
    "tag": "known by its tag",
    "name": "known by its Message-ID",
    "thread": "matched by its thread",
    "address": "matched by address and subject",
    "said": "you said so",
    "answered": "you said so",
}


def draft_desk() -> DraftDesk:
    own = house()
    return DraftDesk(own.writes, own.clock, own.seal, own.access, own.outside.drafts)


def mailbox_label() -> str:
    """ "Gmail" where my mailbox can hold drafts for me, "" where it cannot. Found once a request."""
    if "mailbox_label" not in g:
        g.mailbox_label = _label()
    return cast(str, g.mailbox_label)


def in_mailbox(task: Task, my_id: int) -> list[dict[str, str]]:
    """The entry of a row's menu that opens the task's mail in my mailbox."""
    url = _open_url(task, my_id)
    label = f"Open in {mailbox_label()}" if url else ""
    return [{"label": label, "post": url, "icon": "external-link"}] if url else []


def drafted(task: Task) -> dict[str, Any]:
    """`in_mailbox`: label, open_url ("" where it cannot be opened), draft, links, asked (mails it may be); or None."""
    if task.kind is not TaskKind.EMAIL:
        return {"in_mailbox": None}
    draft, label = newest_draft(work().session, task.id), mailbox_label()
    if draft is None and not label:
        return {"in_mailbox": None}
    shown = {
        "label": label or "the mailbox",
        "open_url": _open_url(task, me().id),
        "draft": draft,
        "links": _links(draft),
        "asked": _asked(draft),
    }
    return {"in_mailbox": {**shown, **_matched(draft, task)}}


def _label() -> str:
    box = mailbox_of(work().session, me())
    if box is None or box.grant is None or box.state is MailboxState.STOPPED or outside().drafts is None:
        return ""
    delegation = outside().delegations.get(box.provider) if box.grant.delegated else None
    if delegation is not None:  # by the key of the organisation everything is allowed
        return delegation.label
    consent, scopes = outside().consents.get(box.provider), tuple(box.grant.scopes.split())
    with suppress(Outside):
        if consent is not None and consent.reads(scopes) and not consent.lacking(scopes):
            return consent.label
    return ""


def _open_url(task: Task, my_id: int) -> str:
    mine = task.kind is TaskKind.EMAIL and task.state is TaskState.OPEN and task.assignee_id == my_id
    if not (mine and task.message_id is None and task.person_id and mailbox_label()):
        return ""
    return url_for("mailbox_draft.open_it", task_id=task.id)


def _links(draft: MailboxDraft | None) -> list[dict[str, Any]]:
    if draft is None or draft.state is not MailboxDraftState.MADE:
        return []
    return [{"label": label, "url": url, "exact": exact} for label, url, exact in draft.links]


def _asked(draft: MailboxDraft | None) -> list[OwnMail]:
    """Mails of which I have to say whether they were this draft."""
    if draft is None or draft.state is not MailboxDraftState.GONE:
        return []
    known = questions(work().session, me())
    return [one.mail for one in known if draft.id in (each.id for each in one.drafts)]


def _matched(draft: MailboxDraft | None, task: Task) -> dict[str, Any]:
    if draft is None:
        return {"how": "", "undo_url": "", "sent_url": ""}
    mine = task.assignee_id == me().id
    undo = mine and task.state is TaskState.COMPLETED and may_be_disowned(draft)
    say = mine and task.state is TaskState.OPEN and draft.state in STANDING
    return {
        "how": SIGNALS[draft.signal.value] if draft.signal is not None else "",
        "undo_url": url_for("mailbox_draft.undo", task_id=task.id) if undo else "",
        "sent_url": url_for("mailbox_draft.sent", task_id=task.id) if say else "",
    }
