"""The demo's mail catcher: what left, thread by thread, rendered in a frame of its own and raw."""

from __future__ import annotations

from flask import Blueprint, Response, request

from sales_campaigns.content.html import for_frame
from sales_campaigns.errors import NotFound
from sales_campaigns.ports import CaughtMails
from web.answers import page
from web.request_scope import outside

pages = Blueprint("caught", __name__, url_prefix="/caught")
# The frame of a mail: nothing runs, nothing is fetched, and it is a stranger to our own pages.
FRAME_POLICY = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'"


@pages.get("")
def index() -> str:
    store = _store()
    wanted = request.args.get("q", "").strip().lower()
    threads = [
        thread
        for thread in store.threads(200)
        if not wanted or any(wanted in f"{m.subject} {m.to} {m.from_}".lower() for m in thread.mails)
    ]
    return page("caught/index.html", threads=threads[:50], total=len(store), wanted=wanted)


@pages.get("/<int:number>")
def show(number: int) -> str:
    mail = _store().get(number)
    thread = next((t for t in _store().threads(200) if any(m.id == number for m in t.mails)), None)
    return page("caught/mail.html", mail=mail, thread=thread, raw=mail.raw.decode("utf-8", "replace"))


@pages.get("/<int:number>/frame")
def frame(number: int) -> Response:
    answer = Response(for_frame(_store().get(number).html), mimetype="text/html")
    answer.headers["Content-Security-Policy"] = FRAME_POLICY
    return answer


def _store() -> CaughtMails:
    store = outside().caught
    if store is None:
        raise NotFound("Mail is caught in the demo only.")
    return store
