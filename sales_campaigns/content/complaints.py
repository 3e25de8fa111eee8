"""The template engine's errors in words that say where and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator

from liquid.exceptions import LiquidError

from sales_campaigns.content.dialect import FILTER_NAMES, LONGEST_TEXT

_ADVICE = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (r"unknown filter '(.*)'", r"there is no filter “\1”; use one of: " + ", ".join(FILTER_NAMES)),
        (r"unexpected tag 'end(.*)'", r"“end\1” has no “\1” before it; remove it or add the beginning"),
        (r"unexpected tag '(.*)'", r"there is no tag “\1”; use if, unless, case, for, assign or capture"),
        (r"expected tag (\w+), .*", r"“\1” is missing at the end of this part; add {% \1 %}"),
        (r"expected '}}', .*", "“{{” is never closed; add “}}”"),
        (r"missing tag name.*", "“{%” has no name or is never closed; add “%}”"),
        (r".*found end of expression", "something is missing at the end; write for example {{ company }}"),
        (
            r"(output stream|local namespace) limit.*",
            f"this makes more than {LONGEST_TEXT:,} characters; shorten it",
        ),
        (r"loop iteration limit.*", "this loop runs too often; shorten it"),
        (r"this makes too much.*", "this makes too much text for a mail; shorten loops and filters"),
        (r"expected (.*), found (.*)", "this does not belong here; check spelling and punctuation"),
        (r"unexpected (.*)", r"\1 does not belong here; check quotes and punctuation"),
    )
)


def complaint(error: LiquidError, source: str) -> str:
    """Return "line 3, column 7: what is wrong; what to do.", without the place where none is known."""
    message = str(error.args[0]) if error.args else "this is not understood"
    told = next(_advice(message), message)
    index = error.token.start_index if error.token else -1
    if 0 <= index <= len(source):
        return f"{_place(source, index)}: {told}."
    return f"{told[:1].upper()}{told[1:]}."


def _advice(message: str) -> Iterator[str]:
    return (match.expand(words) for pattern, words in _ADVICE if (match := pattern.fullmatch(message)))


def _place(source: str, index: int) -> str:
    before = source[:index]
    return f"line {before.count(chr(10)) + 1}, column {len(before) - before.rfind(chr(10))}"
