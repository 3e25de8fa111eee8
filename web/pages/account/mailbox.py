"""The rep's own mailbox: connect and check it, sign its mails, limit what it sends a day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, make_response, request, url_for

from sales_campaigns.absence.reconnecting import connect_and_go_on, reconnect
from sales_campaigns.accounts.channels.models import identity_behind
from sales_campaigns.accounts.inboxes import READ_SECURITY, inbox_guessed, inbox_of
from sales_campaigns.accounts.mailboxes import (
    SECURITY,
    copy_mailbox,
    let_relay_report,
    mailbox_of,
    note_largest_mail,
    pace_mailbox,
    settings_typed,
)
from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.accounts.ramping import RANGES, end_ramp, ramp_mailbox
from sales_campaigns.accounts.ramps import ramp_of
from sales_campaigns.accounts.reaching import account_of
from sales_campaigns.accounts.roles import may
from sales_campaigns.enrollments.limiting import change_limit
from sales_campaigns.enrollments.mailbox_drafts.waiting import let_drafts_wait
from sales_campaigns.errors import Invalid, NotFound
from sales_campaigns.messages.letters.signatures import OWN_FIELDS, change_signature, signature_as_sent
from web.answers import go, page
from web.filters import count_words
from web.pages.mails.previews import POLICY
from web.parts.channel_words import channel_ways
from web.parts.event_doors import doors_of_events
from web.parts.mailbox_check import answer_of
from web.parts.mailbox_drafts import mailbox_label
from web.parts.mailbox_secrets import sending_secret
from web.parts.mailbox_ways import ways_in
from web.request_scope import house, me, work

pages = Blueprint("mailbox", __name__, url_prefix="/mailbox")


class Ramped(NamedTuple):
    """How many mails may leave today and tomorrow (None: as many as its own limits say), and from when on all may."""

    today: int | None
    tomorrow: int | None
    ends: date


TYPED = ("address", "host", "port", "security", "username")
CHANNEL_IS_CHECKED = "“{name}” is checked by an administrator of your team, under Channels."
Words = Mapping[str, str]


@pages.get("")
def index() -> Response:
    return mailbox_page()


@pages.post("")
def connect() -> Response:
    """Try what was typed; it is kept only when the server takes it."""
    try:
        settings = settings_typed(request.form)
        secret = sending_secret(settings, request.form.get("password", ""))
        answered = answer_of(settings.account(secret))
        if answered.words:
            raise Invalid({"": answered.words})
        box = connect_and_go_on(work(), me(), settings, house().seal.close(secret))
        note_largest_mail(box, answered.largest_mail)
    except Invalid as refusal:
        return mailbox_page(request.form, refusal.problems)
    return _back(f"{settings.address} is connected: the server took the sign-in.")


@pages.post("/check")
def check() -> Response:
    """Ask the server with what is stored; a mailbox that had lost its connection sends again."""
    identity = identity_behind(_mailbox())
    if identity is not None:
        return mailbox_page(None, {"": CHANNEL_IS_CHECKED.format(name=identity.channel.name)})
    answered = answer_of(account_of(_mailbox(), house().seal, house().access))
    if answered.words:
        return mailbox_page(None, {"": answered.words})
    note_largest_mail(_mailbox(), answered.largest_mail)
    people = reconnect(work(), me(), _mailbox())
    anew = f" {count_words(people, 'person gets', 'people get')} new dates." if people else ""
    return _back(f"The server took the sign-in. Mail can leave.{anew}")


@pages.post("/signature")
def sign() -> Response:
    try:
        change_signature(work(), me(), request.form.get("signature_html", ""))
    except Invalid as refusal:
        return mailbox_page(request.form, refusal.problems)
    return _back("The signature is saved. It stands under every mail from now on.")


@pages.post("/signature/preview")
def preview() -> Response:
    """For the frame beside the field; nothing in it can load or run."""
    try:
        html, problem = signature_as_sent(request.form.get("signature_html", ""), me(), _mailbox()), ""
    except Invalid as refusal:
        html, problem = "", refusal.problems["signature_html"]
    response = make_response(page("mailbox/signature.html", html=html, problem=problem))
    response.headers["Content-Security-Policy"] = POLICY
    return response


@pages.post("/limit")
def limit() -> Response:
    try:
        mailbox = change_limit(work(), me(), request.form.get("daily_limit", ""))
    except Invalid as refusal:
        return mailbox_page(request.form, refusal.problems)
    return _back(f"At most {mailbox.daily_limit:,} campaign mails leave a day.")


@pages.post("/copies")
def copies() -> Response:
    try:
        mailbox = copy_mailbox(work(), me(), request.form)
    except Invalid as refusal:
        return mailbox_page(request.form, refusal.problems)
    copied = len(mailbox.cc.split()) + len(mailbox.bcc.split())
    words = count_words(copied, "address gets", "addresses get")
    return _back(f"{words} a copy of every mail." if copied else "Nobody gets copies.")


@pages.post("/drafts")
def drafts() -> Response:
    wanted = bool(request.form.get("drafts_wait"))
    let_drafts_wait(work(), me(), wanted=wanted)
    words = "Drafts of your due e-mail tasks are put into your mailbox from now on."
    return _back(
        words if wanted else "No more drafts are put there by themselves. Those that stand there stay."
    )


@pages.post("/pace")
def pace() -> Response:
    try:
        bulk = bool(request.form.get("bulk_lane"))
        mailbox = pace_mailbox(work(), me(), request.form.get("per_minute", ""), bulk_lane=bulk)
    except Invalid as refusal:
        return mailbox_page({"bulk_lane": "", **request.form}, refusal.problems)
    most = (
        f"At most {mailbox.per_minute:,} mails leave a minute" if mailbox.per_minute else "Mails leave as due"
    )
    return _back(f"{most}, {'in batches' if mailbox.bulk_lane else 'one by one'}.")


@pages.post("/relay-reports")
def relay_reports() -> Response:
    wanted = bool(request.form.get("relay_reports"))
    try:
        let_relay_report(work(), me(), wanted=wanted)
    except Invalid as refusal:
        return mailbox_page(request.form, refusal.problems)
    return _back(
        "What leaves from now on is pending until its relay reports it."
        if wanted
        else "What leaves from now on counts as delivered when it is handed over."
    )


@pages.post("/ramp")
def ramp() -> Response:
    try:
        mailbox = ramp_mailbox(work(), me(), request.values)
    except Invalid as refusal:
        return mailbox_page(request.form, refusal.problems)
    first = count_words(mailbox.ramp_first or 0, "mail leaves", "mails leave")
    return _back(f"At most {first} today, {mailbox.ramp_percent} % more every day.", url_for(".known"))


@pages.post("/ramp/end")
def known() -> Response:
    box = _mailbox()
    before = {name: getattr(box, name) for name in RANGES}
    end_ramp(work(), me())
    return _back("It is not held back any more.", url_for(".ramp", **before))


def mailbox_page(typed: Words | None = None, problems: Words | None = None) -> Response:
    """The whole page, with what was typed in one of its forms and what is wrong with it."""
    mailbox = mailbox_of(work().session, me())
    stored: dict[str, Any] = (
        {name: getattr(mailbox, name) for name in TYPED} if mailbox and mailbox.has_own_way else {}
    )
    known = {"address": me().email, "port": 587, "security": "starttls", **stored}
    shown = page(
        "mailbox/index.html",
        mailbox=mailbox,
        typed={
            **known,
            "signature_html": mailbox.signature_html if mailbox else "",
            "daily_limit": mailbox.daily_limit if mailbox else "",
            "per_minute": (mailbox.per_minute or "") if mailbox else "",
            **{name: getattr(mailbox, name) for name in RANGES if mailbox},
            "cc": mailbox.cc if mailbox else "",
            "bcc": mailbox.bcc if mailbox else "",
            "bulk_lane": mailbox.bulk_lane if mailbox else False,
            "relay_reports": mailbox.relay_reports if mailbox else False,
            **_reading(mailbox),
            **(typed or {}),
        },
        ramped=_ramped(mailbox),
        waits_until=mailbox.waits_until if mailbox else None,
        inbox=inbox_of(work().session, mailbox) if mailbox else None,
        ways_to_read=list(READ_SECURITY.items()),
        problems=problems or {},
        securities=list(SECURITY.items()),
        fields=OWN_FIELDS,
        may_bulk=may(me(), "start_deliveries"),
        doors_of_events=doors_of_events(),
        drafts_in=mailbox_label(),
        **ways_in(mailbox, {**known, **(typed or {})}),
        **channel_ways(mailbox),
    )
    return make_response(shown, 422 if problems else 200)


def _ramped(mailbox: Mailbox | None) -> Ramped | None:
    ramp = ramp_of(mailbox) if mailbox else None
    today = work().now.astimezone(ZoneInfo(me().zone)).date()
    if ramp is None or today >= ramp.ends:
        return None
    tomorrow = today + timedelta(days=1)
    return Ramped(ramp.on(today), ramp.on(tomorrow), ramp.ends)


def _reading(mailbox: Mailbox | None) -> dict[str, Any]:
    """How the mailbox is read; where it is not yet, a guess from how it sends."""
    if mailbox is None:
        return {}
    known = inbox_of(work().session, mailbox) or inbox_guessed(mailbox)
    return {f"imap_{name}": getattr(known, name) for name in ("host", "port", "security", "username")}


def _mailbox() -> Mailbox:
    mailbox = mailbox_of(work().session, me())
    if mailbox is None:
        raise NotFound("Connect a mailbox first.")
    return mailbox


def _back(words: str, undo: str = "") -> Response:
    return go(url_for("mailbox.index"), words, undo)
