"""Mail servers that talk nonsense, too much, or nothing: it is said in one line, and nothing worse comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from integrations.imap import ImapReader
from integrations.imap import Settings as ImapSettings
from integrations.imap.fetching import LONGEST
from integrations.smtp import Settings, SmtpProvider
from sales_campaigns.clock import machine_now, machine_seconds
from sales_campaigns.errors import Outside
from sales_campaigns.ports import MailAccount
from tests.incoming import a_raw_mail
from tests.providers.certificates import server_context
from tests.providers.mails import a_mail, an_account, handed_over, kinds, mails
from tests.sink import Manners, Sink
from tests.stand_ins.imap import FAREWELL, PASSWORD, TRICKLE, ImapServer

TEN_MEGABYTES = 10_000_000
LONGEST_WORDS = 600
NONSENSE = {
    "a web server": b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
    "bytes": bytes(range(256)) * 4 + b"\r\n",
    "an empty line": b"\r\n",
    "a line without end": b"x" * TEN_MEGABYTES,
    "thousands of lines": b"+ still here, and with many words\r\n" * 5_000,
    "a literal of ten gigabytes": b"* 1 FETCH (UID 1 BODY[]<0> {9999999999}\r\nabc",
    "a literal below nothing": b"* 1 FETCH (UID 1 BODY[]<0> {-1}\r\n)\r\n",
    "numbers that are none": b"* SEARCH one two\r\n* STATUS INBOX (UIDVALIDITY x)\r\n",
    "a farewell": b"* BYE out of memory\r\n",
    "nothing more": FAREWELL,
}
ASKED = ("GREETING", "CAPABILITY", "LOGIN", "LIST", "STATUS", "EXAMINE", "UID SEARCH", "UID FETCH")


@pytest.fixture
def inbox() -> Iterator[ImapServer]:
    with ImapServer() as server:
        server.comes_in(a_raw_mail())
        yield server


def a_reader(server: ImapServer, **other: object) -> ImapReader:
    settings = ImapSettings(**{"wait_seconds": 0.15, **other})  # type: ignore[arg-type]
    return ImapReader(an_account(server, username="ana", secret=PASSWORD), settings)


def trouble(reader: ImapReader) -> Outside | None:
    try:
        reader.changes("")
    except Outside as refused:
        return refused
    finally:
        reader.close()
    return None


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_an_imap_server_may_say_anything_at_any_moment(nonsense: str, inbox: ImapServer) -> None:
    """The mailbox says what is wrong; another one on the same server is read as ever."""
    for asked in ASKED:
        inbox.manners = lambda command, asked=asked: NONSENSE[nonsense] if command == asked else None  # type: ignore[misc]
        refused = trouble(a_reader(inbox))
        assert refused is not None, f"{nonsense} to {asked}"
        assert refused.kind in ("transient", "authorisation", "policy")
        assert 10 < len(refused.words) <= LONGEST_WORDS and refused.words.isprintable()
    inbox.manners = lambda _command: None
    assert trouble(a_reader(inbox, wait_seconds=3)) is None


LIES = [
    ("CAPABILITY", b"* CAPABILITY \xff\xfe"),
    ("LIST", b""),
    ("STATUS", b"* STATUS INBOX"),
    ("STATUS", b"* STATUS \xff (UIDNEXT 2 UIDVALIDITY 7)"),
    ("STATUS", "* STATUS INBOX (UIDVALIDITY ² UIDNEXT 2)".encode()),
    ("EXAMINE", b"* x EXISTS"),
    ("UID SEARCH", b"* SEARCH one two"),
    ("UID SEARCH", b"* SEARCH \xff"),
    ("UID FETCH", b"* x FETCH {0}\r\n"),
]


@pytest.mark.parametrize(("asked", "lie"), LIES)
def test_an_imap_server_may_call_nonsense_an_answer(asked: str, lie: bytes, inbox: ImapServer) -> None:
    """It says that it has done what was asked. The mailbox says what is wrong, and is read once that is over."""
    inbox.lies = {asked: lie}
    reader = a_reader(inbox, wait_seconds=2)
    refused = trouble(reader)
    assert refused is not None and refused.kind == "transient"
    assert 10 < len(refused.words) <= LONGEST_WORDS and refused.words.isprintable()
    inbox.lies = {}
    assert len(reader.changes("").mails) == 1
    reader.close()


@pytest.mark.parametrize(
    ("asked", "lie"),
    [
        ("STATUS", b"* STATUS INBOX (UIDVALIDITY 7 UIDNEXT 99999999999999999999999)"),
        ("UID SEARCH", b"* SEARCH 1 4294967295"),
    ],
)
def test_a_number_that_no_mail_has_reached_hides_none_that_comes(
    asked: str, lie: bytes, inbox: ImapServer
) -> None:
    """Numbers only rise (RFC 3501 section 2.3.1.1): what is above the next one is no place to go on from."""
    reader = a_reader(inbox, wait_seconds=2)
    inbox.lies = {asked: lie}
    cursor = reader.changes("").cursor
    inbox.lies = {}
    inbox.comes_in(a_raw_mail("The second."))
    again = reader.changes(cursor)
    assert again.rescanned and len(again.mails) == 2
    assert reader.changes(again.cursor).mails == ()
    reader.close()


@pytest.mark.parametrize("whole", [False, True], ids=["as asked", "all the same"])
def test_of_a_reply_of_ten_megabytes_the_beginning_is_read(whole: bool, inbox: ImapServer) -> None:
    """Two megabytes are asked for, and no more are kept of what a server sends unasked."""
    reply = a_raw_mail("Yes, let us talk.") + b"x" * TEN_MEGABYTES
    inbox.folders["INBOX"].mails.clear()
    inbox.comes_in(reply)
    if whole:
        told = b"* 1 FETCH (UID 2 BODY[]<0> {%d}\r\n%s)" % (len(reply), reply)
        inbox.lies = {"UID FETCH": told}
    reader = a_reader(inbox, wait_seconds=5)
    (mail,) = reader.changes("").mails
    assert mail.raw == reply[:LONGEST]
    reader.close()


def test_a_mail_that_came_and_went_brings_no_older_one_back(inbox: ImapServer) -> None:
    """`9:*` is answered with the last mail even where that is below 9 (RFC 3501 section 6.4.8)."""
    reader = a_reader(inbox, wait_seconds=2)
    cursor = reader.changes("").cursor
    inbox.comes_in(a_raw_mail("Taken away at once."))
    inbox.folders["INBOX"].mails.pop()
    again = reader.changes(cursor)
    assert again.mails == () and not again.rescanned
    reader.close()


@pytest.mark.parametrize("date", ["01-Jan-0000 00:00:00 +0000", "01-Jan-0001 00:00:00 +0000", "40-Xyz-1 x"])
def test_a_mail_that_came_before_there_was_mail_came_now(date: str, inbox: ImapServer) -> None:
    told = f'* 1 FETCH (UID 1 INTERNALDATE "{date}" BODY[]<0> {{3}}\r\nabc)'
    inbox.lies = {"UID FETCH": told.encode()}
    reader = a_reader(inbox, wait_seconds=2)
    (mail,) = reader.changes("").mails
    assert abs(mail.at - machine_now()) < timedelta(minutes=1)
    reader.close()


@pytest.mark.parametrize("host", ["mail..example.com", "m" * 70 + ".example.com"])
def test_a_name_that_no_server_can_have_is_said_to_be_one(host: str) -> None:
    account = MailAccount(1, "smtp", "ana@ana.example", host, 993, "tls")
    refused = trouble(ImapReader(account, ImapSettings(wait_seconds=2)))
    assert refused is not None and refused.words == f"There is no server named {host}. Check its name."
    with pytest.raises(Outside, match="cannot be reached"):
        SmtpProvider(account, Settings(connect_seconds=2)).check()


@pytest.mark.parametrize("limit", ["9" * 5_000, "99999999999", "-1", "²", ""])
def test_a_limit_of_size_that_is_none_limits_nothing(limit: str, sink: Sink) -> None:
    offers = f"250-here\r\n250-8BITMIME\r\n250 SIZE {limit}"
    sink.obey(lambda at, _: offers if at == "EHLO" else None)
    provider = SmtpProvider(an_account(sink), Settings(connect_seconds=2, reply_seconds=2))
    assert provider.check() is None and kinds(provider.hand_over([a_mail()])) == ["sent"]
    provider.close()


@pytest.mark.parametrize("asked", ASKED)
def test_an_imap_server_that_trickles_is_not_listened_to_for_ever(asked: str, inbox: ImapServer) -> None:
    """Each byte comes in time, and the answer never."""
    inbox.manners = lambda command: TRICKLE if command == asked else None
    begun = machine_seconds()
    refused = trouble(a_reader(inbox, wait_seconds=5, open_seconds=0.3, talk_seconds=0.3))
    assert refused is not None and refused.kind == "transient"
    assert machine_seconds() - begun < 4


@pytest.mark.parametrize("asked", ["NOOP", "LOGOUT"])
def test_nor_is_one_that_trickles_when_it_is_asked_again_or_left(asked: str, inbox: ImapServer) -> None:
    """One that does not come out of its rest is asked anew, over another line."""
    reader = a_reader(inbox, wait_seconds=5, open_seconds=0.3, talk_seconds=5)
    reader.changes("")
    inbox.manners = lambda command: TRICKLE if command == asked else None
    begun = machine_seconds()
    with suppress(Outside):
        reader.changes("")
    reader.close()
    assert machine_seconds() - begun < 4


def test_an_imap_server_that_lies_about_a_mail_is_not_read_past_it(inbox: ImapServer) -> None:
    """What could not be read is read the next time: the cursor stands where it stood."""
    reader = a_reader(inbox, wait_seconds=2)
    inbox.manners = lambda command: NONSENSE["nothing more"] if command == "UID FETCH" else None
    with pytest.raises(Outside):
        reader.changes("")
    inbox.manners = lambda _command: None
    assert len(reader.changes("").mails) == 1
    reader.close()


@pytest.mark.parametrize("position", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "BODY"])
@pytest.mark.parametrize("nonsense", ["a web server", "bytes", "an empty line", "a line without end"])
def test_an_smtp_server_may_say_anything_at_any_moment(nonsense: str, position: str, sink: Sink) -> None:
    """Before the body nothing was sent; after it nobody knows. Ten megabytes are not waited for."""
    sink.obey(lambda at, _: NONSENSE[nonsense] if at == position else None)
    outcomes = handed_over(sink, mails(2))
    expected = "unknown" if position == "BODY" else "transient"
    assert kinds(outcomes) == [expected] * 2
    assert all(len(one.refused.words) <= LONGEST_WORDS for one in outcomes if one.refused)


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_that_has_expired_is_named_and_nothing_is_said(tmp_path: Path, security: str) -> None:
    context, bundle = server_context(tmp_path, holds=timedelta(days=30))
    with Sink(Manners(**{security: context})) as server:  # type: ignore[arg-type]
        settings = Settings(ca_bundle=bundle, connect_seconds=2, reply_seconds=2)
        (outcome,) = handed_over(server, [a_mail()], settings, security=security, username="a", secret="b")
        assert not any("AUTH" in line for line in server.heard)
    assert outcome.refused is not None and outcome.refused.kind == "policy"
    assert "certificate has expired" in outcome.refused.words


def test_an_expired_certificate_of_an_imap_server_is_named_too(tmp_path: Path) -> None:
    context, bundle = server_context(tmp_path, holds=timedelta(days=30))
    with ImapServer(context) as server:
        account = an_account(server, security="tls", username="ana", secret=PASSWORD)
        refused = trouble(ImapReader(account, ImapSettings(ca_bundle=bundle, wait_seconds=2)))
    assert refused is not None and refused.kind == "policy" and "certificate has expired" in refused.words


def test_an_imap_server_that_does_not_encrypt_as_it_should_hears_no_password(inbox: ImapServer) -> None:
    account = an_account(inbox, security="starttls", username="ana", secret=PASSWORD)
    refused = trouble(ImapReader(account, ImapSettings(wait_seconds=2)))
    assert refused is not None and "TLS not supported by server" in refused.words
    assert "LOGIN" not in inbox.said


@pytest.mark.parametrize("content", [None, "no certificate at all"])
def test_a_bundle_that_cannot_be_read_holds_mail_back_and_says_so(
    content: str | None, sink: Sink, inbox: ImapServer, tmp_path: Path
) -> None:
    bundle = tmp_path / "bundle.pem"
    if content is not None:
        bundle.write_text(content)
    provider = SmtpProvider(an_account(sink, security="tls"), Settings(ca_bundle=str(bundle)))
    (outcome,) = provider.hand_over([a_mail()])
    reading = trouble(a_reader(inbox, ca_bundle=str(bundle)))
    for refused in (outcome.refused, reading):
        assert refused is not None and refused.kind == "transient" and "Correct CA_BUNDLE." in refused.words


def test_a_wrong_password_is_told_from_a_server_that_is_busy(inbox: ImapServer) -> None:
    wrong = ImapReader(an_account(inbox, username="ana", secret="wrong"), ImapSettings(wait_seconds=2))
    refused = trouble(wrong)
    assert refused is not None and refused.kind == "authorisation" and "not by this password" in refused.words
    assert a_mail().mime not in [mail.raw for mail in inbox.folders["Sent"].mails]
    reader = a_reader(inbox, wait_seconds=2)
    reader.file_copy(a_mail().mime, machine_now())
    reader.close()
