"""As whom a rep sends through a channel: ask for a code, type it, choose the way that mail leaves by."""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for

from sales_campaigns.absence.going_through import confirmed, send_by_own, send_through
from sales_campaigns.accounts.channels.reading import identity_of
from sales_campaigns.accounts.channels.verifying import confirm_code, let_go
from sales_campaigns.accounts.mailboxes import mailbox_of
from sales_campaigns.accounts.reaching import own_account
from sales_campaigns.errors import Invalid, NotFound
from web.answers import go
from web.numbers import whole
from web.pages.account.mailbox import mailbox_page
from web.parts.channel_words import mail_code
from web.parts.mailbox_check import answer_of
from web.request_scope import house, keep_even_if_refused, me, work

pages = Blueprint("identities", __name__, url_prefix="/mailbox/identities")


@pages.post("")
def ask() -> Response:
    """Mail a code to the address that was typed."""
    try:
        channel_id = request.form.get("channel_id", 0, type=whole)
        address = mail_code(me(), channel_id, request.form.get("identity", ""))
    except Invalid as refusal:
        return mailbox_page(request.form, refusal.problems)
    return _back(f"A code is on its way to {address}. Type it here within an hour.")


@pages.post("/<int:identity_id>/code")
def ask_again(identity_id: int) -> Response:
    identity = identity_of(work().session, me(), identity_id)
    channel_id, address = identity.channel_id, identity.address
    try:
        mail_code(me(), channel_id, address)
    except Invalid as refusal:
        return mailbox_page(request.form, refusal.problems)
    return _back(f"Another code is on its way to {address}. The one before is good no longer.")


@pages.post("/<int:identity_id>/confirm")
def confirm(identity_id: int) -> Response:
    """A wrong code is counted, so the transaction stands although it is refused."""
    keep_even_if_refused()
    try:
        identity = confirm_code(work(), me(), identity_id, request.form.get(f"code_{identity_id}", ""))
    except Invalid as refusal:
        return mailbox_page(request.form, refusal.problems)
    if confirmed(work(), me(), identity) is None:
        return _back(f"{identity.address} is verified. Your mail leaves as before until you choose it.")
    return _back(f"{identity.address} is verified: mail leaves through “{identity.channel.name}”.")


@pages.post("/<int:identity_id>/use")
def use(identity_id: int) -> Response:
    try:
        box = send_through(work(), me(), identity_id)
    except Invalid as refusal:
        return mailbox_page(request.form, refusal.problems)
    name = identity_of(work().session, me(), identity_id).channel.name
    return _back(f"Mail leaves as {box.address}, through “{name}”.")


@pages.post("/<int:identity_id>/let-go")
def drop(identity_id: int) -> Response:
    """Its user's page, or the channel's, where an administrator did it for somebody else."""
    identity = let_go(work(), me(), identity_id)
    words = f"{identity.address} is verified no longer: nothing leaves as it."
    if identity.user_id == me().id:
        return _back(words)
    return go(url_for("channels.show", channel_id=identity.channel_id), words)


@pages.post("/own")
def own() -> Response:
    """Its own server is asked first; the channel is left only when that takes our sign-in."""
    box = mailbox_of(work().session, me())
    if box is None or not box.has_own_way:
        raise NotFound("Connect a mailbox of your own first.")
    answered = answer_of(own_account(box, house().seal, house().access))
    if answered.words:
        return mailbox_page(request.form, {"": answered.words})
    return _back(
        f"Mail leaves by your own server, as {send_by_own(work(), me(), answered.largest_mail).address}."
    )


def _back(words: str) -> Response:
    return go(url_for("mailbox.index"), words)
