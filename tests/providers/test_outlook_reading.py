"""Reading by Outlook: everything once, own copies told apart; and the drafts of a mailbox, which keep their ids."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integrations.outlook import OutlookDrafts, OutlookReader, drafts_of
from integrations.outlook.reader import AT_ONCE
from sales_campaigns.errors import NotFound, Outside, OutsideKind
from sales_campaigns.messages.incoming.facts import parsed
from sales_campaigns.messages.incoming.reports import ReportKind, reports_of
from sales_campaigns.ports import Draft, DraftState, OpenLink, Place, ThreadPlace
from tests.incoming import a_raw_mail
from tests.providers.mails import a_mail, everything
from tests.stand_ins.microsoft import Microsoft
from tests.stand_ins.microsoft_graph import graph_error
from tests.stand_ins.microsoft_mail import OutlookBox
from tests.stand_ins.serving import Act, times
from tests.stand_ins.worlds import outlook_account, outlook_settings

ANA = "ana@ana.example"


@pytest.fixture
def box(microsoft: Microsoft) -> OutlookBox:
    return microsoft.box(ANA)


@pytest.fixture
def reader(microsoft: Microsoft) -> Iterator[OutlookReader]:
    made = OutlookReader(outlook_account(microsoft), outlook_settings(microsoft))
    yield made
    made.close()


@pytest.fixture
def drafts(microsoft: Microsoft) -> Iterator[OutlookDrafts]:
    made = OutlookDrafts(outlook_account(microsoft), outlook_settings(microsoft))
    yield made
    made.close()


def test_what_comes_is_read_once_byte_for_byte(reader: OutlookReader, box: OutlookBox) -> None:
    _, cursor = everything(reader, "")
    raw = a_raw_mail("Ja, gerne. Grüße")
    came = box.comes_in(raw)
    mails, cursor = everything(reader, cursor)
    assert [(one.uid, one.raw, one.own, one.thread_id) for one in mails] == [
        (came.id, raw, False, came.thread_id)
    ]
    assert everything(reader, cursor)[0] == []


def test_a_first_look_reaches_back_and_then_only_what_is_new_is_read(
    reader: OutlookReader, box: OutlookBox, microsoft: Microsoft
) -> None:
    old = box.comes_in(a_raw_mail())
    first, cursor = everything(reader, "")
    assert [one.uid for one in first] == [old.id]
    asked = next(asked for name, asked, _ in microsoft.said if name == "messages.delta")
    assert asked.query["$filter"].startswith("receivedDateTime ge 20"), "a bounded time"
    new = box.comes_in(a_raw_mail())
    assert [one.uid for one in everything(reader, cursor)[0]] == [new.id]


def test_what_comes_while_it_reaches_back_is_not_passed_over(reader: OutlookReader, box: OutlookBox) -> None:
    for _ in range(AT_ONCE + 5):
        box.comes_in(a_raw_mail())
    first = reader.changes("")
    assert first.more and len(first.mails) == AT_ONCE
    late = box.comes_in(a_raw_mail())
    rest, cursor = everything(reader, first.cursor)
    after, _ = everything(reader, cursor)
    assert late.id in {one.uid for one in (*rest, *after)}
    assert {one.uid for one in (*first.mails, *rest, *after)} == set(box.mails)


def test_every_folder_is_read_by_itself(reader: OutlookReader, box: OutlookBox) -> None:
    """Answers land among junk too."""
    _, cursor = everything(reader, "")
    inbox = [box.comes_in(a_raw_mail()).id for _ in range(AT_ONCE + 1)]
    junk = [box.comes_in(a_raw_mail(), "junkemail").id]
    box.comes_in(a_raw_mail(), "archive")
    assert {one.uid for one in everything(reader, cursor)[0]} == {*inbox, *junk}


def test_what_is_only_read_or_deleted_is_nothing_new(reader: OutlookReader, box: OutlookBox) -> None:
    came = [box.comes_in(a_raw_mail()).id for _ in range(2)]
    _, cursor = everything(reader, "")
    box.touch(came[0])
    box.remove(came[1])
    assert everything(reader, cursor)[0] == []


def test_a_link_that_is_too_old_means_a_bounded_rescan(reader: OutlookReader, box: OutlookBox) -> None:
    """The rule: delta queries, 410 → rescan (spec/5)."""
    box.comes_in(a_raw_mail())
    _, cursor = everything(reader, "")
    came = box.comes_in(a_raw_mail())
    box.forget_history()
    changes = reader.changes(cursor)
    assert changes.rescanned and came.id in {one.uid for one in changes.mails}
    assert not reader.changes(changes.cursor).rescanned


@pytest.mark.parametrize("cursor", ["nonsense", "{}", "[1]", '{"inbox": ""}'])
def test_a_cursor_that_cannot_be_read_is_a_new_beginning(
    reader: OutlookReader, box: OutlookBox, cursor: str
) -> None:
    box.comes_in(a_raw_mail())
    assert len(reader.changes(cursor).mails) == 1


def test_a_copy_of_what_was_sent_is_the_owners_own_and_names_our_key(
    reader: OutlookReader, drafts: OutlookDrafts, box: OutlookBox
) -> None:
    _, cursor = everything(reader, "")
    box.send_draft(drafts.put(Draft("7.x", a_mail(7).mime)).id)
    box.send_draft(box.new_draft({"subject": "By hand"}).id)
    assert [(one.own, one.send_key) for one in everything(reader, cursor)[0]] == [(True, "7.x"), (True, "")]


def test_drafts_are_no_mails(reader: OutlookReader, box: OutlookBox) -> None:
    _, cursor = everything(reader, "")
    box.new_draft({"subject": "Not yet"})
    assert everything(reader, cursor)[0] == []


def test_a_report_of_exchange_is_read_from_its_bytes(reader: OutlookReader, box: OutlookBox) -> None:
    _, cursor = everything(reader, "")
    box.comes_in(BOUNCE)
    ((mail,), _) = everything(reader, cursor)
    (report,) = reports_of(parsed(mail.raw))
    assert report.kind is ReportKind.FAILED and report.recipient == "nobody@ben.example"


def test_is_sent_asks_for_the_name(reader: OutlookReader, box: OutlookBox) -> None:
    sent = box.send_draft(box.new_draft({"subject": "A"}).id)
    assert reader.is_sent(sent.name) and not reader.is_sent("<it's another@x>")


def test_trouble_is_transient_and_nothing_moves(
    reader: OutlookReader, microsoft: Microsoft, box: OutlookBox
) -> None:
    _, cursor = everything(reader, "")
    box.comes_in(a_raw_mail())
    for fault in (Act.DROP_BEFORE, graph_error(500, "InternalServerError", "Oops")):
        microsoft.obey(times(1, fault, "messages.delta"))
        with pytest.raises(Outside) as refused:
            reader.changes(cursor)
        assert refused.value.kind is OutsideKind.TRANSIENT
    assert len(everything(reader, cursor)[0]) == 1


def test_a_draft_is_put_found_rewritten_and_taken_away(drafts: OutlookDrafts, box: OutlookBox) -> None:
    made = drafts.put(Draft("7.x", a_mail(7).mime, label="Sales tasks"))
    assert drafts.state(made.id) is DraftState.THERE
    assert box.mails[made.id].fields["categories"] == ["Sales tasks"]
    found = drafts.find("7.x")
    assert found is not None and (found.place, found.id) == (Place.DRAFTS, made.id)
    assert drafts.update(made.id, Draft("7.x", a_mail(7, b"Better.\r\n").mime)).id == made.id, "its id stays"
    assert "Better." in box.mails[made.id].fields["body"]["content"]
    drafts.delete(made.id)
    drafts.delete(made.id)
    assert drafts.state(made.id) is DraftState.GONE and drafts.find("7.x") is None
    with pytest.raises(NotFound):
        drafts.update(made.id, Draft("7.x", a_mail(7).mime))


def test_a_draft_that_the_rep_sent_keeps_its_id_and_is_never_taken_away(
    drafts: OutlookDrafts, box: OutlookBox
) -> None:
    """The rule: the same id is the sent copy (spec/5). What was sent stays in the mailbox of its owner."""
    made = drafts.put(Draft("7.x", a_mail(7).mime))
    box.send_draft(made.id)
    found = drafts.find("7.x")
    assert found is not None and (found.place, found.id, found.thread_id) == (
        Place.SENT,
        made.id,
        made.thread_id,
    )
    assert found.at is not None and drafts.state(made.id) is DraftState.GONE
    drafts.delete(made.id)
    assert box.mails[made.id].folder == "sentitems"
    with pytest.raises(NotFound):
        drafts.update(made.id, Draft("7.x", a_mail(7).mime))


def test_a_draft_that_the_rep_deleted_is_gone(drafts: OutlookDrafts, box: OutlookBox) -> None:
    made = drafts.put(Draft("7.x", a_mail(7).mime))
    box.throw_away(made.id)
    assert drafts.state(made.id) is DraftState.GONE and drafts.find("7.x") is None


def test_a_draft_in_a_conversation_stands_in_it(drafts: OutlookDrafts, box: OutlookBox) -> None:
    came = box.comes_in(a_raw_mail())
    mime = b"To: maria@ben.example\r\n" + a_mail(7).mime
    made = drafts.put(Draft("7.x", mime, ThreadPlace(came.thread_id, came.id)))
    assert made.thread_id == came.thread_id and box.mails[made.id].people("toRecipients") == [
        "maria@ben.example"
    ]


def test_the_link_opens_this_very_draft(drafts: OutlookDrafts) -> None:
    """The rule: `webLink` opens the draft (spec/5)."""
    made = drafts.put(Draft("7.x", a_mail(7).mime))
    (link,) = made.links
    assert link == OpenLink("Open in Outlook", link.url, exact=True) and made.id in link.url


def test_without_every_permission_there_are_no_drafts(microsoft: Microsoft) -> None:
    assert drafts_of(outlook_account(microsoft, ANA, "Mail.Send"), outlook_settings(microsoft)) is None


BOUNCE = b"""\
From: Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@ana.example>
To: ana@ana.example
Subject: Undeliverable: A thought
Message-ID: <5f.1@eurprd.prod.outlook.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="0000"

--0000
Content-Type: text/plain; charset="us-ascii"

Your message to nobody@ben.example couldn't be delivered.

--0000
Content-Type: message/delivery-status

Reporting-MTA: dns;AM0PR.eurprd.prod.outlook.example

Final-Recipient: rfc822;nobody@ben.example
Action: failed
Status: 5.1.10
Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup

--0000
Content-Type: message/rfc822

From: ana@ana.example
To: nobody@ben.example
Message-ID: <AM0PR1@eurprd.prod.outlook.example>
Subject: A thought

Hello.
--0000--
""".replace(b"\n", b"\r\n")
