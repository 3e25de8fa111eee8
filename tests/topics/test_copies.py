"""CC and BCC of steps and mailboxes: who gets a copy is decided at the instant of sending."""

from __future__ import annotations

import email

import pytest
import sqlalchemy as sa

from sales_campaigns.accounts.mailboxes import copy_mailbox
from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.campaigns.editing import StepWords, write_step
from sales_campaigns.campaigns.planner import SendOption
from sales_campaigns.campaigns.versions import drafts_of, newest
from sales_campaigns.content.rendering import Content
from sales_campaigns.deliveries.proofs import send_test
from sales_campaigns.enrollments.changes.changing import change_campaign
from sales_campaigns.enrollments.composing import open_composer, send_for_task
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.errors import Invalid
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.incoming.models import MailKind
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.outbox.composing import Typed
from sales_campaigns.people.models import Address, BlockedDomain
from sales_campaigns.tasks.models import Task
from scheduler.jobs import run_until_quiet
from tests.builders import a_campaign, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work
from tests.incoming import a_bounce, taken_in
from tests.sink import Sink


def sent_with(work: Work, cast: Cast, room: PostRoom, cc: str = "", bcc: str = "") -> Message:
    """Maria gets the mail of a step with these copies."""
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, cc=cc, bcc=bcc)])
        launch(uow, cast.ana, Order(campaign.id, [a_person(uow, cast.ana).id]))
    run_until_quiet(room)
    with work() as uow:
        return uow.session.scalars(sa.select(Message)).one()


@pytest.mark.parametrize("bulk", [False, True], ids=["one by one", "bulk lane"])
def test_the_step_s_copies_and_the_mailbox_s_are_one_mail_and_bcc_stands_in_no_header(
    bulk: bool, work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    with work() as uow:
        values = {"cc": "boss@north.example", "bcc": "crm@north.example", "bulk_lane": bulk}
        uow.session.execute(sa.update(Mailbox).values(**values))
    row = sent_with(work, cast, room, cc="ben@north.example boss@north.example", bcc="maria@example.com")
    [mail] = sink.caught
    everybody = ("maria@example.com", "ben@north.example", "boss@north.example", "crm@north.example")
    assert mail.recipients == everybody
    head = email.message_from_bytes(mail.raw)
    assert head["Cc"] == "ben@north.example, boss@north.example" and "crm@" not in mail.raw.decode()
    assert (row.cc, row.bcc) == ("ben@north.example boss@north.example", "crm@north.example")


def test_suppressed_copies_are_left_out_and_the_mail_says_so(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    """The rule: opted out, quarantined and blocked copies get none; the mail still leaves to its recipient."""
    with work() as uow:
        rows = {
            "out@example.com": {"opted_out_at": uow.now},
            "bad@example.com": {"quarantined_at": uow.now},
            "spam@example.com": {"complained_at": uow.now},
        }
        uow.session.add_all(Address(email=one, domain="example.com", **why) for one, why in rows.items())
        uow.session.add(BlockedDomain(domain="rival.example"))
    asked = " ".join([*rows, "her@mail.rival.example", "boss@north.example"])
    row = sent_with(work, cast, room, cc=asked)
    assert sink.caught[0].recipients == ("maria@example.com", "boss@north.example")
    assert row.left_out is not None
    assert [address for address, _ in row.left_out] == [*rows, "her@mail.rival.example"]
    assert all(words for _, words in row.left_out) and row.cc == "boss@north.example"


def test_a_change_of_the_step_reaches_mails_that_wait(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    with work() as uow:
        campaign = a_campaign(uow, cast.ana, [a_mail(uow, 1, at="10:00")])
        launch(uow, cast.ana, Order(campaign.id, [a_person(uow, cast.ana).id]))
        [step] = drafts_of(newest(uow.session, campaign))
        copied = StepWords("Quick question", "<p>Hello</p>", cc="boss@north.example")
        write_step(uow, cast.ana, campaign.id, step.key, copied)
        change_campaign(uow, cast.ana, campaign.id)
        assert uow.session.scalars(sa.select(Message.cc)).one() == "boss@north.example"


def test_the_composer_of_a_step_s_task_opens_with_the_step_s_copies(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    with work() as uow:
        step = a_mail(uow, 1, send=SendOption.TASK, cc="boss@north.example")
        maria = a_person(uow, cast.ana)
        launch(uow, cast.ana, Order(a_campaign(uow, cast.ana, [step]).id, [maria.id]))
    run_until_quiet(room)
    with work() as uow:
        task = uow.session.scalars(sa.select(Task)).one()
        assert open_composer(uow.session, cast.ana, task, maria).beside.cc == "boss@north.example"
        send_for_task(uow, cast.ana, task, maria, Typed("Hi", "<p>Hi</p>"))
    run_until_quiet(room)
    assert sink.caught[0].recipients == ("maria@example.com",)


def test_a_test_mail_goes_to_nobody_else(work: Work, cast: Cast, room: PostRoom, sink: Sink) -> None:
    with work() as uow:
        uow.session.execute(sa.update(Mailbox).values(bcc="crm@north.example"))
        person = a_person(uow, cast.ana)
        send_test(uow, cast.ana, Content("Hi", "<p>Hi</p>"), person.id)
    run_until_quiet(room)
    assert [mail.recipients for mail in sink.caught] == [("ana@north.example",)]


def test_wrong_addresses_are_refused_beside_their_field(work: Work, cast: Cast) -> None:
    with work() as uow:
        with pytest.raises(Invalid) as refused:
            copy_mailbox(uow, cast.ana, {"cc": "boss@", "bcc": "crm@north.example"})
        assert set(refused.value.problems) == {"cc"}
        mailbox = copy_mailbox(uow, cast.ana, {"cc": "", "bcc": "CRM@north.example, crm@north.example"})
        assert mailbox.bcc == "crm@north.example"


@pytest.mark.parametrize("bulk", [False, True], ids=["one by one", "bulk lane"])
def test_a_copy_that_the_server_refuses_costs_the_recipient_nothing(
    bulk: bool, work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    """A mailbox's BCC that is mistyped stands on every mail of it: none fails for that, and no address is blamed."""
    with work() as uow:
        uow.session.execute(sa.update(Mailbox).values(bcc="crm@bücher.example", bulk_lane=bulk))
    refused = "550 5.1.1 nobody there"
    sink.obey(lambda at, to: refused if at == "RCPT" and to.startswith("crm@") else None)
    row = sent_with(work, cast, room, cc="boss@north.example")
    assert (row.state, row.cc, row.bcc) == ("sent", "boss@north.example", "")
    assert row.left_out == [["crm@bücher.example", refused]]
    assert sink.caught[0].recipients == ("maria@example.com", "boss@north.example")
    with work() as uow:
        maria = uow.session.scalars(sa.select(Address).where(Address.email == "maria@example.com")).one()
        assert (maria.quarantined_at, maria.errors) == (None, 0)


@pytest.mark.parametrize("action", ["failed", "delivered", "delayed"])
def test_what_became_of_a_copy_is_not_what_became_of_the_mail(
    action: str, work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    row = sent_with(work, cast, room, cc="Boss@north.example")
    report = a_bounce(row.message_id or "", recipient="boss@north.example", action=action)
    assert taken_in(work, cast, report) == []
    run_until_quiet(room)
    with work() as uow:
        assert uow.session.scalars(sa.select(Message.state)).one() == "sent"


def test_a_report_on_the_recipient_and_a_copy_is_about_the_recipient(
    work: Work, cast: Cast, room: PostRoom, sink: Sink
) -> None:
    row = sent_with(work, cast, room, cc="boss@north.example")
    copy = b"Final-Recipient: rfc822; boss@north.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
    own = a_bounce(row.message_id or "", action="delivered", status="2.0.0")
    (kept,) = taken_in(work, cast, own.replace(b"Final-Recipient", copy + b"Final-Recipient", 1))
    assert kept.kind is MailKind.RECEIPT
