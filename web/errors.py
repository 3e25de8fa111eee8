"""Our five kinds of error, mapped once: to a page, to a notice where htmx asked, to problem+json for programs."""

from __future__ import annotations

from flask import Flask, Response, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from sales_campaigns.errors import IllegalMove, Invalid, NotAllowed, NotFound, Outside, Refusal
from web.answers import is_htmx
from web.problems import problem, wants_problem
from web.request_scope import give_up, see_again

STATUS: dict[type[Refusal], int] = {
    NotFound: 404,
    NotAllowed: 403,
    Invalid: 422,
    IllegalMove: 409,
    Outside: 502,
}
# A field that carries a secret is typed again.
NEVER_SHOWN = ("csrf_token", "password", "again", "now", "former", "secret", "private_key", "token")
KNOWN = {400, 403, 404, 409, 413, 429, 500, 502}


def install(app: Flask) -> None:
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(CSRFError, _expired_form)
    app.register_error_handler(HTTPException, _http)


def status_of(error: Refusal) -> int:
    return next(status for kind, status in STATUS.items() if isinstance(error, kind))


def _refused(error: Refusal) -> Response:
    if wants_problem():
        give_up()
        return problem(status_of(error), error.words, getattr(error, "problems", None))
    return _show(status_of(error), error.words)


def _expired_form(_error: CSRFError) -> Response:
    return _show(400, "This page was open for too long. Go back, reload it, and send it again.")


def _http(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:
        return make_response(error.get_response())
    words = NotFound().words if error.code == 404 else (error.description or error.name)
    answer = _show(error.code, words)
    answer.headers.extend((name, value) for name, value in error.get_headers() if name == "Allow")
    return answer


def _show(status: int, words: str) -> Response:
    give_up()
    if wants_problem():
        return problem(status, words)
    signed_in = see_again()
    if is_htmx():
        body = render_template("errors/notice.html", words=words)
        return make_response(body, status, {"HX-Reswap": "none"})
    layout = "layout.html" if signed_in else "layout_bare.html"
    template = f"errors/{status if status in KNOWN else 409}.html"
    title = "Please look again" if status == 422 else None
    typed = _typed() if status in (409, 422) else []
    return make_response(
        render_template(
            template, title=title, words=words, layout=layout, typed=typed, again=request.full_path
        ),
        status,
    )


def _typed() -> list[tuple[str, str, bool]]:
    """(name, what was typed or chosen, whether it is words) of a form whose page did not show it again."""
    fields = [] if request.method != "POST" else request.form.items(multi=True)
    return [
        (name, value, not value.isdecimal() and name not in ("do", "tab"))
        for name, value in fields
        if value and not name.endswith(NEVER_SHOWN)
    ]
