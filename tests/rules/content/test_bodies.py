"""What we write ourselves, for speed, is byte for byte what the standard library writes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sales_campaigns.content.mime import build
from tests.rules.content.by_library import written
from tests.rules.content.test_mime import LETTER

BODIES = [
    "",
    "Hello",
    "Hej på dig",
    "x" * 78,
    "x" * 79,
    "x" * 2_000,
    "ends in a space ",
    "ends in a tab\t\nand goes on\t",
    "å" * 200,
    "日本語の長い文章です。" * 30,
    "one = two, three == four =",
    ".\n..\n.hidden",
    "From the beginning\n>From",
    "\n\n\nafter empty lines\n\n\n",
    "\n".join(f"line {number}" for number in range(30)),
    "\n".join(f"rad {number} på svenska" for number in range(30)),
    "\n".join(["ascii at first"] * 12 + ["日本語" * 40]),
    "x" * 75 + "å" + "y" * 80 + "é",
    "a\x85b\u2028c\x0bd",
    '<a href="https://example.com/?a=1&amp;b=2">' + "word " * 40 + "</a>",
    "🙂 " * 60,
]


@pytest.mark.parametrize("text", BODIES)
@pytest.mark.parametrize("html", ["<p>Hello</p>", *BODIES[2::4]])
def test_the_corpus_is_written_alike(text: str, html: str) -> None:
    letter = replace(LETTER, text=text, html=html)
    assert build(letter) == written(letter)


HEADS = [
    {"subject": "Hej på dig " * 20},
    {"subject": "=?utf-8?q?not_encoded?="},
    {"from_name": 'Ana "the" Rossi', "to_name": "Åsa Öberg"},
    {"to_email": "jörg@example.com", "cc": ("a@example.com", "b@bücher.example")},
    {"in_reply_to": "<m0@example.org>", "references": tuple(f"<m{n}@example.org>" for n in range(40))},
    {"headers": {"List-Unsubscribe": "<mailto:ana@example.org?subject=unsubscribe>"}},
]


@pytest.mark.parametrize("head", HEADS)
def test_headers_stand_around_it_alike(head: dict[str, object]) -> None:
    letter = replace(LETTER, **head)  # type: ignore[arg-type]
    assert build(letter) == written(letter)


lines = st.lists(st.text(max_size=120), max_size=14).map("\n".join)


@settings(max_examples=200, deadline=None)
@given(text=lines, html=lines)
def test_any_text_is_written_alike(text: str, html: str) -> None:
    letter = replace(LETTER, text=text, html=html)
    assert build(letter) == written(letter)
