"""How the rep's own mailbox is read: say it and try it, look again, or read it no longer."""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for

from sales_campaigns.accounts.inboxes import inbox_typed, read_from, stop_reading
from sales_campaigns.accounts.mailboxes import mailbox_of
from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.errors import Invalid, NotFound
from web.answers import go
from web.pages.account.mailbox import mailbox_page
from web.parts.mailbox_check import reading_answer_of
from web.request_scope import house, me, work

pages = Blueprint("inbox", __name__, url_prefix="/mailbox/reading")


@pages.post("")
def connect() -> Response:
    """Try what was typed; it is kept only when the server takes it."""
    try:
        settings, mailbox = inbox_typed(request.form), _mailbox()
        words = reading_answer_of(settings.account(mailbox, house().seal.open(mailbox.sealed_secret)))
        if words:
            raise Invalid({"": words})
        read_from(work(), me(), settings)
    except Invalid as refusal:
        return mailbox_page(request.form, refusal.problems)
    return go(
        url_for("mailbox.index"), "Your mailbox is read: answers and returned mail are found by themselves."
    )


@pages.post("/stop")
def stop() -> Response:
    stop_reading(work(), me())
    return go(
        url_for("mailbox.index"), "Your mailbox is read no longer. Replies are not seen until it is again."
    )


def _mailbox() -> Mailbox:
    mailbox = mailbox_of(work().session, me())
    if mailbox is None:
        raise NotFound("Connect a mailbox first.")
    return mailbox
