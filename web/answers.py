"""How a view answers: a whole page, the part that htmx asked for, or a way back with a notice."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, render_template, request


def is_htmx() -> bool:
    return request.headers.get("HX-Request") == "true" and "HX-Boosted" not in request.headers


def page(template: str, **context: Any) -> str:
    return render_template(template, **context)


def answer(whole: str, part: str, **context: Any) -> str:
    """The part for htmx, the page that contains it for everybody else: both from the same context."""
    return render_template(part if is_htmx() else whole, **context)


def go(url: str, words: str = "", undo_url: str | None = None, kind: str = "done") -> Response:
    """Send the browser on, with a notice on the next page and the way to undo it."""
    if words:
        # The session keeps any JSON; the library's type asks for less.
        flash({"words": words, "undo_url": undo_url, "kind": kind}, "notice")  # type: ignore[arg-type]
    if is_htmx():
        return Response(status=204, headers={"HX-Redirect": url})
    answer = redirect(url, 303)
    assert isinstance(answer, Response)
    return answer
