"""Hints while a mail is written: each says one thing, and none stops anything."""

from __future__ import annotations

import pytest

from sales_campaigns.content.hints import hints_for
from sales_campaigns.content.rendering import Content

FINE = Content("Routes, {{ first_name }}", "<p>Hello, how do you plan your routes today?</p>")


def said(subject: str = FINE.subject, html: str = FINE.html, text: str = "", **more: object) -> list[str]:
    return [hint.words for hint in hints_for(Content(subject, html, text), **more)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("part", "written", "hint"),
    [
        ("subject", "a" * 61, "The subject has 61 characters"),
        ("subject", "LAST CHANCE TODAY", "all in capitals"),
        ("subject", "Really?!", "exclamation or question marks"),
        ("html", '<p>See <a href="http://example.com">this</a></p>', "http://example.com is not secure"),
        ("html", '<p>See <a href="www.example.com">this</a></p>', "“www.example.com” leads nowhere"),
        ("html", '<a href="https://example.com">x</a> ' * 6, "6 links; more than 5"),
        ("html", "<img src='https://example.com/a.png'> " + "word " * 30, "A picture has no words (alt)"),
        ("html", "<img src='a.png'><img src='b.png' alt=''> " + "word " * 30, "2 pictures have no words"),
        ("html", "<img src='https://example.com/a.png' alt='Offer'> Hi", "pictures with few words"),
        ("html", "<p>" + "word " * 201 + "</p>", "201 words"),
        ("html", "<p>" + "<b></b>" * 9_000 + "Hi</p>", "The text is 63 KB"),
        ("html", "<p>Hi {{ fist_name }}</p>", "No field is called “fist_name”"),
        ("subject", "For {{ companny }}", "No field is called “companny”"),
        ("text", "Hi {{ fist_name }}", "No field is called “fist_name”"),
    ],
)
def test_it_says_what_is_worth_a_second_look(part: str, written: str, hint: str) -> None:
    found = said(**{part: written})
    assert len([words for words in found if hint in words]) == 1, found


@pytest.mark.parametrize(
    "content",
    [
        FINE,
        Content("", ""),
        Content("ASAP: EU VAT", "<p>Short capitals are abbreviations.</p>"),
        Content(
            "Hello {{ first_name | default: 'there, dear reader of this long default text' }}", "<p>Hi</p>"
        ),
        Content("Links", '<p><a href="mailto:a@example.com">m</a> <a href="https://example.com">w</a></p>'),
        Content("Broken", "<p>{{ oh"),  # an error, which is said when it is saved
    ],
)
def test_a_fine_mail_and_an_empty_one_have_none(content: Content) -> None:
    assert hints_for(content) == []


def test_fields_of_the_team_are_known() -> None:
    assert said(html="<p>{{ fleet_size }}</p>", custom_fields={"fleet_size"}) == []


def test_a_mail_to_many_must_say_how_to_unsubscribe_unless_the_footer_does() -> None:
    assert "unsubscribe" in said(bulk=True)[0]
    assert said(bulk=True, unsubscribe_link=True) == []
    assert said(html="<p>Write to us to unsubscribe.</p>", bulk=True) == []
