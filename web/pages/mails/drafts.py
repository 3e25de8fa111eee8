"""Drafts: saved while a mail is written or by the button, thrown away, fetched back."""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for

from sales_campaigns.errors import Invalid
from sales_campaigns.messages.outbox.composing import Typed
from sales_campaigns.messages.outbox.drafting import discard_draft, draft_of, save_draft
from web.answers import go
from web.filters import clock_words
from web.parts.attachments import bundle_typed
from web.parts.composer import subject_of
from web.request_scope import me, work

pages = Blueprint("drafts", __name__)


@pages.post("/compose/draft")
def save() -> Response:
    """By the script it is answered with words to show; by the button it leads to the folder of drafts."""
    subject, form = subject_of(request.args), request.form
    typed = Typed(
        subject=form.get("subject", ""),
        html=form.get("html", ""),
        cc=form.get("cc", ""),
        bcc=form.get("bcc", ""),
        key=form.get("key", ""),
        bundle_id=bundle_typed(subject.person.team_id),
    )
    draft = save_draft(work(), me(), subject.about, typed)
    if request.headers.get("X-Saves") == "draft":
        words = f"Draft saved {clock_words(work().now, me().zone)}" if draft is not None else ""
        return Response(words, mimetype="text/plain")
    if draft is None:
        raise Invalid({"subject": "A draft needs a subject, so that you find it again."})
    return go(url_for("emails.index", folder="draft"), "The draft is saved.")


@pages.post("/drafts/<int:draft_id>/discard")
def discard(draft_id: int) -> Response:
    discard_draft(work(), me(), draft_of(work().session, me(), draft_id))
    back = url_for(".restore", draft_id=draft_id)
    return go(url_for("emails.index", folder="draft"), "The draft is discarded.", back)


@pages.post("/drafts/<int:draft_id>/restore")
def restore(draft_id: int) -> Response:
    discard_draft(work(), me(), draft_of(work().session, me(), draft_id), away=False)
    return go(url_for("emails.index", folder="draft"), "The draft is back.")
