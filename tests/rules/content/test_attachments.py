"""Files of mails: names and kinds as they leave, what is refused, and the bytes around a finished mail."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_campaigns.content.attachments import (
    MEGABYTE,
    MOST_BYTES,
    Upload,
    clean_name,
    clean_type,
    encoded_size,
    refuse_uploads,
    size_words,
    too_large,
)
from sales_campaigns.content.enclosing import enclose, file_part
from sales_campaigns.content.mime import Letter, build
from sales_campaigns.errors import Invalid

LETTER = Letter(
    message_id="<1.0@north.example>",
    date=datetime(2026, 11, 30, 8, tzinfo=UTC),
    zone="Europe/Stockholm",
    from_name="Ana Lind",
    from_email="ana@north.example",
    to_name="Maria Santos",
    to_email="maria@example.com",
    subject="MIME-Version: 1.0",
    html="<p>Hello</p>",
    text="Hello",
)


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("offer.pdf", "offer.pdf"),
        ("../../etc/passwd", "passwd"),
        (r"C:\Users\Ana\offer.pdf", "offer.pdf"),
        ("offer.pdf\r\nBcc: all@example.com", "offer.pdf Bcc: all@example.com"),
        ("\u202efdp.exe", "fdp.exe"),
        ('say "yes".pdf', "say 'yes'.pdf"),
        ("...", "attachment"),
        ("", "attachment"),
        ("a" * 300 + ".pdf", "a" * 196 + ".pdf"),
        ("b" * 300, "b" * 200),
        ("Übersicht 2026 – åäö.pdf", "Übersicht 2026 – åäö.pdf"),
    ],
)
def test_a_name_is_the_name_alone(raw: str, name: str) -> None:
    assert clean_name(raw) == name


@pytest.mark.parametrize(
    ("said", "name", "kind"),
    [
        ("application/pdf", "offer.pdf", "application/pdf"),
        ("text/plain; charset=utf-8", "notes.txt", "text/plain"),
        ("", "offer.pdf", "application/pdf"),
        ("application/octet-stream", "picture.png", "image/png"),
        ("nonsense\r\nBcc: x", "what.ever", "application/octet-stream"),
        ("message/rfc822", "mail.eml", "application/octet-stream"),
    ],
)
def test_a_kind_is_what_the_browser_says_or_the_ending_of_the_name(said: str, name: str, kind: str) -> None:
    assert clean_type(said, name) == kind


@pytest.mark.parametrize(
    ("uploads", "kept", "words"),
    [
        ([Upload("empty.pdf", "", b"")], [], "“empty.pdf” is empty"),
        ([Upload("setup.EXE", "", b"MZ")], [], "“setup.EXE” is a program"),
        (
            [Upload("offer.zip", "", b"PK\x03\x04\x14\x00\x01\x00")],
            [],
            "“offer.zip” is locked with a password",
        ),
        ([Upload("a.txt", "", b"a")], [MOST_BYTES], "23 MB at most"),
        ([Upload(f"{n}.txt", "", b"a") for n in range(3)], [1] * 18, "at most 20 files; these are 21"),
    ],
)
def test_it_says_what_cannot_go_along(uploads: list[Upload], kept: list[int], words: str) -> None:
    with pytest.raises(Invalid) as refused:
        refuse_uploads(uploads, kept)
    assert words in refused.value.problems["attach"]


def test_23_mb_in_all_are_just_enough_and_the_servers_limit_counts_what_is_on_the_wire() -> None:
    """The rule: at most 23 MB, checked again against the channel's limit."""
    refuse_uploads([Upload("a.txt", "", b"a")], [MOST_BYTES - 1])
    assert too_large([20 * MEGABYTE], 30 * MEGABYTE) == ""
    assert "27.4 MB; the mail server takes 25 MB" in too_large([20 * MEGABYTE], 25 * MEGABYTE)


@pytest.mark.parametrize(
    ("size", "words"), [(1, "1 bytes"), (12_500, "12 KB"), (MEGABYTE, "1 MB"), (3_565_158, "3.4 MB")]
)
def test_sizes_are_told_as_people_read_them(size: int, words: str) -> None:
    assert size_words(size) == words


names = st.text(st.characters(exclude_categories=["Cs"]), max_size=250).map(clean_name)


@given(st.lists(st.tuples(names, st.binary(min_size=1, max_size=300)), min_size=1, max_size=3))
def test_every_reader_finds_the_files_under_their_names_with_their_bytes(
    files: list[tuple[str, bytes]],
) -> None:
    mime = enclose(
        build(LETTER),
        LETTER.message_id,
        [file_part(name, "application/pdf", content) for name, content in files],
    )
    mail = message_from_bytes(mime, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    found = [(part.get_filename(), part.get_content()) for part in mail.iter_attachments()]
    assert found == files
    assert not mail.defects and max(map(len, mime.split(b"\r\n"))) <= 998
    assert mime.count(b"\n") == mime.count(b"\r\n")


def test_words_and_headers_are_those_of_the_mail_without_files() -> None:
    bare = build(LETTER)
    assert enclose(bare, LETTER.message_id, []) is bare
    part = file_part("offer.pdf", "application/pdf", b"%PDF")
    mail = message_from_bytes(enclose(bare, LETTER.message_id, [part]), policy=policy.default)
    assert mail.get_content_type() == "multipart/mixed"
    assert mail["Subject"] == "MIME-Version: 1.0" and len(mail.get_all("MIME-Version", [])) == 1
    assert mail.get_body(("html",)).get_content().strip() == "<p>Hello</p>"  # type: ignore[union-attr]
    assert mail.get_body(("plain",)).get_content().strip() == "Hello"  # type: ignore[union-attr]


@given(st.integers(min_value=0, max_value=5_000))
def test_the_size_on_the_wire_is_foreseen_to_the_byte_or_a_line(size: int) -> None:
    written = len(file_part("a.pdf", "application/pdf", b"x" * size)) - len(
        file_part("a.pdf", "application/pdf", b"")
    )
    assert 0 <= encoded_size(size) - written < 78
