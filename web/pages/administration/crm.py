"""The team's CRM: connect it, say what is synced and under which names, see how it goes, end it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, make_response, request, session, url_for

from sales_campaigns.accounts.roles import require
from sales_campaigns.crm.accounts import USUAL_NAMES, closed
from sales_campaigns.crm.adding import key_of, new_key
from sales_campaigns.crm.connecting import (
    SWITCHES,
    Switches,
    begin_connection,
    connection_of,
    disconnect,
    let_in,
    map_fields,
    switch,
    the_connection,
)
from sales_campaigns.crm.models import ConnectionState, CrmConnection
from sales_campaigns.crm.reading import VENDOR_WORDS, counts
from sales_campaigns.errors import Invalid, Outside
from sales_campaigns.ports.crm import CrmAccount
from web.answers import go, page
from web.parts.crm_links import answer_of, crms, outside_address, way_back
from web.parts.crm_words import FIELD_WORDS, FLOWS, SWITCH_WORDS, VENDORS
from web.request_scope import give_up, house, me, work

pages = Blueprint("crm", __name__, url_prefix="/admin/crm")
SECRETS = ("client_id", "client_secret", "username", "private_key", "token")
NEEDED = {
    "web": ("client_id", "client_secret"),
    "jwt": ("client_id", "username", "private_key"),
    "token": ("token",),
}


@pages.get("")
def index() -> Response:
    require(me(), "manage_team")
    return _page()


@pages.post("/connect")
def connect() -> Response:
    """By a page of the CRM, or at once where a key or a token is enough."""
    require(me(), "manage_team")
    try:
        vendor, flow, secret = _secret(request.form)
        asked = CrmAccount(0, vendor, secret=secret, names=USUAL_NAMES[vendor])
        return _to_their_page(asked) if flow == "web" else _connected(asked)
    except Invalid as refusal:
        return _page(request.form, refusal.problems)
    except Outside as refusal:
        return _page(request.form, {"": refusal.words})


@pages.post("/switches")
def switches() -> Response:
    try:
        on = {name: name in request.form for name in SWITCHES}
        switch(work(), me(), Switches(**on, subject_pattern=request.form.get("subject_pattern", "")))
    except Invalid as refusal:
        return _page(request.form, refusal.problems)
    return go(url_for(".index"), "Saved. It holds from now on.")


@pages.post("/fields")
def fields() -> Response:
    typed = {name.removeprefix("names-"): value for name, value in request.form.items()}
    try:
        map_fields(work(), me(), typed)
    except Invalid as refusal:
        return _page(request.form, refusal.problems)
    return go(url_for(".index"), "Saved. What is written from now on stands in these fields.")


@pages.post("/check")
def check() -> Response:
    """One harmless round trip, and what should be mended there."""
    connection = the_connection(work(), me())
    try:
        advice = answer_of(connection, lambda crm: crm.check())
    except Outside as refusal:
        advice = [refusal.words]
    if advice:
        return go(url_for(".index"), " ".join(advice), kind="bad")
    return go(url_for(".index"), "All is as it should be there.")


@pages.post("/key")
def key() -> Response:
    """A new key for the button of lists in the CRM, shown once."""
    new_key(work(), me(), house().seal)
    return _page(key=key_of(work(), me(), house().seal))


@pages.post("/disconnect")
def end() -> Response:
    disconnect(work(), me())
    return go(url_for(".index"), "Disconnected. What stands on either side stays there.")


def _secret(typed: Mapping[str, str]) -> tuple[str, str, dict[str, str]]:
    """What was typed, all of it or Invalid."""
    vendor, flow = typed.get("vendor", ""), typed.get("flow", "")
    if vendor == "hubspot":
        flow = "token"
    if vendor not in VENDOR_WORDS or flow not in NEEDED:
        raise Invalid({"vendor": "Choose one of the CRMs and a way to sign in."})
    secret = {name: typed.get(name, "").strip() for name in SECRETS if name in NEEDED[flow]}
    problems = {name: "This is needed." for name, value in secret.items() if not value}
    strange = {name: "No key has such letters." for name, value in secret.items() if not value.isascii()}
    if problems or strange:
        raise Invalid({**strange, **problems})
    return vendor, flow, secret


def _to_their_page(asked: CrmAccount) -> Response:
    """Our policy lets no form lead to another host, so the next page has the link."""
    state = secrets.token_urlsafe(16)
    there = crms().sign_in_page(asked, way_back(), state)
    sealed = closed(house().seal, asked.secret)
    session["crm"] = {"url": there.url, "verifier": there.verifier, "state": state, "asked": sealed}
    return go(url_for("crm_sign_in.leave"))


def _connected(asked: CrmAccount) -> Response:
    """Tried before anything is kept; the first call may hand out a token."""
    given: dict[str, str] = {}
    give_up()
    advice = crms().open(replace(asked, keep=given.update)).check()
    secret = {**asked.secret, **given}
    connection = begin_connection(work(), me(), house().seal, asked.vendor, secret)
    let_in(work(), me(), connection, house().seal, secret, secret.get("instance_url", ""))
    words = f"Connected with {VENDOR_WORDS[asked.vendor]}. Say next who is who there."
    return go(url_for("crm_users.index"), " ".join([words, *advice]), kind="bad" if advice else "done")


def _page(
    typed: Mapping[str, str] | None = None, problems: Mapping[str, str] | None = None, key: str = ""
) -> Response:
    connection = connection_of(work().session, me())
    shown = page(
        "crm/index.html",
        connection=connection,
        connected=connection is not None and connection.state is not ConnectionState.NEW,
        **(_standing(connection) if connection is not None else {}),
        vendors=VENDORS,
        flows=FLOWS,
        switches=SWITCH_WORDS,
        typed=typed or {},
        problems=problems or {},
        back=way_back(),
        key=key,
    )
    return make_response(shown, 422 if problems else 200)


def _standing(connection: CrmConnection) -> dict[str, Any]:
    usual = USUAL_NAMES[connection.vendor]
    return {
        "vendor": VENDOR_WORDS[connection.vendor],
        "button_url": outside_address(url_for("public.crm_people", connection_id=connection.id)),
        "counts": {state.value: number for state, number in counts(work().session, connection).items()},
        "names": [
            (name, FIELD_WORDS[name], connection.names.get(name, there)) for name, there in usual.items()
        ],
    }
