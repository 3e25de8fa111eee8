"""What comes into a mailbox and is hard to read: it is read, or the mailbox says what is wrong; none waits for ever."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pytest
import sqlalchemy as sa

from integrations.imap import Readers, Settings
from sales_campaigns.accounts.models import Inbox, Mailbox
from sales_campaigns.clock import machine_now
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.inboxes.looking import CANNOT_BE_READ, look
from sales_campaigns.messages.incoming.facts import FIRST, NEAREST
from sales_campaigns.messages.incoming.receiving import CHUNK, MOST_RECIPIENTS
from sales_campaigns.ports import Changes, MailAccount, MailReader
from tests.cast import Cast
from tests.conftest import Work
from tests.incoming import a_raw_mail, sent, taken_in
from tests.rules.incoming.test_bombs import report_on
from tests.stand_ins.imap import PASSWORD, ImapServer

pytestmark = pytest.mark.usefixtures("sink")
VALUES_AT_MOST = 32_766  # in a statement of SQLite; PostgreSQL takes twice as many


@pytest.mark.parametrize(("strangers", "found"), [(MOST_RECIPIENTS - 1, 1), (MOST_RECIPIENTS, 0)])
def test_of_a_report_on_thousands_the_first_recipients_are_looked_for(
    strangers: int, found: int, work: Work, cast: Cast, room: PostRoom
) -> None:
    """The rule: DSN bombs (thousands of recipients); the others go on. A mail of ours has a few."""
    assert CHUNK * max(MOST_RECIPIENTS, NEAREST + FIRST + 1) < VALUES_AT_MOST
    sent(work, cast, room)
    report = report_on(2_000).replace(b"p%d@x.example" % strangers, b"maria@example.com")
    assert len(taken_in(work, cast, report)) == found


@dataclass
class Breaking:
    """The real readers; what one gives breaks off in a way that nobody has thought of."""

    readers: Readers

    def open(self, account: MailAccount) -> MailReader:
        return _Broken(self.readers.open(account))

    def stirred(self) -> list[int]:
        return self.readers.stirred()


class _Broken:
    def __init__(self, reader: MailReader) -> None:
        self.is_sent, self.file_copy, self.discard = reader.is_sent, reader.file_copy, reader.discard
        self.check, self.close = reader.check, reader.close

    def changes(self, cursor: str) -> Changes:
        raise RuntimeError(f"a mail that nobody can read behind {cursor!r}")


@pytest.fixture
def server() -> Iterator[ImapServer]:
    with ImapServer() as made:
        yield made


@pytest.fixture
def reading(work: Work, cast: Cast, room: PostRoom, server: ImapServer) -> Iterator[PostRoom]:
    """Ana has written to Maria; her mailbox is read at a server of its own, in which an answer waits."""
    (name,) = sent(work, cast, room)
    readers = Readers(Settings(wait_seconds=2))
    server.comes_in(a_raw_mail(answers=name))
    with work() as uow:
        box = uow.session.get_one(Mailbox, cast.ana_box.id)
        box.sealed_secret = room.seal.close(PASSWORD)
        inbox = Inbox(mailbox=box, host=server.host, port=server.port, security="none", username="ana")
        inbox.look_at = machine_now()
        uow.session.add(inbox)
    yield replace(room, readers=readers)
    readers.close_all()


def test_a_server_that_is_waited_for_takes_nobodys_place(
    cast: Cast, reading: PostRoom, server: ImapServer
) -> None:
    """The rule: the others go on. Who waits outside for too long gives its place up (scheduler.places)."""
    outside, waited = list[None](), dict[str, bool]()

    @contextmanager
    def wait() -> Iterator[None]:
        outside.append(None)
        yield
        outside.pop()

    server.manners = lambda command: waited.update({command: bool(outside)})
    assert look(replace(reading, outside=wait), cast.ana_box.id) == 1
    assert {"GREETING", "LOGIN", "UID FETCH", "IDLE"} <= waited.keys() and all(waited.values())
    assert outside == []


def test_a_mailbox_whose_mail_breaks_the_reading_says_so_and_loses_none(
    work: Work, cast: Cast, reading: PostRoom
) -> None:
    """The rule: the mailbox says what is wrong, and nothing is lost."""
    assert isinstance(reading.readers, Readers)
    with pytest.raises(RuntimeError):
        look(replace(reading, readers=Breaking(reading.readers)), cast.ana_box.id)
    with work() as uow:
        inbox = uow.session.scalars(sa.select(Inbox)).one()
        assert inbox.trouble == CANNOT_BE_READ and inbox.failing_since is not None and inbox.cursor == ""
        inbox.look_at = machine_now()
    assert look(reading, cast.ana_box.id) == 1
    with work() as uow:
        assert uow.session.scalars(sa.select(Inbox.trouble)).one() == ""
