"""What a request holds, as the operation declares it. Whatever is wrong is said by field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_origin

from flask import request
from pydantic import ValidationError
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType

from sales_campaigns.errors import Invalid, NotFound
from web.api.protocol.operations import Operation
from web.api.protocol.shapes import LARGEST_ID, Asked

LARGEST_BODY = 10 * 1024 * 1024
TOO_LARGE = "A body holds at most 10 MB. Send it in parts."


def arguments_of(operation: Operation, path: Mapping[str, Any]) -> dict[str, Any]:
    """What the operation's function is called with. Raises Invalid, NotFound for a path that cannot lead anywhere."""
    for value in path.values():
        if (isinstance(value, int) and not 0 < value <= LARGEST_ID) or "\x00" in str(value):
            raise NotFound
    found = dict(path)
    if operation.query is not None:
        found["query"] = _read(operation.query, _query(operation.query))
    elif request.args:
        raise Invalid(dict.fromkeys(request.args, "This takes nothing behind the question mark."))
    if operation.body is not None:
        found["body"] = _read(operation.body, _json())
    if operation.file:
        found["file"] = _file(operation)
    return found


def body_bytes() -> bytes:
    """The body as it came. Raises RequestEntityTooLarge before it is read."""
    request.max_content_length = LARGEST_BODY
    if (request.content_length or 0) > LARGEST_BODY:  # whoever looked at the form has begun to read
        raise RequestEntityTooLarge(TOO_LARGE)
    try:
        return request.get_data(cache=True)
    except RequestEntityTooLarge:
        raise RequestEntityTooLarge(TOO_LARGE) from None


def _json() -> Any:
    body_bytes()
    if not request.is_json:
        raise UnsupportedMediaType("Send JSON, with Content-Type: application/json.")
    try:
        return request.get_json()
    except (BadRequest, RecursionError):
        raise BadRequest("The body is not JSON.") from None


def _file(operation: Operation) -> bytes:
    if request.mimetype not in operation.file:
        raise UnsupportedMediaType(f"Send one of {', '.join(operation.file)}.")
    return body_bytes()


def _query(model: type[Asked]) -> dict[str, Any]:
    """Values of the address, a list where the field is one; a value given twice where one is meant is a list too."""
    found: dict[str, Any] = {}
    for name, values in request.args.lists():
        field = model.model_fields.get(name)
        many = field is not None and get_origin(field.annotation) is list
        found[name] = values if many or len(values) > 1 else values[0]
    return found


def _read(model: type[Asked], given: Any) -> Asked:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise Invalid(_problems(error)) from None


def _problems(error: ValidationError) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in error.errors(include_url=False, include_input=False, include_context=False):
        found.setdefault(".".join(map(str, one["loc"])), one["msg"].removeprefix("Value error, "))
    return found
