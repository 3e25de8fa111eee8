"""What was written this time, without what is quoted; and what asks to be left alone."""

from __future__ import annotations

import pytest

from sales_campaigns.messages.incoming.facts import facts_of, parsed
from sales_campaigns.messages.incoming.new_words import asks_to_stop, new_words
from tests.mail_collection import KINDS, facts


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("reply_en_plain", "Sounds interesting. Call me on Thursday."),
        ("reply_aw_abwesenheit", "Ja, gerne. Rufen Sie mich an."),
        ("reply_iphone", "No thanks\n\nSent from my iPhone"),
        ("reply_latin1_name", "Très intéressant, rappelez-moi."),
        ("reply_outlook_html", "Let us meet next week."),
    ],
)
def test_quotes_are_left_out(name: str, words: str) -> None:
    assert new_words(facts(name).text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Yes\n\n-----Original Message-----\nFrom: Ana\n", "Yes"),
        ("Ja\n\nDen mån 30 nov. 2026 kl 09:00 skrev Ana Lind <ana@north.example>:\n> Hej", "Ja"),
        (
            "Sì\n\nIl giorno lun 30 nov 2026 alle ore 09:00 Ana Lind <ana@north.example> ha scritto:\n\n> Ciao",
            "Sì",
        ),
        ("Ja\n\nOp ma 30 nov 2026 om 09:00 schreef Ana Lind <ana@north.example>:\n> Dag", "Ja"),
        ("Tak\n\npon., 30 lis 2026 o 09:00 Ana Lind <ana@north.example> napisał(a):\n> Dzień dobry", "Tak"),
        ("On Monday I can talk.\nCall me.", "On Monday I can talk.\nCall me."),
        ("> only a quote", "> only a quote"),
        ("Yes\n-- \nMaria Santos\nCFO", "Yes"),
        (
            "On Mon, 30 Nov 2026 Ana Lind <ana@north.example>\nwrote:\n> Hello",
            "On Mon, 30 Nov 2026 Ana Lind <ana@north.example> wrote:",
        ),
    ],
)
def test_in_many_languages(text: str, words: str) -> None:
    assert new_words(text) == words


@pytest.mark.parametrize(
    ("subject", "words", "stops"),
    [
        ("unsubscribe", "", True),
        ("Unsubscribe ", "sent by a mail program", True),
        ("Re: Hello", "Unsubscribe.", True),
        ("Re: Hello", "please remove me from your list", True),
        ("Re: Hello", "STOP", True),
        ("Re: Hello", "Please stop by on Monday", False),
        ("Re: How to unsubscribe", "Tell me more about it", False),
        ("Re: Hello", "How do I unsubscribe from your competitor?", False),
    ],
)
def test_only_a_mail_that_says_nothing_else_takes_somebody_off_the_list(
    subject: str, words: str, stops: bool
) -> None:
    assert asks_to_stop(subject, words) is stops


def test_of_the_collection_only_those_that_ask_do() -> None:
    asking = [name for name in KINDS if asks_to_stop(facts(name).subject, new_words(facts(name).text))]
    assert asking == [name for name, kind in KINDS.items() if kind == "unsubscribe"]


def test_names_and_subjects_are_read_in_every_encoding() -> None:
    assert facts("reply_latin1_name").sender_name == "Renée, Dupont"
    assert facts("auto_de_outlook").sender_name == "Jürgen Groß"
    assert facts("auto_pl_outlook").subject == "Odpowiedź automatyczna: Pytanie"


@pytest.mark.parametrize("name", ["Björn".encode(), "Björn".encode("latin-1")])
def test_headers_that_hold_raw_bytes_are_read_too(name: bytes) -> None:
    raw = b"From: " + name + b" <b@example.com>\r\nSubject: Gr\xc3\xbc\xc3\x9fe\r\n\r\nHello"
    found = facts_of(parsed(raw))
    assert (found.sender_name, found.sender, found.subject) == ("Björn", "b@example.com", "Grüße")
