"""The OpenAPI 3.1 document, built from the operations and their shapes; nothing of it is written by hand."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema

from sales_campaigns.api_access.repeats import FIELD
from web.api.protocol.operations import Area, Operation, openapi_path
from web.api.protocol.shapes import LARGEST_ID
from web.problems import MEDIA_TYPE

VERSION = "1.0"  # of the API: it grows within /api/v1, and nothing of it goes away
ABOUT = """Everything that the pages can do, for programs.

**Who asks.** `Authorization: Bearer sc_…`: a token of a user, made under *Settings › API tokens* or by
`flask token add`. It has the rights of its user, as far as its scope goes: `read`, `write` (contains read),
`admin` (contains both); it can be limited to areas. Cookies are not looked at.

**Lists** come in pages: ask again with the `after` of the page before, until it is null. `limit` is at most 200.

**Errors** are `application/problem+json` (RFC 9457); `errors` names the fields.

**Sent twice, done once.** Give a request that creates or sends an `Idempotency-Key`: within 24 hours the same key
with the same request gets the first answer and does nothing again; with another request it is refused (422).

**Edits** need `If-Match` with the `ETag` of what you have read: 428 without it, 412 when somebody was faster.

**How often.** `RateLimit-*` headers say what is left of this minute; 429 says in `Retry-After` how long to wait.

**Instants** have an offset (`2026-12-01T09:00:00+01:00`) and are answered in UTC. A body has at most 10 MB."""
WORDS = {
    400: "The request cannot be read.",
    401: "No token, or none that is good.",
    403: "The role of the user, or the scope of the token, does not allow it.",
    404: "It is not there, or it belongs to another team.",
    409: "That is no longer possible: somebody or something was faster.",
    412: "It was changed since you read it.",
    413: "The body is larger than 10 MB.",
    415: "The body is of another media type.",
    422: "Some fields need another look.",
    428: "If-Match is missing.",
    429: "Too many requests with this token.",
    502: "The service outside refused or did not answer.",
}
REF = "#/components/schemas/{model}"
PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "detail"],
                "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}


def document_of(areas: Sequence[Area]) -> dict[str, Any]:
    """The whole document, in the order in which the areas declare their operations."""
    return _document(tuple((area.name, area.words, tuple(area.operations)) for area in areas))


@cache
def _document(areas: tuple[tuple[str, str, tuple[Operation, ...]], ...]) -> dict[str, Any]:
    operations = [one for _, _, declared in areas for one in declared]
    schemas = _schemas(operations)
    paths: dict[str, dict[str, Any]] = {}
    for one in operations:
        paths.setdefault(openapi_path(one.path), {})[one.method.lower()] = _operation(one, schemas)
    asked = {_name_of(one.query) for one in operations if one.query is not None}
    bodies = {_name_of(one.body) for one in operations if one.body is not None}
    kept = {name: schema for name, schema in schemas.items() if name not in asked - bodies}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Sales Campaigns", "version": VERSION, "description": ABOUT},
        "servers": [{"url": "/api/v1"}],
        "security": [{"token": []}],
        "tags": [{"name": name, "description": words} for name, words, _ in areas if words],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {**kept, "Problem": PROBLEM},
            "responses": {str(status): _refusal(status) for status in WORDS},
        },
    }


def _schemas(operations: Iterable[Operation]) -> dict[str, Any]:
    wanted: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {}
    for one in operations:
        wanted |= {(model, "validation"): None for model in (one.query, one.body) if model is not None}
        if one.answer is not None:
            wanted[one.answer, "serialization"] = None
    found: dict[str, Any] = models_json_schema(list(wanted), ref_template=REF, schema_generator=_Untitled)[1][
        "$defs"
    ]
    return dict(sorted(found.items()))


class _Untitled(GenerateJsonSchema):
    """Without the titles, which only say the names again."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False


def _operation(one: Operation, schemas: Mapping[str, Any]) -> dict[str, Any]:
    summary, _, more = inspect.cleandoc(one.act.__doc__ or "").partition("\n")
    said = {
        "operationId": one.name,
        "tags": [one.area],
        "summary": summary,
        "description": f"{more.strip()}\n\nScope: `{one.scope.value}`.".strip(),
        "parameters": [*_path(one), *_query(one, schemas), *_headers(one)],
        "responses": {str(one.status): _answer(one), **_refusals(one)},
    }
    if one.body is not None or one.file:
        said["requestBody"] = {"required": True, "content": _body(one)}
    return said


def _path(one: Operation) -> list[dict[str, Any]]:
    number = {"type": "integer", "minimum": 1, "maximum": LARGEST_ID}
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": number if f"<int:{name}>" in one.path else {"type": "string", "maxLength": 80},
        }
        for name in one.arguments
    ]


def _query(one: Operation, schemas: Mapping[str, Any]) -> list[dict[str, Any]]:
    if one.query is None:
        return []
    schema = schemas[_name_of(one.query)]
    return [
        {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", []),
            **({"description": held["description"]} if "description" in held else {}),
            "schema": {key: value for key, value in _unless_null(held).items() if key != "description"},
        }
        for name, held in schema["properties"].items()
    ]


def _unless_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    """An address cannot say null: what is not wanted is left out."""
    kept = {key: value for key, value in schema.items() if not (key == "default" and value is None)}
    choices = [one for one in kept.pop("anyOf", []) if one != {"type": "null"}]
    return (
        {**kept, **choices[0]} if len(choices) == 1 else {**kept, **({"anyOf": choices} if choices else {})}
    )


def _headers(one: Operation) -> list[dict[str, Any]]:
    text = {"type": "string", "maxLength": 200}
    kept = one.writes and not one.gives
    known = [{"name": FIELD, "in": "header", "required": False, "schema": text}] if kept else []
    seen = [{"name": "If-Match", "in": "header", "required": True, "schema": text}] if one.edits else []
    return [*known, *seen]


def _body(one: Operation) -> dict[str, Any]:
    if one.body is None:
        return {kind: {"schema": {"type": "string", "format": "binary"}} for kind in one.file}
    example = {"example": dict(one.example)} if one.example is not None else {}
    return {"application/json": {"schema": _ref(one.body), **example}}


def _answer(one: Operation) -> dict[str, Any]:
    said: dict[str, Any] = {"description": HTTPStatus(one.status).phrase}
    if one.answer is not None:
        said["content"] = {"application/json": {"schema": _ref(one.answer)}}
    elif one.gives:
        said["content"] = {
            one.gives: {"schema": {}}
        }  # bytes: whoever reads YAML as what it says has a mapping in hand
    if one.tagged or one.edits:
        said["headers"] = {"ETag": {"schema": {"type": "string"}}}
    return said


def _refusals(one: Operation) -> dict[str, Any]:
    return {str(status): {"$ref": f"#/components/responses/{status}"} for status in one.refusals}


def _refusal(status: int) -> dict[str, Any]:
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": WORDS[status], "content": content}


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": REF.format(model=_name_of(model))}


def _name_of(model: type[BaseModel]) -> str:
    """As pydantic names it: a generic one by what it holds."""
    return model.__name__.replace("[", "_").replace("]", "_")
