"""Our five kinds of error, mapped once: to a page, or to a notice where htmx asked."""

from __future__ import annotations

from flask import Flask, Response, make_response, render_template
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from sales_campaigns.errors import IllegalMove, Invalid, NotAllowed, NotFound, Outside, Refusal
from web.answers import is_htmx
from web.request_scope import give_up

STATUS: dict[type[Refusal], int] = {
    NotFound: 404,
    NotAllowed: 403,
    Invalid: 422,
    IllegalMove: 409,
    Outside: 502,
}
TITLES = {
    400: "That did not go through",
    403: "Not allowed",
    404: "Not found",
    409: "Too late",
    422: "Please check",
    502: "The service outside did not answer",
}


def install(app: Flask) -> None:
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(CSRFError, _expired_form)
    app.register_error_handler(HTTPException, _http)


def status_of(error: Refusal) -> int:
    return next(status for kind, status in STATUS.items() if isinstance(error, kind))


def _refused(error: Refusal) -> Response:
    return _show(status_of(error), error.words)


def _expired_form(_error: CSRFError) -> Response:
    return _show(400, "This page was open for too long. Go back, reload it, and send it again.")


def _http(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:
        return make_response(error.get_response())
    words = NotFound().words if error.code == 404 else (error.description or error.name)
    return _show(error.code, words)


def _show(status: int, words: str) -> Response:
    give_up()
    title = TITLES.get(status, "That did not work")
    template = "errors/notice.html" if is_htmx() else "errors/page.html"
    return make_response(render_template(template, title=title, words=words, status=status), status)
