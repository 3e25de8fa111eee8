"""The mail catcher: a real server on loopback, a folder that outlives restarts and knows conversations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.catcher import Catcher, CaughtMail, MailStore, StoredMail
from integrations.catcher.threads import grouped
from sales_campaigns.errors import Invalid, NotFound
from tests.providers.mails import a_mail, handed_over, kinds, mails

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def caught(raw: bytes = b"Subject: Hello\r\n\r\nHi\r\n") -> CaughtMail:
    return CaughtMail("ana@ana.example", ("ben@ben.example",), raw, NOON)


@pytest.fixture
def store(tmp_path: Path) -> MailStore:
    return MailStore(tmp_path / "caught")


@pytest.fixture
def catcher(store: MailStore) -> Iterator[Catcher]:
    with Catcher("127.0.0.1", 0, store.add) as made:
        yield made


def test_it_catches_what_the_smtp_provider_sends(catcher: Catcher, store: MailStore) -> None:
    assert kinds(handed_over(catcher, mails(3))) == ["sent"] * 3
    assert [mail.message_id for mail in store.list()] == [mail.message_id for mail in reversed(mails(3))]
    newest = store.list(limit=1)[0]
    assert newest.raw == a_mail(3).mime
    assert (newest.envelope_from, newest.envelope_to) == ("ana@ana.example", ("person3@ben.example",))
    assert newest.received_at.tzinfo is UTC


@pytest.mark.parametrize("text", [b".\r\n..\r\n.a\r\n", "Grüße ✉\r\n".encode(), b"line\r\n" * 20_000])
def test_it_keeps_every_byte(catcher: Catcher, store: MailStore, text: bytes) -> None:
    assert kinds(handed_over(catcher, [a_mail(text=text)])) == ["sent"]
    assert store.list()[0].raw.endswith(b"\r\n\r\n" + text)


def test_it_takes_addresses_beyond_ascii(catcher: Catcher, store: MailStore) -> None:
    mail = replace(a_mail(), recipients=("jörg@xn--bcher-kva.example",), needs_utf8=True)
    assert kinds(handed_over(catcher, [mail])) == ["sent"]
    assert store.list()[0].envelope_to == mail.recipients


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "mail.example", ""])
def test_it_listens_on_this_machine_only(host: str) -> None:
    with pytest.raises(Invalid, match="loopback"):
        Catcher(host, 0, lambda mail: None)


def test_it_asks_to_try_again_when_a_mail_could_not_be_kept() -> None:
    def full(mail: CaughtMail) -> None:
        raise OSError("no room")

    with Catcher("127.0.0.1", 0, full) as catcher:
        assert kinds(handed_over(catcher, [a_mail()])) == ["transient"]


def test_it_frees_its_port_when_left(store: MailStore) -> None:
    with Catcher("127.0.0.1", 0, store.add) as first:
        port = first.port
    with Catcher("127.0.0.1", port, store.add) as again:
        assert kinds(handed_over(again, [a_mail()])) == ["sent"]


def test_it_reads_the_newest_first_and_pages_backwards(store: MailStore) -> None:
    ids = [store.add(caught(b"Subject: %d\r\n\r\n" % number)) for number in range(5)]
    assert [mail.id for mail in store.list(limit=2)] == [ids[4], ids[3]]
    assert [mail.id for mail in store.list(limit=9, before=ids[3])] == [ids[2], ids[1], ids[0]]
    assert store.get(ids[1]).subject == "1"
    with pytest.raises(NotFound):
        store.get(99)


def test_it_finds_everything_again_after_a_restart(store: MailStore, tmp_path: Path) -> None:
    first = store.add(caught())
    (tmp_path / "caught" / "00000002.part").write_bytes(b"half a mai")
    again = MailStore(tmp_path / "caught")
    assert again.list() == store.list()
    assert again.add(caught()) == first + 1
    assert len(again) == 2


def test_it_lets_the_oldest_make_room(tmp_path: Path) -> None:
    store = MailStore(tmp_path, most=3)
    ids = [store.add(caught()) for _ in range(5)]
    assert [mail.id for mail in store.list()] == [ids[4], ids[3], ids[2]]
    assert len(list(tmp_path.iterdir())) == 3
    with pytest.raises(NotFound):
        store.get(ids[0])


def test_it_reads_both_parts_and_the_headers(store: MailStore) -> None:
    raw = (
        b"From: Ana <ana@ana.example>\r\nTo: ben@ben.example\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n"
        b"Date: Mon, 02 Nov 2026 13:00:00 +0100\r\nMessage-ID: <2@a>\r\nIn-Reply-To: <1@a>\r\n"
        b"References: <0@a>\r\n <1@a>\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHi\r\n"
        b"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Hi</p>\r\n--b--\r\n"
    )
    mail = store.get(store.add(caught(raw)))
    assert (mail.subject, mail.from_, mail.to) == ("Grüße", "Ana <ana@ana.example>", "ben@ben.example")
    assert (mail.message_id, mail.in_reply_to, mail.references) == ("<2@a>", "<1@a>", ("<0@a>", "<1@a>"))
    assert mail.date == NOON
    assert (mail.text.strip(), mail.html.strip()) == ("Hi", "<p>Hi</p>")


@settings(deadline=None)
@given(raw=st.binary(max_size=300) | st.lists(st.binary(max_size=30)).map(b"\r\nTo: ".join))
def test_it_reads_whatever_it_caught(raw: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    store = MailStore(tmp_path_factory.mktemp("caught"))
    assert store.get(store.add(caught(raw))).raw == raw


_NUMBERS = count(1)


def stored(name: str, *references: str, reply_to: str = "") -> StoredMail:
    number = next(_NUMBERS)
    return StoredMail(
        number, NOON, "", (), name, reply_to, references, None, name, "", "", "", "", b""
    )  # fmt: skip


def names(threads: list[object]) -> list[list[str]]:
    return [[mail.subject for mail in thread.mails] for thread in threads]  # type: ignore[attr-defined]


def test_it_groups_replies_with_what_they_answer() -> None:
    first, other = stored("<1>"), stored("<2>")
    answer, follow_up = stored("<3>", reply_to="<1>"), stored("<4>", "<1>", "<3>")
    threads = grouped([other, follow_up, first, answer])
    assert names(list(threads)) == [["<1>", "<3>", "<4>"], ["<2>"]]
    assert threads[0].subject == "<1>" and threads[0].last is follow_up


def test_it_groups_mails_whose_common_ancestor_was_never_caught() -> None:
    assert names(list(grouped([stored("<1>", "<0>"), stored("<2>", reply_to="<0>")]))) == [["<1>", "<2>"]]


def test_it_keeps_mails_without_a_name_apart() -> None:
    assert names(list(grouped([stored(""), stored("")]))) == [[""], [""]]


def test_it_is_not_led_in_a_circle() -> None:
    assert names(list(grouped([stored("<1>", "<2>"), stored("<2>", "<1>", "<2>")]))) == [["<1>", "<2>"]]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.lists(st.integers(0, 6), max_size=3)), max_size=12))
def test_it_puts_every_mail_into_exactly_one_conversation(shape: list[tuple[int, list[int]]]) -> None:
    given_mails = [stored(f"<{own}>", *(f"<{other}>" for other in others)) for own, others in shape]
    found = [mail.id for thread in grouped(given_mails) for mail in thread.mails]
    assert sorted(found) == [mail.id for mail in given_mails]


def test_it_shows_conversations_from_the_store(store: MailStore) -> None:
    store.add(caught(b"Message-ID: <1@a>\r\nSubject: One\r\n\r\n"))
    store.add(caught(b"Message-ID: <2@a>\r\nSubject: Two\r\n\r\n"))
    store.add(caught(b"Message-ID: <3@a>\r\nIn-Reply-To: <1@a>\r\nSubject: Re: One\r\n\r\n"))
    assert names(list(store.threads())) == [["One", "Re: One"], ["Two"]]
    assert len(store.threads(limit=1)) == 1
