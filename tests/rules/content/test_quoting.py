"""Follow-ups: the subject and the quoted copy."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_campaigns.content.quoting import quote, reply_subject
from sales_campaigns.content.rendering import Rendered, with_signature

SENT = datetime(2026, 3, 3, 9, 12, tzinfo=ZoneInfo("Europe/Stockholm"))
FIRST = Rendered("Logistics", "<p>Hi Maria</p>", "Hi Maria\n\n> a line with a mark")


@pytest.mark.parametrize(
    "subject",
    [
        "Logistics",
        "Re: Logistics",
        "RE: re:Logistics",
        "AW: Logistics",
        "SV: VS: Logistics",
        "Antw: Logistics",
        "Fwd: FW: Logistics",
        "WG: Logistics",
        "Re[2]: Logistics",
        "Re(3): AW: Logistics",
        "Re^2: Logistics",
        "  Re :  Logistics ",
        "回复：Logistics",
        "Re:\r\n Logistics",
    ],
)
def test_a_reply_has_exactly_one_prefix(subject: str) -> None:
    assert reply_subject(subject) == "Re: Logistics"


@pytest.mark.parametrize(
    "subject", ["Revenue: up", "Really: no", "Regarding: x", "Answer re: you", "Fwdx: y"]
)
def test_a_word_that_only_looks_like_a_prefix_stays(subject: str) -> None:
    assert reply_subject(subject) == f"Re: {subject}"


@given(st.text())
def test_a_reply_to_a_reply_has_the_same_subject_on_one_line(subject: str) -> None:
    reply = reply_subject(subject)
    assert reply_subject(reply) == reply
    assert reply.startswith("Re: ") and "\n" not in reply and "\r" not in reply


def quoted(new: Rendered, previous: Rendered) -> Rendered:
    return quote(new, previous, sent_local=SENT, sender_name="Ana <x>", sender_email="ana@example.org")


def test_the_copy_stands_under_the_new_text_with_who_and_when() -> None:
    mail = quoted(Rendered("Re: Logistics", "<p>Any news?</p>", "Any news?"), FIRST)
    assert mail.subject == "Re: Logistics"
    assert mail.text == (
        "Any news?\n\n"
        "On Tuesday, 3 March 2026 at 09:12 (CET, UTC+0100), Ana <x> <ana@example.org> wrote:\n"
        "> Hi Maria\n>\n>> a line with a mark"
    )
    assert mail.html.startswith('<p>Any news?</p><div class="quote"><p>On Tuesday, 3 March 2026')
    assert "Ana &lt;x&gt; &lt;ana@example.org&gt; wrote:</p><blockquote" in mail.html
    assert mail.html.endswith("<p>Hi Maria</p></blockquote></div>")


def test_a_follow_up_of_a_follow_up_carries_the_whole_chain() -> None:
    second = quoted(Rendered("Re: Logistics", "<p>Two</p>", "Two"), FIRST)
    third = quoted(Rendered("Re: Logistics", "<p>Three</p>", "Three"), second)
    assert third.html.count("<blockquote") == 2
    lines = third.text.split("\n")
    assert "> Two" in lines and ">> Hi Maria" in lines
    assert third.html.index("Three") < third.html.index("Two") < third.html.index("Hi Maria")


def test_a_zone_without_a_name_is_told_by_its_offset() -> None:
    at = SENT.astimezone(ZoneInfo("America/Sao_Paulo"))
    mail = quote(FIRST, FIRST, sent_local=at, sender_name="", sender_email="ana@example.org")
    assert "On Tuesday, 3 March 2026 at 05:12 (UTC-0300), ana@example.org wrote:" in mail.text


def test_a_signature_stands_above_the_quote_and_the_quoted_copy_has_none() -> None:
    answer = with_signature(Rendered("Re: Logistics", "<p>Two</p>", "Two"), "<p>Ana, +39 06</p>")
    mail = quoted(answer, FIRST)
    assert mail.text.index("+39 06") < mail.text.index("wrote:")
    assert mail.text.count("+39 06") == mail.html.count("+39 06") == 1
