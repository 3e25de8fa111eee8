"""Plain templates cast once: sanitising and HTML to text run on the template, not on every mail.

Each field is replaced by a marker of private-use characters, the step runs, and the result is cut at
the markers. Where a value could change what the step does with the text around it, there is no
mould and the general path is taken. The tests prove both paths equal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sales_campaigns.content.anatomy import Print, Segments
from sales_campaigns.content.characters import sendable
from sales_campaigns.content.html import inline_styles, sanitise, to_text

_MARKER = re.compile("\ue000(\\d+)\ue001")
_TAG = re.compile(r'<[^"<>]*(?:"[^"]*"[^"<>]*)*>')
# A tag or entity begun before a field could be completed by its value.
_BEGUN = re.compile(r"[<&][^<>;\s]*$")
# Elements in which text is not read as HTML text, or in which line breaks count.
_LITERAL = re.compile(
    r"<(?:pre|listing|xmp|plaintext|noembed|noframes|noscript|textarea|select|iframe)", re.IGNORECASE
)
# Here the length or the white space of a value moves the text around it, or a value may be the link itself.
_MOVING = re.compile(r"<table|white-space|<a\b[^>]*>[^<]*\ue000", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Mould:
    """Constants and fields in order; `written` turns a value into what stands in the text."""

    pieces: Segments
    written: Callable[[str], str]

    def fill(self, values: Mapping[str, str]) -> str:
        """Return the text. Every field without a default must be in `values`."""
        return "".join(
            piece if isinstance(piece, str) else self.written(values.get(piece.name) or piece.default or "")
            for piece in self.pieces
        )


def prepare_text(pieces: Segments) -> Mould:
    """Return the mould of a plain subject or text part: values stand as they are."""
    return Mould(pieces, str)


def prepare_html(pieces: Segments) -> Mould | None:
    """Return the mould of a plain HTML part, or None where only the general path is right."""
    if _LITERAL.search(_marked(pieces)) or not all(map(_stands_alone, pieces, (*pieces[1:], ""))):
        return None
    return _cut(sanitise(inline_styles(_marked(pieces))), pieces, _escaped)


def prepare_text_of(html: Mould) -> Mould | None:
    """Return the mould of the text made from the HTML part `html`, or None as above."""
    if any(map(_prints_blank, html.pieces)) or _MOVING.search(_marked(html.pieces)):
        return None
    return _cut(to_text(_marked(html.pieces)), html.pieces, _collapsed)


def _prints_blank(piece: str | Print) -> bool:
    return isinstance(piece, Print) and piece.default is not None and not piece.default.strip()


def _stands_alone(piece: str | Print, following: str | Print) -> bool:
    if isinstance(piece, Print):
        return not re.search("[<&]", piece.default or "")
    return "\ue000" not in piece and not (isinstance(following, Print) and _BEGUN.search(piece))


def _marked(pieces: Sequence[str | Print]) -> str:
    return "".join(piece if isinstance(piece, str) else f"\ue000{i}\ue001" for i, piece in enumerate(pieces))


def _cut(result: str, pieces: Segments, written: Callable[[str], str]) -> Mould | None:
    """Cut `result` at its markers; None when one is lost, moved, doubled, or stands inside a tag."""
    expected = [str(i) for i, piece in enumerate(pieces) if isinstance(piece, Print)]
    parts = _MARKER.split(sendable(result))
    outside = _MARKER.findall(_TAG.sub("", result)) if written is _escaped else expected
    if parts[1::2] != expected or outside != expected:
        return None
    return Mould(tuple(pieces[int(part)] if i % 2 else part for i, part in enumerate(parts)), written)


def _escaped(value: str) -> str:
    """As the sanitiser writes text."""
    return value.replace("&", "&amp;").replace("\xa0", "&nbsp;").replace("<", "&lt;").replace(">", "&gt;")


def _collapsed(value: str) -> str:
    return " ".join(value.split())
