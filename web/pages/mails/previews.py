"""The preview frame: a mail as typed, for one person, in a document that can load and run nothing."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, Response, make_response, request

from sales_campaigns.campaigns.previewing import person_for_preview, preview
from sales_campaigns.content.rendering import Content
from sales_campaigns.deliveries.proofs import send_test
from sales_campaigns.errors import NotFound
from web.answers import answer, page
from web.parts.attachments import files_again
from web.request_scope import me, work

pages = Blueprint("previews", __name__)
# Mails are styled by attributes, which the policy of our own pages forbids; here nothing else is allowed.
POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'self'"
)


@pages.post("/previews")
def show() -> Response:
    """Fields `subject`, `html`, `text` as typed, and `as`: an address or a name, empty for the examples."""
    try:
        person, problem = person_for_preview(work().session, me(), request.form.get("as", "")), ""
    except NotFound as nobody:
        person, problem = None, nobody.words
    shown = preview(_content(), person, me())
    response = make_response(page("previews/mail.html", shown=shown, person=person, problem=problem))
    response.headers["Content-Security-Policy"] = POLICY
    return response


@pages.post("/previews/test")
def send_a_test() -> str:
    """The same fields: the mail goes to whoever is signed in, as the person named would get it."""
    person = person_for_preview(work().session, me(), request.form.get("as", ""))
    content = replace(_content(), bundle_id=files_again(request.form)["bundle_id"])
    message = send_test(work(), me(), content, person.id if person else None)
    words = f"A test is on its way to {message.email}."
    return answer("previews/test.html", "previews/_test.html", words=words)


def _content() -> Content:
    """What is typed; a follow-up without a subject of its own takes over the one that it `answers`."""
    typed = request.form
    subject = typed.get("subject", "").strip() or typed.get("answers", "")
    return Content(subject, typed.get("html", ""), typed.get("text", ""))
