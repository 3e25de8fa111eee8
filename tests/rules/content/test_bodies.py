"""What we write ourselves, for speed, is what was written: in its first form byte for byte as the standard library."""

from __future__ import annotations

import quopri
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sales_campaigns.content.bodies import part_of
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
    assert build(letter, form=1) == written(letter)


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
    assert build(letter, form=1) == written(letter)


lines = st.lists(st.text(max_size=120), max_size=14).map("\n".join)


@settings(max_examples=200, deadline=None)
@given(text=lines, html=lines)
def test_any_text_is_written_alike(text: str, html: str) -> None:
    letter = replace(LETTER, text=text, html=html)
    assert build(letter, form=1) == written(letter)


def encoding(part: bytes) -> str:
    return part.split(b"\r\n")[1].rpartition(b" ")[2].decode()


@pytest.mark.parametrize("text", BODIES)
@pytest.mark.parametrize("subtype", ["plain", "html"])
def test_encoded_lines_are_short_and_read_back(text: str, subtype: str) -> None:
    """RFC 2045: an encoded line has at most 76 characters; RFC 5322: one that stands as it is, 78."""
    part = part_of(text.rstrip("\n") + "\n", subtype)
    head, _, body = part.partition(b"\r\n\r\n")
    assert max(map(len, body.split(b"\r\n"))) <= (78 if encoding(head) == "7bit" else 76)
    if encoding(head) == "quoted-printable":
        assert not any(line.endswith((b" ", b"\t")) for line in body.split(b"\r\n"))
        assert quopri.decodestring(body.replace(b"\r\n", b"\n")).decode() == text.rstrip("\n") + "\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("short", "7bit"),
        ("x" * 79, "quoted-printable"),
        ("Hej på dig", "quoted-printable"),
        ("日本語の長い文章です。", "base64"),
        ("=" * 100, "base64"),
    ],
)
def test_of_two_encodings_the_shorter_is_taken(text: str, expected: str) -> None:
    assert encoding(part_of(f"{text}\n", "plain")) == expected


def test_html_is_broken_behind_every_block_so_that_what_stands_before_moves_nothing() -> None:
    html = "<p>Hello {},</p><p>" + "word " * 30 + "</p><ul><li>one</li></ul>å<br>the end</p>\n"
    short, long = (part_of(html.format(name), "html").split(b"=\r\n") for name in ("Bo", "Maximiliane " * 9))
    assert short[1:] == long[-len(short) + 1 :]
    assert short[-4:] == [b"<ul><li>one</li>", b"</ul>", b"=C3=A5<br>", b"the end</p>\r\n"]
