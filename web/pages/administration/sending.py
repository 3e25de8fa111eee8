"""Sending as a whole: stop it, let it go on, confirm that this is the installation; and the same for a mailbox."""

from __future__ import annotations

from flask import Blueprint, Response, url_for

from sales_campaigns.accounts.roles import may, require
from sales_campaigns.messages.mailbox_lines import mailbox_lines
from sales_campaigns.messages.models import Stop
from sales_campaigns.messages.stops.reasons import stops_on, waiting_mails
from sales_campaigns.messages.stops.stopping import (
    release_everything,
    release_mailbox,
    stop_everything,
    stop_mailbox,
)
from sales_campaigns.messages.stops.waking import confirm_instance
from web.answers import go, page
from web.filters import count_words
from web.parts.stop_words import since_words, words_of
from web.request_scope import me, work

pages = Blueprint("sending", __name__, url_prefix="/sending")


@pages.get("")
def index() -> str:
    session = work().session
    stops = stops_on(session, Stop.kind == "instance")
    return page(
        "sending/index.html",
        stops=[
            {
                "cause": line.stop.cause.value,
                "words": words_of(line),
                "since": since_words(line.stop.at, me().zone),
            }
            for line in stops
        ],
        causes={line.stop.cause.value for line in stops},
        rules=may(me(), "manage_installation"),
        waiting=waiting_mails(session) if may(me(), "manage_installation") else 0,
        mailboxes=mailbox_lines(session, me()),
    )


@pages.post("/stop")
def stop() -> Response:
    require(me(), "manage_installation")
    waiting = waiting_mails(work().session)
    stop_everything(work(), me())
    words = f"All sending is stopped: {count_words(waiting, 'mail waits', 'mails wait')}."
    return go(url_for(".index"), words, url_for(".release"))


@pages.post("/release")
def release() -> Response:
    overdue = release_everything(work(), me())
    return go(url_for(".index"), f"Mail leaves again.{_spread(overdue)}", url_for(".stop"))


@pages.post("/confirm")
def confirm() -> Response:
    overdue = confirm_instance(work(), me())
    return go(
        url_for(".index"),
        f"Confirmed: this is the installation, and mail leaves from here.{_spread(overdue)}",
    )


@pages.post("/mailboxes/<int:mailbox_id>/stop")
def stop_one(mailbox_id: int) -> Response:
    box = stop_mailbox(work(), me(), mailbox_id)
    return go(
        url_for(".index"),
        f"Nothing leaves from {box.address}.",
        url_for(".release_one", mailbox_id=mailbox_id),
    )


@pages.post("/mailboxes/<int:mailbox_id>/release")
def release_one(mailbox_id: int) -> Response:
    box, overdue = release_mailbox(work(), me(), mailbox_id)
    words = f"Mail leaves from {box.address} again.{_spread(overdue)}"
    return go(url_for(".index"), words, url_for(".stop_one", mailbox_id=mailbox_id))


def _spread(overdue: int) -> str:
    return (
        f" {count_words(overdue, 'overdue mail is', 'overdue mails are')} spread from now on."
        if overdue
        else ""
    )
