"""The preview frame: a mail as typed, for one person, in a document that can load and run nothing."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, request

from sales_campaigns.campaigns.previewing import person_for_preview, preview
from sales_campaigns.content.rendering import Content
from sales_campaigns.errors import NotFound
from web.answers import page
from web.request_scope import me, work

pages = Blueprint("previews", __name__)
# Mails are styled by attributes, which the policy of our own pages forbids; here nothing else is allowed.
POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'self'"
)


@pages.post("/previews")
def show() -> Response:
    """Fields `subject`, `html`, `text` as typed, and `as`: an address or a name, empty for the examples."""
    typed = request.form
    content = Content(typed.get("subject", ""), typed.get("html", ""), typed.get("text", ""))
    try:
        person, problem = person_for_preview(work().session, me(), typed.get("as", "")), ""
    except NotFound as nobody:
        person, problem = None, nobody.words
    shown = preview(content, person, me())
    response = make_response(page("previews/mail.html", shown=shown, person=person, problem=problem))
    response.headers["Content-Security-Policy"] = POLICY
    return response
