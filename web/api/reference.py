"""How the API describes itself: the document, and a page to read it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response
from markupsafe import Markup, escape

from web.answers import page
from web.api.protocol.document import document_of
from web.api.rooms import AREAS

MARKS = (
    (re.compile(r"`([^`]+)`"), r"<code>\1</code>"),
    (re.compile(r"\*\*([^*]+)\*\*"), r"<strong>\1</strong>"),
    (re.compile(r"\*([^*]+)\*"), r"<em>\1</em>"),
)


def add_to(pages: Blueprint) -> None:
    """Both are open to everybody: they say the same on every installation."""
    pages.add_url_rule("/openapi.json", "document", document)
    pages.add_url_rule("/docs", "reference", reference)


def document() -> Response:
    return Response(document_text(), mimetype="application/json")


def reference() -> str:
    found = document_of(AREAS)
    return page(
        "reference/index.html",
        document=found,
        groups=[(tag, list(_operations(found, tag["name"]))) for tag in found["tags"]],
        marked=marked,
        kind=kind_of,
        json=lambda value: json.dumps(value, indent=2, ensure_ascii=False),
    )


def document_text() -> str:
    """The document as it is checked in."""
    return json.dumps(document_of(AREAS), indent=1, ensure_ascii=False) + "\n"


def marked(text: str) -> Markup:
    """The few marks that descriptions use: code, bold, emphasis."""
    written = str(escape(text))
    for mark, html in MARKS:
        written = mark.sub(html, written)
    return Markup(written)  # noqa: S704  escaped above


def kind_of(schema: dict[str, Any]) -> Markup:
    """A type in a few words, with a link where it has a section of its own."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return Markup('<a href="#schema-{0}">{0}</a>').format(name)
    if "anyOf" in schema:
        return Markup(" or ").join(kind_of(one) for one in schema["anyOf"])
    if schema.get("type") == "array":
        return Markup("list of {}").format(kind_of(schema.get("items", {})))
    words = " | ".join(map(str, schema["enum"])) if "enum" in schema else schema.get("type", "anything")
    return escape(words + (f" ({schema['format']})" if "format" in schema else "") + _bounds(schema))


def _bounds(schema: dict[str, Any]) -> str:
    least, most = schema.get("minimum"), schema.get("maximum", schema.get("maxLength"))
    if least is not None and most is not None:
        return f", {least} to {most}"
    return f", at most {most}" if most is not None else ""


def _operations(found: dict[str, Any], tag: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(method, path, operation) of one area."""
    for path, methods in found["paths"].items():
        for method, operation in methods.items():
            if tag in operation["tags"]:
                yield method.upper(), path, operation
