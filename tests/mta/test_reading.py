"""Reading a mailbox of a stock Dovecot: by UID, each mail once, with the server speaking up when something comes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from integrations.imap import ImapReader, Readers, Settings
from sales_campaigns.clock import machine_now, machine_seconds
from sales_campaigns.errors import Outside
from sales_campaigns.ports import MailReader
from tests.mta.post_office import PostOffice
from tests.providers.mails import a_mail

pytestmark = pytest.mark.mta


@pytest.fixture
def settings(office: PostOffice) -> Settings:
    return Settings(ca_bundle=office.places.authorities, wait_seconds=5)


@pytest.fixture
def reader(office: PostOffice, settings: Settings) -> Iterator[ImapReader]:
    reader = ImapReader(office.account(port=office.places.imap), settings)
    yield reader
    reader.close()


def bodies(mails: object) -> list[bytes]:
    return [mail.raw for mail in mails]  # type: ignore[attr-defined]


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_it_signs_in_under_encryption(office: PostOffice, settings: Settings, security: str) -> None:
    port = office.places.imaps if security == "tls" else office.places.imap
    reader = ImapReader(office.account(port=port, security=security), settings)
    reader.check()
    reader.close()


@pytest.mark.parametrize(
    ("wrong", "kind", "words"),
    [
        ({"secret": "no"}, "authorisation", "refused the sign-in: [AUTHENTICATIONFAILED]"),
        ({"secret": "nö"}, "authorisation", "refused the sign-in"),
        ({"host": "localhost"}, "policy", "certificate of localhost is not trusted"),
        ({"security": "tls"}, "policy", "does not encrypt the way that is set here"),
        ({"host": "no.such.example"}, "transient", "There is no server named no.such.example"),
        ({"port": 1}, "transient", "cannot be reached: Connection refused"),
    ],
)
def test_what_is_wrong_is_said_in_clear_words(
    office: PostOffice, settings: Settings, wrong: dict[str, object], kind: str, words: str
) -> None:
    reader = ImapReader(office.account(**({"port": office.places.imap} | wrong)), settings)
    with pytest.raises(Outside) as refused:
        reader.check()
    assert refused.value.kind.value == kind
    assert words in refused.value.words


def test_each_mail_is_read_once_as_the_bytes_that_came(office: PostOffice, reader: ImapReader) -> None:
    first = reader.changes("")
    office.drop(a_mail(1).mime, a_mail(2).mime)
    second = reader.changes(first.cursor)
    assert bodies(second.mails) == [a_mail(1).mime, a_mail(2).mime]
    assert not any(mail.own for mail in second.mails) and not second.rescanned
    assert reader.changes(second.cursor).mails == ()


def test_many_are_read_a_hundred_at_a_time(office: PostOffice, reader: ImapReader) -> None:
    office.drop(*(a_mail(key).mime for key in range(250)))
    cursor, read, sizes = "", list[bytes](), list[int]()
    while True:
        changes = reader.changes(cursor)
        cursor, read = changes.cursor, [*read, *bodies(changes.mails)]
        sizes.append(len(changes.mails))
        if not changes.more:
            break
    assert sizes[:2] == [100, 100] and sum(sizes) == 250
    assert sorted(read) == sorted(a_mail(key).mime for key in range(250))


def test_reading_marks_nothing_as_seen(office: PostOffice, reader: ImapReader) -> None:
    office.drop(a_mail(1).mime)
    reader.changes("")
    assert [path.name for path in office.maildir.glob("*/*:2,*S*")] == []


def test_a_mailbox_made_anew_is_read_again_as_far_back_as_that_goes(
    office: PostOffice, reader: ImapReader
) -> None:
    """UIDVALIDITY is another one: what the cursor says of UIDs holds no longer (RFC 3501)."""
    office.drop(a_mail(1).mime)
    before = reader.changes("")
    marks = {folder: [validity - 7, 900] for folder, (validity, _) in json.loads(before.cursor).items()}
    again = reader.changes(json.dumps(marks))
    assert bodies(again.mails) == [a_mail(1).mime] and again.rescanned
    assert again.cursor == before.cursor


def test_bounces_that_a_rule_puts_aside_are_read_too(office: PostOffice, reader: ImapReader) -> None:
    reader.check()
    office.drop(a_mail(3).mime, folder=".Bounces")
    assert bodies(reader.changes("").mails) == [a_mail(3).mime]


def test_a_copy_among_the_sent_mails_is_the_owners_own(reader: ImapReader) -> None:
    assert not reader.is_sent(a_mail(1).message_id)
    reader.file_copy(a_mail(1).mime, machine_now())
    assert reader.is_sent(a_mail(1).message_id)
    (copy,) = reader.changes("").mails
    assert copy.own and copy.raw == a_mail(1).mime


def test_it_goes_on_after_the_connection_was_lost(office: PostOffice, reader: ImapReader) -> None:
    cursor = reader.changes("").cursor
    reader._mailbox.client.sock.close()  # type: ignore[union-attr]  # as a network does
    office.drop(a_mail(5).mime)
    assert bodies(reader.changes(cursor).mails) == [a_mail(5).mime]


def test_a_server_speaks_up_while_its_mailbox_rests(office: PostOffice, settings: Settings) -> None:
    readers, account = Readers(settings), office.account(port=office.places.imap)
    cursor = looked_at(readers.open(account), "")[1]
    assert readers.stirred() == []
    office.drop(a_mail(8).mime)
    until = machine_seconds() + 10
    while not readers.stirred() and machine_seconds() < until:
        time.sleep(0.02)
    assert readers.stirred() == [account.id]
    assert looked_at(readers.open(account), cursor)[0] == [a_mail(8).mime]
    assert readers.stirred() == []
    readers.close_all()


def test_what_comes_after_the_reading_and_before_the_rest_is_not_slept_over(
    office: PostOffice, settings: Settings
) -> None:
    readers, account = Readers(settings), office.account(port=office.places.imap)
    reader = readers.open(account)
    cursor = reader.changes("").cursor
    office.drop(a_mail(9).mime)
    reader.close()
    assert readers.stirred() == [account.id]
    assert looked_at(readers.open(account), cursor)[0] == [a_mail(9).mime]
    assert readers.stirred() == []
    readers.close_all()


def looked_at(reader: MailReader, cursor: str) -> tuple[list[bytes], str]:
    changes = reader.changes(cursor)
    reader.close()
    return bodies(changes.mails), changes.cursor
