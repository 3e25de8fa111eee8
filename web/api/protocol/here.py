"""An operation without a server: done in this process for a user who needs no token, as commands do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flask import Flask, g
from werkzeug.datastructures import MultiDict

from sales_campaigns.accounts.models import User
from sales_campaigns.errors import Invalid, NotFound
from web.api.protocol.answering import JSON, answer_of
from web.api.protocol.operations import Operation
from web.request_scope import work


def answered_here(
    app: Flask, user_id: int, operation: Operation, given: Sequence[tuple[str, str]], content: bytes
) -> Iterator[bytes]:
    """The answer's body, piece by piece; none where it has none. An edit takes whatever state there is.

    `given` are the values of the path and of the question mark, by name. Raises Refusal.
    """
    names = operation.arguments
    path = {name: _part(operation, name, value) for name, value in given if name in names}
    missing = [name for name in names if name not in path]
    if missing:
        raise Invalid(dict.fromkeys(missing, "Say which one."))
    query = MultiDict((name, value) for name, value in given if name not in names)
    kind = operation.file[0] if operation.file else JSON
    with app.test_request_context(
        method=operation.method,
        query_string=query,
        data=content or None,
        content_type=kind if operation.writes else None,
        headers={"If-Match": "*"},
    ):
        g.me = work().session.get_one(User, user_id)
        yield from app.process_response(answer_of(operation, path)).iter_encoded()


def _part(operation: Operation, name: str, value: str) -> int | str:
    if f"<int:{name}>" not in operation.path:
        return value
    if not (value.isascii() and value.isdecimal()):
        raise NotFound(f"{name} is a number.")
    return int(value)
