"""A letter that is cast is byte for byte the one that the general path makes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_campaigns.campaigns.file.reading import read_campaign
from sales_campaigns.content.fields import merge_values
from sales_campaigns.content.liquid import parse
from sales_campaigns.content.mime import build, with_parts
from sales_campaigns.content.rendering import Content, MissingFields, needs_of, render
from sales_campaigns.demo.words import CAMPAIGNS
from sales_campaigns.messages.handing_over.recipes import letter_of, recipe_from
from sales_campaigns.messages.letters.casting import CastLetter, Setting, cast_letter
from sales_campaigns.messages.letters.marks import Marks

NAME = "<7.1.20260303081200@north.example>"
SENDER = ("Ana Rossi", "ana@north.example")
OWN = {"my_name": "Ana Rossi", "my_title": "Sälj & Co"}
VALUES = {"first_name": "Maria", "company": "Fjord & Söner <AS>", "title": "Head of =Logistics="}
MARKS = Marks(
    "https://go.example", "", opens=True, clicks=True, footer="No more? [unsubscribe]\nÅ.", mirror=True
)

CONTENTS = [
    Content("Hello {{ first_name }}", "<p>Hello {{ first_name }}</p>"),
    Content("Hello", "<p>Hello</p>"),
    Content("", ""),
    Content("One = two", "<p>One = two, {{ company }} == {{ title }} " + "and on and on " * 30 + "</p>"),
    Content(
        "{{ company }}: the way on",
        '<p>See <a href="https://a.example/?x=1&amp;y=2">this</a>, {{ first_name | default: "friend" }}.</p>'
        '<ul><li>{{ company }}</li><li>two</li></ul><p><a href="http://b.example">b</a> {{ title }}</p>',
    ),
    Content("Hej", "<p>Hej på dig {{ first_name }}</p>" * 20),
    Content("Written", "<p>x</p>", "Hello {{ first_name }},\n\n.\n\nBest\n{{ my_name }}"),
    Content("Written", "<p>x</p>", "{{ first_name }}\n\n{{ title | default: '' }}"),
    Content("Many lines", "\n".join(f"<p>line {number} for {{{{ company }}}}</p>" for number in range(30))),
    Content("Logic", "{% if nobody %}<p>{{ nobody }}</p>{% elsif title %}<p>{{ title }}</p>{% endif %}" * 9),
    Content("日本語", "<p>日本語の長い文章です。{{ first_name }}</p>" * 12),
    Content("Late letters", "<br>\n".join(["plain"] * 12 + ["日本語 {{ company }}" * 9])),
]
# Those that the product comes with.
OURS = [
    Content(step.subject or "", step.html, step.text or "")
    for campaign in CAMPAIGNS
    for step in read_campaign(campaign).steps
    if step.html
]
SIGNATURES = ["", "<p>{{ my_name }}<br>{{ my_title }}</p>", "<p>" + "long signature " * 20 + "</p>"]


def both_ways(
    content: Content, signature: str, marks: Marks | None, values: dict[str, str]
) -> tuple[bytes | None, bytes]:
    """As it is cast, None where it is not, and as the general path makes it."""
    own = tuple(OWN.items())
    known = {**values, **OWN}
    recipe = recipe_from(
        at=datetime(2026, 3, 3, 8, 12, tzinfo=UTC),
        zone="Europe/Stockholm",
        sender=SENDER,
        recipient=("Maria Lindqvist", "maria@example.com"),
        values=known,
        signature=signature,
        marks=marks,
    )
    letter = letter_of(recipe, content, NAME)
    shape = replace(marks, token="") if marks else None
    cast = cast_letter(Setting(content, signature, own, shape, SENDER[1], frozenset(known)))
    written = cast.written(known, marks.token if marks else "") if cast else None
    if written is None:
        return None, build(letter)
    subject, parts = written
    return with_parts(replace(letter, subject=subject, html="?", text="?"), parts), build(letter)


@pytest.mark.parametrize("content", CONTENTS + OURS)
@pytest.mark.parametrize("signature", SIGNATURES)
@pytest.mark.parametrize("marks", [None, MARKS, replace(MARKS, address="", mirror=False)])
def test_every_plain_wording_is_cast_and_gives_the_same_bytes(
    content: Content, signature: str, marks: Marks | None
) -> None:
    cast, general = both_ways(content, signature, marks and replace(marks, token="Tk_-9" * 4), VALUES)
    may_be_empty_at_the_end = content.text.endswith("'' }}") and not (signature or marks)
    assert cast == (None if may_be_empty_at_the_end else general)


@pytest.mark.parametrize("content", CONTENTS[3:7])
@pytest.mark.parametrize("letter", ["x", "=", "å", "日", "x "])
def test_values_of_any_length_are_broken_where_the_general_path_breaks_them(
    content: Content, letter: str
) -> None:
    for length in (1, 9, 17, 18, 19, 20, 21, 22, 23, 40, 70, 74, 75, 76, 77, 150):
        value = (letter * length).strip()
        values = dict.fromkeys(VALUES, value) | {"first_name": value[: length // 2].strip() or "M"}
        cast, general = both_ways(content, SIGNATURES[1], replace(MARKS, token="T" * 18), values)
        assert cast == general


texts = st.text(st.characters(codec="utf-8", exclude_characters="\ue000\ue001"), max_size=90)


@given(st.lists(texts, min_size=1, max_size=9), texts, texts, st.integers(0, 3))
def test_any_words_and_any_values_give_the_same_bytes(
    words: list[str], first_name: str, company: str, breaks: int
) -> None:
    between = ("{{ first_name | default: 'x' }}", "<br>{{ company | default: 'y' }}\n", "<p>", " {{ title }}")
    plain = [one.replace("{", "(").replace("<", "&lt;").replace("&", "&amp;") for one in words]
    html = "".join(one + between[(i + breaks) % 4] for i, one in enumerate(plain))
    known = merge_values({"first_name": first_name, "company": company, "title": "Head"}, {}, {})
    cast, general = both_ways(Content("S", html), SIGNATURES[1], replace(MARKS, token="T" * 18), known)
    assert cast in (None, general)


@pytest.mark.parametrize("values", [{}, {"title": "Head"}, {"title": "H" * 90}, {"title": "Häd"}])
@pytest.mark.parametrize("before", ["Hello ", "Hello", "Hello\t", "å ", "x" * 75 + " "])
def test_a_line_whose_last_field_is_empty_ends_as_on_the_general_path(
    before: str, values: dict[str, str]
) -> None:
    """White space at the end of a line is escaped (RFC 2045 section 6.7), and the field behind it may be nothing."""
    text = before + "{{ title | default: '' }}\n\nBye =)" + "." * 100
    cast, general = both_ways(Content("Written", "<p>x</p>", text), "", None, values)
    assert cast == general


def test_a_wording_is_parsed_and_cast_once_for_all_its_mails() -> None:
    """The rule: Liquid is parsed once per version. Reading the same words again gives what is known of them."""
    words = "Once and for all: {{ company }}"
    before = parse.cache_info().misses
    for number in range(3):
        content = Content(words, f"<p>{words}</p>")
        assert render(content, {"company": f"{number} AS"}).text == f"{words[:-13]}{number} AS"
        again = Content(words, f"<p>{words}</p>")
        assert cast_of(content) is cast_of(again) and needs_of(content) is needs_of(again)
    assert parse.cache_info().misses - before <= 3, "its subject, its HTML, and an empty signature"


def test_a_wording_with_logic_is_parsed_once_too() -> None:
    before = parse.cache_info().misses
    for value in ("Fjord", "Kumo", ""):
        logic = "{% if company == 'Fjord' %}Yes{% else %}No{% endif %}"
        assert render(Content("S", logic), {"company": value}).html == ("Yes" if value == "Fjord" else "No")
    assert parse.cache_info().misses - before <= 2


def cast_of(content: Content, signature: str = "") -> CastLetter | None:
    return cast_letter(Setting(content, signature, tuple(OWN.items()), None, SENDER[1]))


def test_what_differs_in_more_than_fields_is_not_cast() -> None:
    logic = Content("S", "{% if company == 'Fjord' %}<p>Yes</p>{% endif %}")
    assert cast_of(logic) is None
    assert cast_of(CONTENTS[0], "<p>{{ company }}</p>") is None, "a signature with fields of the recipient"
    cast = cast_of(Content("S", "<p>{{ company }}</p>"))
    assert cast is not None and cast.written({"company": "two\nlines"}, "") is None


def test_a_field_without_a_value_is_missing_as_on_the_general_path() -> None:
    cast = cast_of(CONTENTS[4])
    assert cast is not None and cast.names == {"company", "first_name", "title"}
    with pytest.raises(MissingFields) as missing:
        cast.written({"company": "Fjord"}, "")
    assert missing.value.fields == ("title",)
