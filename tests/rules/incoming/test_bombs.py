"""Mails that somebody made to be hard to read: each is read in its time, and none keeps the others waiting.

The rule: DSN bombs (deep nesting, thousands of recipients), ten megabytes (bad-input catalogue).
"""

from __future__ import annotations

import time
from datetime import date

import pytest

from sales_campaigns.content.html import for_frame, sanitise, shallow, to_text
from sales_campaigns.messages.incoming.auto_replies import is_auto_reply
from sales_campaigns.messages.incoming.facts import facts_of, html_of, parsed
from sales_campaigns.messages.incoming.new_words import asks_to_stop, new_words
from sales_campaigns.messages.incoming.reports import reports_of, returned_as
from sales_campaigns.messages.incoming.return_dates import return_date

SECONDS = 4.0  # of this thread's own time; each of them took minutes, or broke, before it was bounded
DAEMON = b"From: MAILER-DAEMON@x.example\r\nSubject: Undeliverable\r\n"
MEGABYTE = 1_000_000


def nested(depth: int) -> bytes:
    head = b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n"
    return DAEMON + b"".join(head % (number, number) for number in range(depth)) + b"\r\nx\r\n"


def report_on(recipients: int) -> bytes:
    groups = b"".join(
        b"Final-Recipient: rfc822; p%d@x.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n" % number
        for number in range(recipients)
    )
    head = b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n"
    return (
        DAEMON + head + b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n" + groups
    )


BOMBS = {
    "parts within parts": nested(3_000),
    "mails within mails": DAEMON + b"Content-Type: message/rfc822\r\n\r\n" * 20_000 + b"x",
    "a header of a megabyte": b"Subject: " + b"=?utf-8?q?a?= " * (MEGABYTE // 14) + b"\r\n\r\nx",
    "addresses": b"From: " + b"a@b, " * (MEGABYTE // 5) + b"\r\n\r\nx",
    "brackets within brackets": b"From: " + b"(" * 100_000 + b"\r\n\r\nx",
    "names of mails": b"References: " + b"<a@b> " * (MEGABYTE // 6) + b"\r\n\r\nx",
    "boxes within boxes": b"Content-Type: text/html\r\n\r\n" + b"<div>" * (MEGABYTE // 5),
    "one word": DAEMON + b"\r\n" + b"a" * MEGABYTE,
    "codes": DAEMON + b"\r\n" + b"5.1.1 " * (MEGABYTE // 6),
    "signs": DAEMON + b"\r\n" + b"a@" * (MEGABYTE // 2),
    "blank lines": DAEMON + b"\r\n" + b"\r\n" * (MEGABYTE // 2) + b"> x",
    "quotes": b"From: a@b.example\r\n\r\n" + b"> " * (MEGABYTE // 2),
    "numbers": b"From: a@b.example\r\nSubject: Away\r\n\r\n" + b"until 1 " * (MEGABYTE // 8),
    "ten megabytes": DAEMON
    + b"Content-Type: text/plain\r\n\r\n"
    + b"no such user\r\n" * (10 * MEGABYTE // 14),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_mail_that_is_hard_to_read_is_read_in_its_time(name: str) -> None:
    begun = time.thread_time()
    mail = parsed(BOMBS[name][: 2 * MEGABYTE])  # what readers give at most
    facts = facts_of(mail)
    words = new_words(facts.text)
    is_auto_reply(facts)
    asks_to_stop(facts.subject, words)
    return_date(facts.subject, words, date(2026, 11, 30))
    assert len(reports_of(mail)) <= 1 and len(returned_as(mail)) <= 1
    for_frame(html_of(mail)[:MEGABYTE])
    assert time.thread_time() - begun < SECONDS


def test_a_report_on_thousands_tells_of_each() -> None:
    begun = time.thread_time()
    assert len(reports_of(parsed(report_on(5_000)))) == 5_000
    assert time.thread_time() - begun < SECONDS


def test_of_a_mail_that_answers_thousands_both_ends_of_the_thread_count() -> None:
    thread = [f"<{number}@x>" for number in range(900)]
    head = f"In-Reply-To: <last@x>\r\nReferences: {' '.join(thread)}\r\n\r\nx"
    answered = facts_of(parsed(head.encode())).answered
    assert answered[:2] == ("<last@x>", "<899@x>") and answered[-1] == "<0@x>" and len(answered) == 50


def test_what_nests_deeper_than_anybody_does_keeps_its_headers() -> None:
    facts = facts_of(parsed(nested(3_000)))
    assert (facts.sender, facts.subject) == ("mailer-daemon@x.example", "Undeliverable")
    assert facts_of(parsed(nested(20))).subject == "Undeliverable"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One<p>Two" * 500, "One"),
        ("<ul>" + "<li>x</li>" * 500 + "</ul>", "* x"),
        ("<table>" + "<tr><td>x" * 500 + "</table>", "x"),
        ("<br>" * 500 + "x", "x"),
        ("<div>" * 150 + "deep" + "</div>" * 150, "deep"),
    ],
)
def test_what_is_long_and_not_deep_stays_as_it_is(html: str, text: str) -> None:
    assert shallow(html) == html and text in to_text(sanitise(html))


def test_of_what_is_too_deep_the_words_stay() -> None:
    html = "<div>" * 5_000 + "deep" + "</div>" * 5_000 + "<p>after</p>"
    assert to_text(sanitise(html)).split() == ["deep", "after"]
