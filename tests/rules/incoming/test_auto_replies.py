"""The rule: auto-replies (RFC 3834 `Auto-Submitted`, out-of-office headers and subjects) are no replies."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from sales_campaigns.messages.incoming.auto_replies import SUBJECTS, is_auto_reply, is_from_a_list
from sales_campaigns.messages.incoming.facts import Facts
from sales_campaigns.messages.incoming.return_dates import return_date
from tests.mail_collection import KINDS, facts

FROM_MACHINES = [name for name, kind in KINDS.items() if kind == "auto_reply"]
FROM_PEOPLE = [name for name, kind in KINDS.items() if kind in ("reply", "wrote", "unsubscribe")]


@pytest.mark.parametrize("name", FROM_MACHINES)
def test_each_automatic_reply_of_the_collection_is_recognised(name: str) -> None:
    assert is_auto_reply(facts(name))


@pytest.mark.parametrize("name", FROM_PEOPLE)
def test_no_mail_of_a_person_is_taken_for_one(name: str) -> None:
    assert not is_auto_reply(facts(name))


@pytest.mark.parametrize("place", ["subject", "text"])
@pytest.mark.parametrize(
    "words", ["Jag är på semester t.o.m. 3 augusti", "Ik ben met vakantie t/m 3 augustus"]
)
def test_who_says_until_when_they_are_away_needs_no_header(words: str, place: str) -> None:
    """The rule: it pauses until the day after, 4 August, and is no reply."""
    words_of_it: dict[str, Any] = {"subject": "Re: Quick question", "text": "", place: words}
    mail = Facts(**words_of_it)
    assert is_auto_reply(mail)
    assert return_date(mail.subject, mail.text, date(2026, 7, 20)) == date(2026, 8, 4)


@pytest.mark.parametrize(
    "words",
    [
        "Thank you. I am just back from vacation, let us talk.",
        "I am on vacation, but tell me more.",
        "Sounds good!\n\nI am on vacation until 3 August, call me then.",
    ],
)
def test_a_person_who_writes_of_a_vacation_has_replied(words: str) -> None:
    assert not is_auto_reply(Facts(subject="Re: Quick question", text=words))


def test_it_speaks_twelve_languages() -> None:
    assert set(SUBJECTS) == {"en", "de", "fr", "es", "it", "nl", "sv", "nb", "da", "fi", "pt", "pl"}


@pytest.mark.parametrize(
    ("subject", "automatic"),
    [
        ("Automatic reply: Hello", True),
        ("Out of office", True),
        ("OUT OF OFFICE until Monday Re: Hello", True),
        ("[Auto] : Out of office: Hello", True),
        ("Autosvar: Hej", True),
        ("Odpowiedz automatyczna: Pytanie", True),
        ("Nieobecność", True),
        ("Abwesenheit bis 7.12.", True),
        ("Re: Out of office", False),
        ("Fwd: Automatic reply: Hello", False),
        ("Automatic replying machines for sale", False),
        ("Absenteeism in the office", False),
        ("Lomalla.fi wants to buy", True),  # begins like one; a rep sees it under Automatic
        ("Ausentes y presentes", False),
        ("", False),
    ],
)
def test_a_subject_counts_only_where_it_begins_so(subject: str, automatic: bool) -> None:
    assert is_auto_reply(Facts(subject=subject)) is automatic


@pytest.mark.parametrize(
    ("headers", "automatic"),
    [
        ({"auto-submitted": "auto-replied; owner-email=x@example.com"}, True),
        ({"auto-submitted": "No"}, False),
        ({"x-auto-response-suppress": "All"}, False),  # asks for silence, says nothing of itself
        ({"precedence": "bulk"}, True),
        ({"precedence": "list"}, False),
        ({"x-vacation": "yes"}, True),
        ({}, False),
    ],
)
def test_headers_say_it_whatever_the_subject_says(headers: dict[str, str], automatic: bool) -> None:
    assert is_auto_reply(Facts(subject="Re: Hello", headers=headers)) is automatic


def test_a_newsletter_was_written_to_nobody_in_particular() -> None:
    assert is_from_a_list(facts("ignored_newsletter")) and not is_from_a_list(facts("reply_en_plain"))
