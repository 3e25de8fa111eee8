"""The bytes of a mail, read back as a mail program reads them."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import replace
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_campaigns.content.characters import one_line, sendable
from sales_campaigns.content.characters import one_line as display_name
from sales_campaigns.content.mime import Letter, build, new_message_id
from sales_campaigns.errors import Invalid

LETTER = Letter(
    message_id="<m1@example.org>",
    date=datetime(2026, 3, 3, 8, 12, tzinfo=UTC),
    zone="Europe/Stockholm",
    from_name="Ana Rossi",
    from_email="ana@example.org",
    to_name="Maria Lindqvist",
    to_email="maria@example.com",
    subject="Logistics",
    html="<p>Hej på dig</p>",
    text="Hej på dig",
)


def read(letter: Letter) -> EmailMessage:
    return email.message_from_bytes(build(letter), policy=email.policy.default)


def name_in(written: bytes, field: str) -> str:
    """Read as RFC 2047 says; the newer parser of the library puts spaces between adjacent encoded words."""
    name, _ = parseaddr(email.message_from_bytes(written)[field])
    return str(make_header(decode_header(name)))


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert isinstance(part, EmailMessage)
    return str(part.get_content()).replace("\r\n", "\n").removesuffix("\n")


def test_the_whole_letter_as_it_leaves() -> None:
    assert build(replace(LETTER, text="Hello", html="<p>Hello</p>")).decode("ascii").split("\r\n") == [
        "Message-ID: <m1@example.org>",
        "Date: Tue, 03 Mar 2026 09:12:00 +0100",
        "From: Ana Rossi <ana@example.org>",
        "To: Maria Lindqvist <maria@example.com>",
        "Subject: Logistics",
        "MIME-Version: 1.0",
        "Content-Type: multipart/alternative;",
        ' boundary="=_b7ceee5a65b5e4f5b36ecc18a2b225b1213889c7"',
        "",
        "--=_b7ceee5a65b5e4f5b36ecc18a2b225b1213889c7",
        'Content-Type: text/plain; charset="utf-8"',
        "Content-Transfer-Encoding: 7bit",
        "",
        "Hello",
        "",
        "--=_b7ceee5a65b5e4f5b36ecc18a2b225b1213889c7",
        'Content-Type: text/html; charset="utf-8"',
        "Content-Transfer-Encoding: 7bit",
        "",
        "<p>Hello</p>",
        "",
        "--=_b7ceee5a65b5e4f5b36ecc18a2b225b1213889c7--",
        "",
    ]


def test_the_same_letter_gives_the_same_bytes() -> None:
    assert build(LETTER) == build(replace(LETTER))
    assert build(LETTER) != build(replace(LETTER, message_id="<m2@example.org>"))


def test_it_answers_in_a_thread_and_long_ids_stay_whole() -> None:
    ids = tuple(f"<{'a' * 90}{i}@mail.example>" for i in range(12))
    message = read(replace(LETTER, in_reply_to=ids[-1], references=ids))
    assert message["In-Reply-To"] == ids[-1]
    assert tuple(message["References"].split()) == ids
    assert b"=?" not in build(replace(LETTER, in_reply_to=ids[-1], references=ids))


def test_further_headers_stand_as_given() -> None:
    link = f"<https://x.example/u/{'a' * 200}>, <mailto:stop@x.example?subject=stop>"
    headers = {"List-Unsubscribe": link, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    message = read(replace(LETTER, headers=headers))
    assert (message["List-Unsubscribe"], message["List-Unsubscribe-Post"]) == tuple(headers.values())
    assert message["Precedence"] is None


def test_copies_go_to_everyone_named() -> None:
    message = read(replace(LETTER, cc=("ben@example.org", "eva@bücher.example")))
    assert [a.addr_spec for a in message["Cc"].addresses] == ["ben@example.org", "eva@xn--bcher-kva.example"]


def test_an_international_domain_is_encoded_and_needs_no_utf8() -> None:
    written = build(replace(LETTER, from_email="ana@bücher.example"))
    assert b"<ana@xn--bcher-kva.example>" in written and written.isascii()


def test_an_international_local_part_stands_raw_and_only_there() -> None:
    written = build(replace(LETTER, to_email="jörg@example.com", to_name="Jörg"))
    header = written.partition(b"\r\n\r\n")[0]
    assert "=?utf-8?b?SsO2cmc=?= <jörg@example.com>".encode() in header
    message = email.message_from_bytes(written, policy=email.policy.SMTPUTF8)
    assert message["To"].addresses[0].display_name == "Jörg"


def test_a_quoted_local_part_survives() -> None:
    assert read(replace(LETTER, to_email='"a,b"@example.com'))["To"].addresses[0].username == "a,b"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Rossi, Ana",
        'Ana "A" R.',
        "Åsa, Dr.",
        "a@b",
        "=?utf-8?q?x?=",
        "a\\b",
        "Ñ" * 5_000,
        "x" * 5_000,
        "Zoë 👩‍🚀",
        "مريم",
        "e\u0301" * 90,
        "a  b",
        "(Ana)",
        "Ana;",
        "x" * 900,
    ],
)
def test_any_name_reads_back_as_it_is(name: str) -> None:
    letter = replace(LETTER, to_name=name, from_name=name, subject=name)
    message = read(letter)
    assert name_in(build(letter), "From") == name_in(build(letter), "To") == display_name(name)
    assert message["To"].addresses[0].addr_spec == "maria@example.com"
    assert message["Subject"] == one_line(name)


@given(st.text(), st.text())
def test_any_name_and_subject_read_back_and_lines_are_short(name: str, subject: str) -> None:
    written = build(replace(LETTER, to_name=name, subject=subject))
    message = email.message_from_bytes(written, policy=email.policy.default)
    assert name_in(written, "To") == display_name(name)
    assert message["To"].addresses[0].addr_spec == "maria@example.com"
    assert message["Subject"] == one_line(subject)
    assert len(message.defects) == len(message["To"].defects) == len(message["Subject"].defects) == 0


@given(st.text(), st.text(alphabet=". \n\rx=ä-_\x00👍\u2028\t"))
def test_any_text_and_html_read_back(text: str, html: str) -> None:
    message = read(replace(LETTER, text=text, html=html))
    assert body(message, "plain") == sendable(text).rstrip("\n")
    assert body(message, "html") == sendable(html).rstrip("\n")


@pytest.mark.parametrize(
    "long", ["x" * 5_000, "ä" * 5_000, "漢" * 5_000, "x " * 5_000, ("." * 90 + "\n.\n") * 9, "\n.\n..\n"]
)
def test_no_line_is_too_long_and_every_line_ends_in_crlf(long: str) -> None:
    for letter in (
        replace(LETTER, text=long, html=f"<p>{long}</p>", subject=long, to_name=long),
        replace(LETTER, text=long, html=f"<p>{long}</p>", to_email="jörg@example.com"),
    ):
        written = build(letter)
        assert max(map(len, written.split(b"\r\n"))) <= 998
        assert not re.search(rb"(?<!\r)\n|\r(?!\n)|\x00", written)


@pytest.mark.parametrize(
    "evil", ["x\r\nBcc: b@example.com", "x\nBcc: b@example.com", "x\rBcc: b", "x\x00y", "x\r\n\r\nbody"]
)
def test_nothing_smuggles_a_header_in(evil: str) -> None:
    message = read(replace(LETTER, subject=evil, to_name=evil, from_name=evil, text=evil))
    assert message["Bcc"] is None
    assert message["Subject"] == one_line(evil)
    for letter in (
        replace(LETTER, message_id=f"<{evil}@x>"),
        replace(LETTER, in_reply_to=f"<{evil}@x>"),
        replace(LETTER, references=("<a@x>", f"<{evil}@x> <b@x>")),
        replace(LETTER, to_email=f"a@example.com{evil}"),
        replace(LETTER, cc=(f"a@example.com{evil}",)),
        replace(LETTER, headers={"List-Unsubscribe": evil}),
        replace(LETTER, headers={evil: "x"}),
        replace(LETTER, headers={"Bcc": "b@example.com"}),
        replace(LETTER, headers={"content-type": "text/html"}),
    ):
        with pytest.raises(Invalid):
            build(letter)


def test_the_date_shows_the_senders_wall_clock() -> None:
    assert read(replace(LETTER, zone="America/St_Johns"))["Date"] == "Tue, 03 Mar 2026 04:42:00 -0330"


def test_a_date_without_a_zone_is_a_mistake_of_the_program() -> None:
    with pytest.raises(ValueError, match="aware"):
        build(replace(LETTER, date=LETTER.date.replace(tzinfo=None)))


def test_a_new_message_id_has_the_domain_in_ascii() -> None:
    assert new_message_id("a.1-b", "Bücher.example") == "<a.1-b@xn--bcher-kva.example>"


@pytest.mark.parametrize(
    ("unique", "domain"), [("a b", "x.example"), ("", "x.example"), ("a>", "x.example"), ("a", "x y")]
)
def test_what_is_no_message_id_is_refused(unique: str, domain: str) -> None:
    with pytest.raises(Invalid):
        new_message_id(unique, domain)
