"""What `flask doctor --probe` finds out of a mailbox by sending a mail to itself, whoever is behind it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integrations.gmail import GmailProvider, GmailReader, drafts_of
from integrations.imap import ImapReader
from integrations.imap import Settings as ImapSettings
from integrations.outlook import OutlookProvider, OutlookReader
from integrations.outlook import drafts_of as outlook_drafts_of
from integrations.smtp import SmtpProvider
from sales_campaigns.checkups.probing import Patience, Probed, Ways, probe_mailbox, probe_return_path
from sales_campaigns.errors import Outside
from sales_campaigns.messages.return_paths import ReturnPath
from tests.incoming import a_raw_mail
from tests.providers.mails import QUICK, an_account
from tests.sink import Sink
from tests.stand_ins.google import Google
from tests.stand_ins.imap import PASSWORD, ImapServer
from tests.stand_ins.loop import Loop
from tests.stand_ins.microsoft import Microsoft
from tests.stand_ins.worlds import gmail_account, gmail_settings, outlook_account, outlook_settings

ANA = "ana@ana.example"
SOON = Patience(5, 0.1, 0.02)
NEVER = Patience(0.1, 0.1, 0.02)
RETURNS = ReturnPath("bounces+*@ana.example", ("a key of this installation",))


@pytest.fixture
def loop() -> Iterator[Loop]:
    with Loop() as made:
        yield made


@pytest.fixture
def ways(loop: Loop) -> Iterator[Ways]:
    yield from _ways(loop)


def _ways(loop: Loop) -> Iterator[Ways]:
    provider = SmtpProvider(an_account(loop.sink), QUICK)
    reader = ImapReader(an_account(loop.inbox, username=ANA, secret=PASSWORD), ImapSettings(wait_seconds=2))
    yield Ways(ANA, provider, reader)
    provider.close()
    reader.close()


@pytest.mark.parametrize("files", [True, False], ids=["files copies", "files none"])
def test_a_mail_to_itself_comes_back_and_nothing_is_left_of_it(files: bool, loop: Loop, ways: Ways) -> None:
    loop.inbox.comes_in(a_raw_mail())
    loop.files_copies = files
    probed = probe_mailbox(ways, SOON)
    assert probed.seconds is not None and 0 <= probed.seconds < 5
    assert (probed.keeps_name, probed.files_copies, probed.drafts, probed.subject) == (True, files, False, "")
    assert [len(folder.mails) for folder in loop.inbox.folders.values()] == [1, 0, 0], "what was there stays"


def test_a_name_that_is_replaced_on_the_way_is_noticed(loop: Loop, ways: Ways) -> None:
    loop.renames = True
    assert not probe_mailbox(ways, SOON).keeps_name


def test_what_does_not_come_back_is_said_with_what_may_still_come(loop: Loop, ways: Ways) -> None:
    loop.loses = True
    probed = probe_mailbox(ways, NEVER)
    assert probed.seconds is None and probed.subject


def test_what_is_refused_is_said_in_the_words_of_the_server(loop: Loop, ways: Ways) -> None:
    loop.sink.obey(lambda position, _: "550 5.7.1 not from here" if position == "MAIL" else None)
    with pytest.raises(Outside, match="not from here"):
        probe_mailbox(ways, SOON)


def test_a_server_that_cannot_delete_one_alone_keeps_it_marked(loop: Loop, ways: Ways) -> None:
    """What its owner has marked as deleted is not ours to expunge."""
    loop.inbox.offers = "IDLE"
    loop.inbox.comes_in(a_raw_mail())
    loop.inbox.folders["INBOX"].mails[0].gone = True
    probe_mailbox(ways, SOON)
    assert [mail.gone for mail in loop.inbox.folders["INBOX"].mails] == [True, True]


@pytest.mark.parametrize("renames", [False, True])
def test_whether_gmail_keeps_our_message_id_through_an_edit(renames: bool) -> None:
    """The rule: with --probe doctor tests what no document settles (spec/5). What was granted deletes no mail."""
    with Google() as google:
        google.box(ANA).renames = renames
        account, settings = gmail_account(google), gmail_settings(google)
        ways = Ways(
            ANA,
            GmailProvider(account, settings),
            GmailReader(account, settings),
            drafts_of(account, settings),
        )
        probed = probe_mailbox(ways, SOON)
        assert probed.keeps_name is not renames and probed.drafts and probed.files_copies
        assert probed.subject.encode() in google.box(ANA).sent[0].raw and not google.box(ANA).drafts


def test_outlook_is_tried_in_the_same_way_and_tidied_up() -> None:
    with Microsoft() as microsoft:
        account, settings = outlook_account(microsoft), outlook_settings(microsoft)
        drafts = outlook_drafts_of(account, settings)
        ways = Ways(ANA, OutlookProvider(account, settings), OutlookReader(account, settings), drafts)
        probed = probe_mailbox(ways, SOON)
        assert isinstance(probed, Probed) and probed.seconds is not None and probed.subject == ""
        assert microsoft.box(ANA).sent == []


@pytest.mark.parametrize("comes", [True, False])
def test_a_mail_to_the_return_path_says_which_mailbox_reads_it(comes: bool, loop: Loop, ways: Ways) -> None:
    with Sink() as other, ImapServer() as elsewhere:
        loop.loses = not comes
        reader = ImapReader(an_account(elsewhere, username=ANA, secret=PASSWORD))
        both = [Ways("ben@ana.example", SmtpProvider(an_account(other), QUICK), reader), ways]
        found = probe_return_path(ANA, ways.provider, both, RETURNS, SOON if comes else NEVER)
        reader.close()
    assert found == (ANA if comes else "")
    assert loop.sink.caught[0].sender == loop.sink.caught[0].recipients[0] == RETURNS.address(0)
    assert [len(folder.mails) for folder in loop.inbox.folders.values()] == [0, 0, 0]
