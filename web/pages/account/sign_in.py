"""Sign in with a password or a one-time link, sign out here or everywhere."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, Response, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from sales_campaigns.accounts.sign_in import (
    check_password,
    end_every_session,
    end_session,
    start_session,
    use_link,
)
from sales_campaigns.errors import Invalid
from web.answers import go, page
from web.request_scope import keep_even_if_refused, me, work, writing
from web.security import forget, remember

pages = Blueprint("sign_in", __name__)


@pages.get("/sign-in")
def form() -> str:
    return page("sign_in/index.html", typed={}, problems={}, next=request.args.get("next", ""))


@pages.post("/sign-in")
def sign_in() -> AnyResponse | tuple[str, int]:
    uow, typed = work(), request.form
    try:
        user = check_password(
            uow.session, typed.get("email", ""), typed.get("password", ""), request.remote_addr or ""
        )
    except Invalid as error:
        keep_even_if_refused()
        shown = page("sign_in/index.html", typed=typed, problems=error.problems, next=typed.get("next", ""))
        return shown, 422
    token = start_session(uow.session, user, request.headers.get("User-Agent", ""))
    return remember(_onwards(typed.get("next", "")), token)


@pages.get("/sign-in/link/<token>")
def by_link(token: str) -> Response:
    with writing() as uow:
        user = use_link(uow.session, token)
        session_token = start_session(uow.session, user, request.headers.get("User-Agent", ""))
    return remember(_onwards(""), session_token)


@pages.post("/sign-out")
def sign_out() -> Response:
    end_session(work().session, g.get("token", ""))
    return forget(go(url_for("sign_in.form"), "You are signed out."))


@pages.post("/sign-out/everywhere")
def sign_out_everywhere() -> Response:
    end_every_session(work().session, me())
    return forget(go(url_for("sign_in.form"), "You are signed out on every device."))


def _onwards(wanted: str) -> Response:
    """Only to a page of our own: anything with a host, or that a browser could read as one, goes home."""
    parts = urlsplit(wanted)
    ours = wanted.startswith("/") and not parts.netloc and not wanted.startswith(("//", "/\\"))
    answer = redirect(wanted if ours else "/", 303)
    assert isinstance(answer, Response)
    return answer
