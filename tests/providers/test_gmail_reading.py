"""Reading by Gmail: everything once, own copies told apart, an old history read again as far back as that goes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integrations.gmail import GmailDrafts, GmailReader, drafts_of
from integrations.gmail.reader import AT_ONCE
from sales_campaigns.errors import NotFound, Outside, OutsideKind
from sales_campaigns.messages.incoming.facts import parsed
from sales_campaigns.messages.incoming.reports import ReportKind, reports_of
from sales_campaigns.ports import Draft, DraftState, Place
from tests.incoming import a_raw_mail
from tests.providers.mails import a_mail, everything
from tests.stand_ins.google import Google, error
from tests.stand_ins.google_mail import GmailBox
from tests.stand_ins.serving import Act, times
from tests.stand_ins.worlds import SEND_ONLY, gmail_account, gmail_settings

ANA = "ana@ana.example"


@pytest.fixture
def box(google: Google) -> GmailBox:
    return google.box(ANA)


@pytest.fixture
def reader(google: Google) -> Iterator[GmailReader]:
    made = GmailReader(gmail_account(google), gmail_settings(google))
    yield made
    made.close()


@pytest.fixture
def drafts(google: Google) -> Iterator[GmailDrafts]:
    made = GmailDrafts(gmail_account(google), gmail_settings(google))
    yield made
    made.close()


def test_what_comes_is_read_once_byte_for_byte(reader: GmailReader, box: GmailBox) -> None:
    _, cursor = everything(reader, "")
    raw = a_raw_mail("Ja, gerne. Grüße")
    came = box.comes_in(raw)
    mails, cursor = everything(reader, cursor)
    assert [(one.uid, one.raw, one.own, one.thread_id) for one in mails] == [
        (came.id, raw, False, came.thread_id)
    ]
    assert everything(reader, cursor)[0] == []


def test_a_first_look_reaches_back_and_then_only_what_is_new_is_read(
    reader: GmailReader, box: GmailBox
) -> None:
    old = box.comes_in(a_raw_mail())
    first, cursor = everything(reader, "")
    assert [one.uid for one in first] == [old.id]
    new = box.comes_in(a_raw_mail())
    assert [one.uid for one in everything(reader, cursor)[0]] == [new.id]


def test_what_comes_while_it_reaches_back_is_not_passed_over(reader: GmailReader, box: GmailBox) -> None:
    for _ in range(AT_ONCE + 5):
        box.comes_in(a_raw_mail())
    first = reader.changes("")
    assert first.more and len(first.mails) == AT_ONCE
    late = box.comes_in(a_raw_mail())
    rest, cursor = everything(reader, first.cursor)
    after, _ = everything(reader, cursor)
    assert [one.uid for one in after] == [late.id]
    assert {one.uid for one in (*first.mails, *rest, *after)} == set(box.mails)


def test_many_pages_of_history(reader: GmailReader, box: GmailBox) -> None:
    _, cursor = everything(reader, "")
    came = [box.comes_in(a_raw_mail()).id for _ in range(AT_ONCE * 2 + 1)]
    assert [one.uid for one in everything(reader, cursor)[0]] == came


def test_a_history_that_is_too_old_means_a_bounded_rescan(reader: GmailReader, box: GmailBox) -> None:
    """The rule: history.list 404 → bounded rescan (spec/5)."""
    _, cursor = everything(reader, "")
    came = box.comes_in(a_raw_mail())
    box.forget_history()
    changes = reader.changes(cursor)
    assert changes.rescanned and [one.uid for one in changes.mails] == [came.id]


@pytest.mark.parametrize("cursor", ["nonsense", "{}", "[1]", '{"page": 1, "what": 2}'])
def test_a_cursor_that_cannot_be_read_is_a_new_beginning(
    reader: GmailReader, box: GmailBox, cursor: str
) -> None:
    box.comes_in(a_raw_mail())
    assert len(reader.changes(cursor).mails) == 1


def test_a_copy_of_what_was_sent_is_the_owners_own(reader: GmailReader, box: GmailBox) -> None:
    _, cursor = everything(reader, "")
    box.send(a_mail(1).mime)
    assert [one.own for one in everything(reader, cursor)[0]] == [True]


def test_drafts_are_no_mails(reader: GmailReader, box: GmailBox) -> None:
    _, cursor = everything(reader, "")
    box.new_draft(a_mail(1).mime)
    assert everything(reader, cursor)[0] == []


def test_a_bounce_of_gmail_is_read_from_its_raw_bytes(reader: GmailReader, box: GmailBox) -> None:
    """Gmail nests the fields of a report where its own view of a mail shows an empty part."""
    _, cursor = everything(reader, "")
    box.comes_in(BOUNCE)
    ((mail,), _) = everything(reader, cursor)
    (report,) = reports_of(parsed(mail.raw))
    assert report.kind is ReportKind.FAILED and report.recipient == "nobody@ben.example"
    assert report.original_message_id == "<1@mail.ana.example>"


def test_is_sent_asks_the_search(reader: GmailReader, box: GmailBox) -> None:
    box.send(a_mail(1).mime)
    assert reader.is_sent("<1@mail.ana.example>") and not reader.is_sent("<2@mail.ana.example>")


def test_trouble_is_transient_and_nothing_moves(reader: GmailReader, google: Google, box: GmailBox) -> None:
    _, cursor = everything(reader, "")
    box.comes_in(a_raw_mail())
    for fault in (Act.DROP_BEFORE, error(500, "backendError", "Backend Error")):
        google.obey(times(1, fault, "history.list"))
        with pytest.raises(Outside) as refused:
            reader.changes(cursor)
        assert refused.value.kind is OutsideKind.TRANSIENT
    assert len(everything(reader, cursor)[0]) == 1


def test_a_draft_is_put_found_rewritten_and_taken_away(drafts: GmailDrafts, box: GmailBox) -> None:
    made = drafts.put(Draft("7.x", a_mail(7).mime))
    assert drafts.state(made.id) is DraftState.THERE
    found = drafts.find("7.x")
    assert found is not None and (found.place, found.id) == (Place.DRAFTS, made.id)
    assert drafts.update(made.id, Draft("7.x", a_mail(7, b"Better.\r\n").mime)).id == made.id, "its id stays"
    assert b"Better." in box.mails[box.drafts[made.id]].raw
    drafts.delete(made.id)
    drafts.delete(made.id)
    assert drafts.state(made.id) is DraftState.GONE and drafts.find("7.x") is None
    with pytest.raises(NotFound):
        drafts.update(made.id, Draft("7.x", a_mail(7).mime))


def test_a_draft_that_the_rep_sent_is_found_among_the_sent_ones(drafts: GmailDrafts, box: GmailBox) -> None:
    made = drafts.put(Draft("7.x", a_mail(7).mime))
    sent = box.send_draft(made.id)
    found = drafts.find("7.x")
    assert found is not None and (found.place, found.id, found.thread_id) == (
        Place.SENT,
        sent.id,
        sent.thread_id,
    )
    assert drafts.state(made.id) is DraftState.GONE


def test_the_links_are_for_the_right_account_best_first(drafts: GmailDrafts) -> None:
    """The rule: "Open in Gmail" (account-qualified search link), "Compose in Gmail" (prefilled, text only) (spec/5)."""
    mime = b"To: maria@ben.example\r\nMessage-ID: <7@x>\r\nSubject: A & B\r\n\r\nHello Maria\r\n"
    opened, composed = drafts.put(Draft("7.x", mime)).links
    assert opened.label == "Open in Gmail" and "/mail/u/ana%40ana.example/#search/" in opened.url
    assert opened.url.endswith("in%3Adrafts%20rfc822msgid%3A7%40x") and not opened.exact
    assert composed.label == "Compose in Gmail"
    assert "to=maria%40ben.example&su=A%20%26%20B&body=Hello%20Maria" in composed.url


def test_with_sending_alone_there_are_no_drafts(google: Google) -> None:
    assert drafts_of(gmail_account(google, ANA, *SEND_ONLY), gmail_settings(google)) is None


BOUNCE = b"""\
Return-Path: <>
From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>
To: ana@ana.example
Auto-Submitted: auto-replied
Subject: Delivery Status Notification (Failure)
X-Failed-Recipients: nobody@ben.example
In-Reply-To: <1@mail.ana.example>
References: <1@mail.ana.example>
Message-ID: <5f.1@mx.google.com>
MIME-Version: 1.0
Content-Type: multipart/report; boundary="0000"; report-type=delivery-status

--0000
Content-Type: multipart/related; boundary="0001"

--0001
Content-Type: multipart/alternative; boundary="0002"

--0002
Content-Type: text/plain; charset="UTF-8"

** Address not found **

Your message wasn't delivered to nobody@ben.example because the address couldn't be found.

--0002--

--0001--

--0000
Content-Type: message/delivery-status

Reporting-MTA: dns; googlemail.com
Received-From-MTA: dns; ana@ana.example
Arrival-Date: Mon, 30 Nov 2026 01:00:00 -0800 (PST)
X-Original-Message-ID: <1@mail.ana.example>

Final-Recipient: rfc822; nobody@ben.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist.
Last-Attempt-Date: Mon, 30 Nov 2026 01:00:01 -0800 (PST)

--0000
Content-Type: message/rfc822

From: ana@ana.example
To: nobody@ben.example
Message-ID: <1@mail.ana.example>
Subject: A thought

Hello.
--0000--
""".replace(b"\n", b"\r\n")
