"""A refusal as problem+json (RFC 9457): what programs get where people get a page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

from flask import Response, request

UNDER = ("/api/", "/crm/")
MEDIA_TYPE = "application/problem+json"


def wants_problem() -> bool:
    """Whether a program asked: everything below these is for programs, a button in a CRM among them."""
    return request.path.startswith(UNDER)


def problem(
    status: int, words: str, fields: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """`fields` maps a field's name to what is wrong with it; "" stands for the whole request."""
    said: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": words,
    }
    if fields:
        said["errors"] = [{"field": name, "detail": wrong} for name, wrong in fields.items()]
    return Response(json.dumps(said), status, headers, content_type=MEDIA_TYPE)
