"""Signing in to the CRM: the way to its page and back, for the team's connection and for a rep of one's own.

A GET only reads, so what the CRM sends back is taken in by the button of the page it leads to.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, make_response, redirect, request, session, url_for

from sales_campaigns.accounts.roles import require
from sales_campaigns.crm.accounts import USUAL_NAMES, account_of, opened
from sales_campaigns.crm.connecting import begin_connection, connection_of, let_in, speak_as
from sales_campaigns.crm.models import CrmConnection, CrmUser
from sales_campaigns.crm.reading import VENDOR_WORDS
from sales_campaigns.errors import NotFound, Outside
from sales_campaigns.ports.crm import CrmAccount
from web.answers import go, page
from web.parts.crm_links import crms, way_back
from web.request_scope import give_up, house, me, work

pages = Blueprint("crm_sign_in", __name__, url_prefix="/crm")


@pages.get("")
def index() -> str:
    """Who I am in the CRM."""
    connection = connection_of(work().session, me())
    known = work().session.get(CrmUser, (connection.id, me().id)) if connection else None
    vendor = VENDOR_WORDS[connection.vendor] if connection else ""
    return page("crm/mine.html", connection=connection, known=known, vendor=vendor)


@pages.post("")
def begin() -> Response:
    """Sign in as oneself, so that one's own tasks and mails are written in one's own name."""
    connection = _connection()
    state = secrets.token_urlsafe(16)
    there = crms().sign_in_page(account_of(connection, house().seal), way_back(), state)
    session["crm"] = {"url": there.url, "verifier": there.verifier, "state": state, "asked": ""}
    return go(url_for(".leave"))


@pages.get("/leave")
def leave() -> str | Response:
    begun: dict[str, Any] = session.get("crm", {})
    if not begun:
        return _home()
    return page("crm/leave.html", url=begun["url"], vendor="Salesforce")


@pages.get("/back")
def back() -> str | Response:
    """The CRM leads here; the state proves that it was asked by this browser."""
    begun: dict[str, Any] = session.get("crm", {})
    if not begun:
        return _home()
    given = request.args
    trouble = ""
    if given.get("error") or not given.get("code"):
        trouble = given.get("error_description") or "Salesforce has not let us in."
    elif given.get("state") != begun["state"]:
        trouble = "This answer belongs to another sign-in. Begin again."
    return page(
        "crm/back.html",
        code=given.get("code", ""),
        state=begun["state"],
        trouble=trouble,
        again=_again(begun),
    )


@pages.post("/back")
def finish() -> Response:
    """Change the code for tokens, which works once."""
    begun: dict[str, Any] = session.get("crm", {})
    if not begun or request.form.get("state") != begun["state"]:
        raise NotFound("This sign-in is over. Begin again.")
    try:
        account = _signed_in(begun)
    except Outside as refusal:
        return make_response(
            page("crm/back.html", code="", state="", trouble=refusal.words, again=_again(begun)), 422
        )
    session.pop("crm")
    if not begun["asked"]:
        speak_as(work(), me(), _connection(), house().seal, account.secret)
        return go(url_for(".index"), "From now on it is written in your name.")
    connection = begin_connection(work(), me(), house().seal, account.vendor, account.secret)
    let_in(work(), me(), connection, house().seal, account.secret, account.instance_url)
    return go(url_for("crm_users.index"), "Connected. Say next who is who there.")


def _signed_in(begun: Mapping[str, Any]) -> CrmAccount:
    """The request's unit of work ends here: nobody waits for a lock while the CRM does not answer."""
    if begun["asked"]:
        require(me(), "manage_team")
        secret = opened(house().seal, begun["asked"])
        asked = CrmAccount(0, "salesforce", secret=secret, names=USUAL_NAMES["salesforce"])
    else:
        asked = account_of(_connection(), house().seal)
    give_up()
    return crms().signed_in(asked, way_back(), request.form.get("code", ""), begun["verifier"])


def _connection() -> CrmConnection:
    found = connection_of(work().session, me())
    if found is None:
        raise NotFound("No CRM is connected.")
    return found


def _again(begun: Mapping[str, Any]) -> str:
    return url_for("crm.index" if begun["asked"] else ".index")


def _home() -> Response:
    answer = redirect(url_for(".index"), 303)
    assert isinstance(answer, Response)
    return answer
