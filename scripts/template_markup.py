"""What the strict policy of the pages, forms without scripts and readers of the screen ask of a template's HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
HANDLER = re.compile(r"on[a-z]+")

Attributes = dict[str, str | None]
Complaint = tuple[int, str]


def markup_complaints(source: str) -> list[Complaint]:
    """(line, words) for everything that is wrong with the HTML of a Jinja template."""
    reader = _Reader(source)
    reader.feed(JINJA.sub(_blank, source))
    reader.close()
    return reader.complaints


def _blank(jinja: re.Match[str]) -> str:
    """As much room as the expression took, so that every position stays what it was."""
    return re.sub(r"[^\n]", " ", jinja[0])


class _Reader(HTMLParser):
    def __init__(self, source: str) -> None:
        super().__init__()
        self.source = source
        self.starts = [0, *(place.end() for place in re.finditer("\n", source))]
        self.complaints: list[Complaint] = []
        self.form: int | None = None  # where the posting form that is open begins

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        raw = self.source[self._here() : self._here() + len(self.get_starttag_text() or "")]
        for words in (*_forbidden(tag, known), *_missing(tag, known, raw)):
            self.complaints.append((self.getpos()[0], words))
        if tag == "form" and (known.get("method") or "").lower() == "post":
            self.form = self._here()

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self.form is not None:
            if "csrf_token" not in self.source[self.form : self._here()]:
                line = self.source.count("\n", 0, self.form) + 1
                self.complaints.append((line, "a form that posts needs the hidden field csrf_token"))
            self.form = None

    def _here(self) -> int:
        line, column = self.getpos()
        return self.starts[line - 1] + column


def _forbidden(tag: str, attributes: Attributes) -> Iterator[str]:
    if tag == "style":
        yield "a style element: styles stand in web/static/css"
    if tag == "script" and "src" not in attributes:
        yield "an inline script: scripts stand in web/static/js"
    for name, value in attributes.items():
        if name == "style":
            yield f"a style attribute on <{tag}>: give it a class"
        if HANDLER.fullmatch(name):
            yield f"an inline handler {name} on <{tag}>: scripts stand in web/static/js"
        if name in {"href", "src", "action"} and (value or "").strip().lower().startswith("javascript:"):
            yield f"a javascript: address on <{tag}>"
    if tag in {"script", "img", "link"} and re.match(r"(https?:)?//", _address(attributes)):
        yield f"<{tag}> asks another host: everything is served from here"


def _missing(tag: str, attributes: Attributes, raw: str) -> Iterator[str]:
    if "xmlattr" in raw:
        return  # its attributes are only known when it is rendered
    if tag == "button" and "type" not in attributes:
        yield "a button without a type: it would submit by accident"
    if tag == "img" and "alt" not in attributes:
        yield "an image without an alt"
    if tag == "form" and "hx-post" in attributes and (attributes.get("method") or "").lower() != "post":
        yield "a form with hx-post and without method=post does nothing without scripts"


def _address(attributes: Attributes) -> str:
    return (attributes.get("src") or attributes.get("href") or "").strip()
