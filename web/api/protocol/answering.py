"""One request: who asks, how often, what is in it, has it been done before; then the operation, and its answer."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Flask, Response, current_app, g, request
from sqlalchemy.exc import IntegrityError

from sales_campaigns.api_access import repeats
from sales_campaigns.errors import IllegalMove, Invalid
from web.api.protocol.bearers import NoToken, let_in
from web.api.protocol.operations import Operation
from web.api.protocol.rates import Rates, SharedRates
from web.api.protocol.reading import arguments_of, body_bytes
from web.api.protocol.shapes import Shown
from web.problems import problem
from web.request_scope import give_up, me, work

JSON = "application/json"
REPEATED = "Idempotency-Replayed"


def view_of(operation: Operation) -> Callable[..., Response]:
    """The view function of an operation."""

    def view(**path: Any) -> Response:
        token = let_in(operation)
        allowance = rates(current_app).take(token.id)
        g.told = allowance.headers
        if not allowance.passes:
            return problem(429, "Too many requests with this token. Wait as long as Retry-After says.")
        return _once(operation, path) if operation.writes else answer_of(operation, path)

    view.__name__ = operation.name
    return view


def rates(app: Flask) -> Rates | SharedRates:
    found: Rates | SharedRates = app.extensions["api_rates"]
    return found


def add_manners(pages: Blueprint) -> None:
    """Errors and headers that every answer has."""
    pages.register_error_handler(NoToken, _no_token)
    pages.register_error_handler(IntegrityError, _overtaken)
    pages.after_request(_tell)


def _once(operation: Operation, path: Mapping[str, Any]) -> Response:
    """The rule: the same key with the same request within 24 hours gets the first answer and does nothing again.

    What asks a service outside does so with no transaction open; its answer is kept with what it did afterwards.
    """
    key = request.headers.get(repeats.FIELD, "")
    if not key:
        return answer_of(operation, path)
    if len(key) > 200 or not key.isascii() or not key.isprintable():
        raise Invalid({repeats.FIELD: "A key has at most 200 printable characters."})
    if operation.gives:
        raise Invalid({repeats.FIELD: "The answer is a file, which is not kept to be given again."})
    row = repeats.begin(work(), me(), key, _request_hash())
    if row.status:
        return Response(row.body, row.status, {**row.headers, REPEATED: "true"})
    answer = answer_of(operation, path)
    if row not in work().session:
        row = repeats.begin(work(), me(), key, _request_hash())
    kept = {
        name: value for name, value in answer.headers.items() if name in {"Content-Type", "ETag", "Location"}
    }
    repeats.keep(row, answer.status_code, answer.get_data(as_text=True), kept)
    return answer


def _request_hash() -> str:
    asked = f"{request.method} {request.full_path}\n".encode()
    return hashlib.sha256(asked + body_bytes()).hexdigest()


def answer_of(operation: Operation, path: Mapping[str, Any]) -> Response:
    """Of an operation, for the request at hand and whoever makes it. Raises Refusal."""
    arguments = arguments_of(operation, path)
    refusal = _outdated(operation, arguments)
    if refusal is not None:
        return refusal
    given = operation.act(**arguments)
    if operation.writes:
        work().session.flush()
    if isinstance(given, Response):
        return given
    return _written(operation, given)


def _outdated(operation: Operation, arguments: Mapping[str, Any]) -> Response | None:
    """An edit says which state it has seen, so that nobody overwrites what another wrote meanwhile."""
    edits = operation.edits
    if edits is None:
        return None
    known = request.headers.get("If-Match", "").strip()
    if not known:
        give_up()
        return problem(428, "Say in If-Match which state you have seen: the ETag of the answer to a GET.")
    name = operation.arguments[0]
    held = sa.select(edits.model.id).where(edits.model.id == arguments[name]).with_for_update()
    work().session.execute(held)
    tag = edits.shown(arguments[name]).tag()
    if known == "*" or tag in {one.strip() for one in known.split(",")}:
        return None
    give_up()
    return problem(412, "It was changed since you read it. Read it again.", headers={"ETag": tag})


def _written(operation: Operation, given: Any) -> Response:
    if given is None:
        return Response(status=204)
    assert isinstance(given, Shown)
    answer = Response(given.model_dump_json(), operation.status, content_type=JSON)
    if operation.tagged or operation.edits is not None:
        answer.headers["ETag"] = given.tag()
    if operation.status == 201 and hasattr(given, "id"):
        answer.headers["Location"] = f"{request.path}/{given.id}"
    return answer


def _no_token(error: NoToken) -> Response:
    give_up()
    return problem(401, error.words, headers={"WWW-Authenticate": "Bearer"})


def _overtaken(_error: IntegrityError) -> Response:
    """Two wrote the same at once, and the database kept the first."""
    give_up()
    return problem(409, IllegalMove().words)


def _tell(response: Response) -> Response:
    for name, value in g.get("told", {}).items():
        response.headers.setdefault(name, value)
    return response
