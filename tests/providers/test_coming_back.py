"""What comes back to a mailbox, whoever is behind it: the same cases for every provider that sends and reads.

A provider joins by one more factory in HOUSES. SMTP with IMAP is one provider: with a server of the tests' own, and,
where they are installed, with a stock Postfix and Dovecot whose recipients answer by themselves.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from functools import partial

import pytest

from integrations.gmail import GmailProvider, GmailReader
from integrations.imap import ImapReader
from integrations.imap import Settings as ImapSettings
from integrations.outlook import OutlookProvider, OutlookReader
from integrations.sandbox import SandboxMail
from integrations.smtp import Settings, SmtpProvider
from sales_campaigns.clock import VirtualClock, machine_now, machine_seconds
from sales_campaigns.messages.incoming.auto_replies import is_auto_reply
from sales_campaigns.messages.incoming.facts import facts_of, parsed
from sales_campaigns.messages.incoming.reports import ReportKind, reports_of
from sales_campaigns.ports import (
    Act,
    Changes,
    Deed,
    HandOver,
    IncomingMail,
    MailAccount,
    MailProvider,
    MailReader,
    OutgoingMail,
    ThreadPlace,
)
from tests.incoming import a_bounce, a_raw_mail
from tests.mta.post_office import PostOffice
from tests.providers.mails import QUICK, an_account
from tests.sink import Sink
from tests.stand_ins.google import Google
from tests.stand_ins.imap import PASSWORD, ImapServer
from tests.stand_ins.microsoft import Microsoft
from tests.stand_ins.worlds import gmail_account, gmail_settings, outlook_account, outlook_settings

ANA = "ana@ana.example"
Changing = Callable[[str], Changes]


def nothing() -> None:
    """What need not be done."""


def nobody(_mail: OutgoingMail, _deed: Deed) -> None:
    """Recipients who act by themselves."""


@dataclass
class House:
    """A mailbox as it sends and as it is read.

    `act` lets the recipient of a mail do something; `copies` files what left where the provider does not; `expire`
    makes a cursor worthless, and gives it back. `patience` are the seconds until something has come.
    """

    provider: MailProvider
    changes: Changing
    act: Callable[[OutgoingMail, Deed], None] = nobody
    copies: Callable[[OutgoingMail], None] = lambda _mail: None
    expire: Callable[[str], str] | None = None
    patience: float = 0

    def send(self, mail: OutgoingMail) -> HandOver:
        (answer,) = self.provider.hand_over([mail])
        assert answer.refused is None
        return answer

    def came(self, cursor: str, count: int) -> tuple[list[IncomingMail], str]:
        """What is new and not the owner's own, once there are so many."""
        until, mails = machine_seconds() + self.patience, list[IncomingMail]()
        while True:
            changes = self.changes(cursor)
            mails, cursor = [*mails, *(mail for mail in changes.mails if not mail.own)], changes.cursor
            if (len(mails) >= count or machine_seconds() > until) and not changes.more:
                return mails, cursor
            time.sleep(0.05 if self.patience else 0)


def a_mail(deed: Deed, key: int = 1, *, after: str | None = None) -> OutgoingMail:
    """One mail to somebody who does this; `after`: it follows the mail of this name."""
    kinds = {Deed.REPLY: "reply", Deed.OUT_OF_OFFICE: "away", Deed.HARD: "nobody"}
    to, name = f"{kinds.get(deed, 'maria')}{key}@there.example", f"<{key}.{time.time_ns()}@ana.example>"
    mime = a_raw_mail(
        "Hello.", sender=f"Ana <{ANA}>", to=to, subject="A thought", answers=after, message_id=name
    )
    return OutgoingMail(key, name, ANA, (to,), mime, send_key=f"{key}.{time.time_ns()}")


def written(seen: bytes, mail: OutgoingMail, deed: Deed) -> bytes:
    """What the recipient, or the recipient's server, writes back to a mail that was `seen`."""
    name, to = str(message_from_bytes(seen, policy=policy.default)["Message-ID"]), mail.recipients[0]
    if deed is Deed.HARD:
        return a_bounce(name, recipient=to)
    if deed is Deed.OUT_OF_OFFICE:
        subject = "Automatic reply: A thought"
        return a_raw_mail("Away.", sender=to, subject=subject, answers=name, Auto_Submitted="auto-replied")
    return a_raw_mail("Sounds good.", sender=to, to=ANA, subject="Re: A thought", answers=name)


@contextmanager
def smtp_and_imap() -> Iterator[House]:
    with Sink() as sink, ImapServer() as server:
        provider = SmtpProvider(an_account(sink), QUICK)
        reader = ImapReader(an_account(server, username=ANA, secret=PASSWORD), ImapSettings(wait_seconds=2))

        def act(mail: OutgoingMail, deed: Deed) -> None:
            server.comes_in(written(sink.caught[-1].raw, mail, deed))

        def expire(cursor: str) -> str:
            for folder in server.folders.values():
                folder.make_anew()
            return cursor

        yield House(provider, reader.changes, act, partial(_file, reader), expire)
        provider.close()
        reader.close()


def _file(reader: MailReader, mail: OutgoingMail) -> None:
    reader.file_copy(mail.mime, machine_now())


@contextmanager
def postfix_and_dovecot(office: PostOffice) -> Iterator[House]:
    trusted = office.places.authorities
    provider = SmtpProvider(office.account(), Settings(ca_bundle=trusted))
    reader = ImapReader(office.account(port=office.places.imap), ImapSettings(ca_bundle=trusted))

    def expire(cursor: str) -> str:
        marks = {folder: [validity - 7, 900] for folder, (validity, _) in json.loads(cursor).items()}
        return json.dumps(marks)

    yield House(provider, reader.changes, copies=partial(_file, reader), expire=expire, patience=20)
    provider.close()
    reader.close()


@contextmanager
def gmail() -> Iterator[House]:
    with Google() as google:
        account, settings, box = gmail_account(google), gmail_settings(google), google.box(ANA)
        provider, reader = GmailProvider(account, settings), GmailReader(account, settings)

        def act(mail: OutgoingMail, deed: Deed) -> None:
            box.comes_in(written(box.left[-1].raw, mail, deed))

        def expire(cursor: str) -> str:
            box.comes_in(a_raw_mail())
            box.forget_history()
            return cursor

        yield House(provider, reader.changes, act, expire=expire)
        provider.close()
        reader.close()


@contextmanager
def outlook() -> Iterator[House]:
    with Microsoft() as microsoft:
        account, settings = outlook_account(microsoft), outlook_settings(microsoft)
        box = microsoft.box(ANA)
        provider, reader = OutlookProvider(account, settings), OutlookReader(account, settings)

        def act(mail: OutgoingMail, deed: Deed) -> None:
            box.comes_in(written(box.left[-1].raw, mail, deed))

        def expire(cursor: str) -> str:
            box.comes_in(a_raw_mail())
            box.forget_history()
            return cursor

        yield House(provider, reader.changes, act, expire=expire)
        provider.close()
        reader.close()


@contextmanager
def sandbox() -> Iterator[House]:
    """Its recipients act by their script, in their own time; its cursor never expires."""
    clock = VirtualClock(datetime(2026, 11, 30, 12, tzinfo=UTC))
    deeds = {"reply": Deed.REPLY, "away": Deed.OUT_OF_OFFICE, "nobody": Deed.HARD}

    def script(who: str, _number: int) -> Sequence[Act]:
        return [Act(deed, timedelta(minutes=1)) for kind, deed in deeds.items() if who.startswith(kind)]

    made = SandboxMail(script, clock.now)

    def act(_mail: OutgoingMail, _deed: Deed) -> None:
        clock.forward(timedelta(minutes=1))

    yield House(made.open(MailAccount(1, "sandbox", ANA)), partial(made.changes, ANA), act)


REAL = "postfix and dovecot"
HOUSES: dict[str, Callable[[], AbstractContextManager[House]]] = {
    "smtp and imap": smtp_and_imap,
    "gmail": gmail,
    "outlook": outlook,
    "sandbox": sandbox,
}
EVERY = [*HOUSES, pytest.param(REAL, marks=pytest.mark.mta)]
THAT_EXPIRE = [name for name in EVERY if name != "sandbox"]


@pytest.fixture(params=EVERY)
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    opened: AbstractContextManager[House]
    if request.param == REAL:
        opened = postfix_and_dovecot(request.getfixturevalue("office"))
    else:
        opened = HOUSES[request.param]()
    with opened as made:
        yield made


def begun(house: House, deed: Deed) -> tuple[OutgoingMail, HandOver, str]:
    """One mail has left, somebody has done this with it; and the cursor of before."""
    _, cursor = house.came("", 0)
    mail = a_mail(deed)
    answer = house.send(mail)
    house.act(mail, deed)
    return mail, answer, cursor


def named(answer: HandOver, mail: OutgoingMail) -> str:
    """What the mail is called by whoever got it."""
    return answer.message_id or mail.message_id


def test_a_reply_answers_the_mail_by_its_name_in_its_thread(house: House) -> None:
    mail, answer, cursor = begun(house, Deed.REPLY)
    (reply,), _ = house.came(cursor, 1)
    facts = facts_of(parsed(reply.raw))
    assert facts.answered == (named(answer, mail),) and facts.sender == mail.recipients[0]
    assert not (is_auto_reply(facts) or reports_of(parsed(reply.raw)))
    assert reply.thread_id == answer.thread_id or house.patience or reply.thread_id is None


def test_an_automatic_reply_says_that_it_is_one(house: House) -> None:
    mail, answer, cursor = begun(house, Deed.OUT_OF_OFFICE)
    (away,), _ = house.came(cursor, 1)
    facts = facts_of(parsed(away.raw))
    assert is_auto_reply(facts) and named(answer, mail) in facts.answered


def test_a_bounce_names_the_mail_and_the_recipient(house: House) -> None:
    mail, answer, cursor = begun(house, Deed.HARD)
    (bounce,), _ = house.came(cursor, 1)
    (report,) = reports_of(parsed(bounce.raw))
    assert (report.kind, report.enhanced) == (ReportKind.FAILED, "5.1.1")
    assert (report.original_message_id, report.recipient) == (named(answer, mail), mail.recipients[0])


def test_a_follow_up_stands_in_the_thread_of_the_mail_before(house: House) -> None:
    _, cursor = house.came("", 0)
    first = a_mail(Deed.OPEN)
    sent = house.send(first)
    before = named(sent, first)
    place = ThreadPlace(sent.thread_id, sent.provider_id) if sent.thread_id else None
    later = house.send(replace(a_mail(Deed.REPLY, 2, after=before), thread=place))
    assert later.thread_id == sent.thread_id
    house.act(a_mail(Deed.REPLY, 2), Deed.REPLY)
    (reply,), _ = house.came(cursor, 1)
    assert facts_of(parsed(reply.raw)).answered, "the recipient answers the second one"


def test_the_copy_of_what_was_sent_is_the_owners_own_and_nobodys_reply(house: House) -> None:
    """The rule: own sent copies are never replies (spec/5)."""
    _, cursor = house.came("", 0)
    mail = a_mail(Deed.OPEN)
    answer = house.send(mail)
    house.copies(mail)
    copies = [one for one in house.changes(cursor).mails if named(answer, mail).encode() in one.raw]
    assert [one.own for one in copies] == [True]


def test_what_was_read_is_not_read_again(house: House) -> None:
    _, _, cursor = begun(house, Deed.REPLY)
    first, cursor = house.came(cursor, 1)
    again = house.changes(cursor)
    assert len(first) == 1 and again.mails == () and not again.rescanned
    assert house.changes(again.cursor).mails == ()


@pytest.mark.parametrize("house", THAT_EXPIRE, indirect=True)
def test_a_cursor_that_expired_means_a_bounded_rescan_that_says_so(house: House) -> None:
    """The rule: cursor expired → bounded rescan (spec/5); for IMAP that is another UIDVALIDITY."""
    _, _, cursor = begun(house, Deed.REPLY)
    (reply,), cursor = house.came(cursor, 1)
    assert house.expire is not None
    changes = house.changes(house.expire(cursor))
    assert changes.rescanned
    assert reply.raw in [mail.raw for mail in changes.mails]
    assert house.changes(changes.cursor).mails == ()
