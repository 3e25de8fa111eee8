"""Drafts of mails that somebody writes: kept, changed, thrown away; nobody else sees them."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from sales_campaigns.errors import Invalid
from sales_campaigns.messages.models import Draft
from sales_campaigns.messages.outbox.composing import Typed
from sales_campaigns.messages.outbox.drafting import About, discard_draft, draft_of, drafts_of, save_draft
from sales_campaigns.messages.outbox.lines import message_of
from sales_campaigns.people.listing import person_of
from sales_campaigns.tasks.working import task_of
from web.api.mails.attachments import Files, bundle_of, digest_of
from web.api.protocol.cursors import short_list
from web.api.protocol.operations import Area
from web.api.protocol.shapes import Asked, AskedPage, Id, Line, Page, Shown, Source
from web.request_scope import me, work

api = Area("messages", "")
MOST = 1_000


class DraftTyped(Asked):
    """Saved again under the same `key`, or for the same task, it is the same draft."""

    person_id: Id
    key: str = Field(min_length=1, max_length=32, description="By which you know it again.")
    subject: Line = ""
    html: Source = ""
    cc: Line = ""
    bcc: Line = ""
    files: Files = ""
    task_id: Id | None = None
    answers_message_id: Id | None = None


class DraftShown(Shown):
    id: int
    person_id: int
    task_id: int | None
    answers_message_id: int | None
    key: str
    subject: str
    html: str
    cc: str
    bcc: str
    files: str
    changed_at: AwareDatetime
    discarded_at: AwareDatetime | None


@api.get("/drafts")
def list_drafts(query: AskedPage) -> Page[DraftShown]:
    """Your drafts."""
    found = [draft for draft, _ in drafts_of(work().session, me(), MOST)]
    return short_list(found, lambda one: one.id, _shown, query.after, query.limit)


@api.post("/drafts", example={"person_id": 1, "key": "spring", "subject": "Hello", "html": "<p>Hello</p>"})
def save_draft_of_mine(body: DraftTyped) -> DraftShown:
    """Keep what is written so far, or write over what was kept before."""
    typed = Typed(body.subject, body.html, cc=body.cc, bcc=body.bcc, key=body.key, bundle_id=_files(body))
    draft = save_draft(work(), me(), _about(body), typed)
    if draft is None:
        raise Invalid({"subject": "There is nothing in it yet that is worth keeping."})
    return _shown(draft)


@api.get("/drafts/<int:draft_id>")
def get_draft(draft_id: int) -> DraftShown:
    """One draft."""
    return _shown(draft_of(work().session, me(), draft_id))


@api.post("/drafts/<int:draft_id>/discard")
def discard_draft_of_mine(draft_id: int) -> DraftShown:
    """Throw it away."""
    return _thrown(draft_id, away=True)


@api.post("/drafts/<int:draft_id>/restore")
def restore_draft_of_mine(draft_id: int) -> DraftShown:
    """Fetch it back."""
    return _thrown(draft_id, away=False)


def _thrown(draft_id: int, *, away: bool) -> DraftShown:
    draft = draft_of(work().session, me(), draft_id)
    discard_draft(work(), me(), draft, away=away)
    return _shown(draft)


def _about(body: DraftTyped) -> About:
    """Raises NotFound for what is not the caller's to see, and for a task that is about somebody else."""
    session = work().session
    person = person_of(session, me(), body.person_id)
    if body.task_id is not None and task_of(work(), me(), body.task_id).person_id != person.id:
        raise Invalid({"task_id": "This task is about somebody else."})
    answers = body.answers_message_id
    answered = message_of(session, me(), answers).id if answers is not None else None
    return About(person.id, body.task_id, answered)


def _files(body: DraftTyped) -> int | None:
    return bundle_of(body.files, person_of(work().session, me(), body.person_id).team_id)


def _shown(draft: Draft) -> DraftShown:
    work().session.flush()
    names = DraftShown.model_fields.keys() - {"files", "answers_message_id"}
    kept = {name: getattr(draft, name) for name in names}
    return DraftShown(**kept, answers_message_id=draft.answers_id, files=digest_of(draft.bundle_id))
