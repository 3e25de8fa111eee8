"""Who is signed in, what the browser may load, and that every unsafe request comes from our own pages."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Flask, Response, abort, g, redirect, request, url_for
from flask_wtf import CSRFProtect

from sales_campaigns.accounts.sign_in import NOTED_EVERY, session_shown, touch_session
from sales_campaigns.clock import machine_now
from sales_campaigns.logs import begin_trace
from web.request_scope import house, settings, work, writing

COOKIE = "signed_in"
OPEN_TO_ALL = {"static", "sign_in", "public"}
WITHOUT_COOKIES = {"api"}


def install(app: Flask) -> None:
    app.before_request(_begin_trace)
    CSRFProtect(app)
    app.before_request(_who)
    app.before_request(_refuse_what_no_text_holds)
    app.after_request(_headers)


def _refuse_what_no_text_holds() -> None:
    """No keyboard types a NUL and no database keeps it, so whatever carries one is not a form of ours.

    The API says by field what is wrong, and how large a body may be, before anything of it is read.
    """
    if request.blueprint in WITHOUT_COOKIES:
        return
    for name, value in (*request.args.items(multi=True), *request.form.items(multi=True)):
        if "\0" in name or "\0" in value:
            abort(400, "What was sent holds a character that no text can hold (NUL).")


def without_form_token(app: Flask, view: Callable[..., Any] | Blueprint) -> None:
    """For what is asked without cookies: nobody's session is behind it."""
    app.extensions["csrf"].exempt(view)


def remember(response: Response, token: str) -> Response:
    """Set the session cookie on this answer."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=settings().session_hours * 3600,
        httponly=True,
        samesite="Lax",
        secure=settings().public_url.startswith("https"),
    )
    return response


def forget(response: Response) -> Response:
    response.delete_cookie(COOKIE)
    return response


def nonce() -> str:
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    return str(g.nonce)


def _who() -> Any:
    """Find the signed-in user; everything but signing in and the public pages needs one."""
    g.me = None
    if request.endpoint == "static" or request.blueprint in WITHOUT_COOKIES:
        return None
    token = request.cookies.get(COOKIE, "")
    if token:
        shown = session_shown(work().session, token, timedelta(hours=settings().session_hours))
        g.token = token
        if shown is not None:
            g.me, seen_at = shown
            _touch(token, seen_at)
    if g.me is None and request.blueprint not in OPEN_TO_ALL and request.endpoint is not None:
        return redirect(url_for("sign_in.form", next=request.full_path.rstrip("?")), 303)
    return None


def _touch(token: str, seen_at: datetime) -> None:
    """Keep the session alive, once an hour and outside the request's own transaction."""
    if request.method == "GET" and seen_at <= machine_now() - NOTED_EVERY:
        with writing() as uow:
            touch_session(uow.session, token)


def _begin_trace() -> None:
    g.trace_id = begin_trace(request.headers.get("X-Request-Id", ""))


def _headers(response: Response) -> Response:
    script = "'self'"
    response.headers.setdefault(
        "Content-Security-Policy",
        f"default-src 'self'; script-src {script}; style-src 'self' 'nonce-{nonce()}'; img-src 'self' data:; "
        "frame-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'",
    )
    response.headers["X-Request-Id"] = g.get("trace_id", "")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    if house().settings.public_url.startswith("https"):
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response
