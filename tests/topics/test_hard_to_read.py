"""What comes into a mailbox and is hard to read: it is read, or the mailbox says what is wrong; none waits for ever."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
import sqlalchemy as sa

from integrations.imap import Readers, Settings
from sales_campaigns.accounts.models import Inbox, Mailbox
from sales_campaigns.clock import machine_now
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.inboxes.looking import CANNOT_BE_READ, look
from sales_campaigns.messages.incoming.models import MailKind, ReceivedMail
from sales_campaigns.messages.incoming.receiving import receive
from sales_campaigns.ports import Changes, MailAccount, MailReader
from tests.cast import Cast
from tests.conftest import Work
from tests.incoming import a_bounce, a_raw_mail, come_in, sent
from tests.rules.incoming.test_bombs import report_on
from tests.stand_ins.imap import PASSWORD, ImapServer

pytestmark = pytest.mark.usefixtures("sink")
MANY = 2_000  # mails that one says it answers
# A statement takes 65,535 values at most there.
on_postgresql = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)


def taken(work: Work, cast: Cast, *raws: bytes) -> list[ReceivedMail]:
    with work() as uow:
        receive(uow, uow.session.get_one(Mailbox, cast.ana_box.id), [come_in(raw) for raw in raws])
        return list(uow.session.scalars(sa.select(ReceivedMail).order_by(ReceivedMail.id)))


@on_postgresql
def test_mails_that_name_thousands_of_others_are_read_together(
    work: Work, cast: Cast, room: PostRoom
) -> None:
    (name,) = sent(work, cast, room)
    strange = [
        a_raw_mail(
            sender="x@nowhere.example",
            references=[f"<{one}.{number}@y>" for number in range(MANY)],
            answers="<z@y>",
        )
        for one in range(34)
    ]
    (reply,) = taken(work, cast, *strange, a_raw_mail(answers=name))
    assert reply.kind is MailKind.REPLY


@on_postgresql
def test_reports_on_thousands_are_read_together(work: Work, cast: Cast, room: PostRoom) -> None:
    """The rule: DSN bombs (thousands of recipients); the others go on."""
    sent(work, cast, room)
    bombs = [report_on(22_000).replace(b"@x.example", b"@x%d.example" % one) for one in range(3)]
    (bounce,) = taken(work, cast, *bombs, a_bounce(""))
    assert bounce.kind is MailKind.BOUNCE and bounce.answers_id is not None


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
def reading(work: Work, cast: Cast, room: PostRoom) -> Iterator[PostRoom]:
    """Ana has written to Maria; her mailbox is read at a server of its own, in which an answer waits."""
    (name,) = sent(work, cast, room)
    readers = Readers(Settings(wait_seconds=2))
    with ImapServer() as server:
        server.comes_in(a_raw_mail(answers=name))
        with work() as uow:
            box = uow.session.get_one(Mailbox, cast.ana_box.id)
            box.sealed_secret = room.seal.close(PASSWORD)
            inbox = Inbox(mailbox=box, host=server.host, port=server.port, security="none", username="ana")
            inbox.look_at = machine_now()
            uow.session.add(inbox)
        yield replace(room, readers=readers)
        readers.close_all()


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
