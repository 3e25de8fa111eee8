"""Reports of servers: delivery status (RFC 3464), complaints (RFC 5965), and bounces from before."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_campaigns.messages.feedback.qualifying import Answered, Qualified, qualify
from sales_campaigns.messages.feedback.shipped_rules import SHIPPED
from sales_campaigns.messages.incoming.facts import facts_of, parsed
from sales_campaigns.messages.incoming.reports import Report, ReportKind, reports_of
from tests.mail_collection import BOUNCES, KINDS, OURS, reports


def bounce_of(report: Report) -> Qualified:
    return qualify(SHIPPED, Answered(report.code, report.enhanced, report.words))


@pytest.mark.parametrize("name", BOUNCES)
def test_each_bounce_says_whose_mail_came_back_and_why(name: str) -> None:
    code, enhanced, for_good = BOUNCES[name]
    report = next(one for one in reports(name) if one.kind is ReportKind.FAILED)
    assert (report.code, report.enhanced, report.recipient) == (code, enhanced, "maria@example.com")
    assert report.original_message_id == ("" if name == "dsn_no_original" else OURS)
    assert bounce_of(report).for_good is for_good


def test_a_report_on_several_recipients_tells_of_each() -> None:
    assert [one.kind for one in reports("dsn_two_recipients")] == [ReportKind.DELIVERED, ReportKind.FAILED]


def test_a_delay_is_no_failure_and_a_delivery_no_trouble() -> None:
    assert [one.kind for one in reports("dsn_postfix_delayed")] == [ReportKind.DELAYED]
    assert [one.kind for one in reports("dsn_postfix_delivered")] == [ReportKind.DELIVERED]


def test_a_complaint_names_the_mail_and_not_spam_is_none() -> None:
    (report,) = reports("arf_abuse")
    assert (report.kind, report.original_message_id) == (ReportKind.COMPLAINT, OURS)
    assert report.recipient == "maria@example.com"
    assert reports("arf_fraud")[0].words == "reported as fraud"
    assert reports("arf_not_spam") == ()


@pytest.mark.parametrize(
    "name", [name for name, kind in KINDS.items() if kind in ("reply", "auto_reply", "wrote")]
)
def test_what_people_and_their_programs_write_is_no_report(name: str) -> None:
    assert reports(name) == ()


@pytest.mark.parametrize(
    ("report", "for_good", "reason"),
    [
        (Report(ReportKind.FAILED, 550, "5.1.1", "User unknown"), True, "unknown_recipient"),
        (Report(ReportKind.FAILED, 550, "", "No mailbox"), True, "unknown_recipient"),
        (Report(ReportKind.FAILED, 552, "5.2.2", "over quota"), False, "mailbox_full"),
        (Report(ReportKind.FAILED, 554, "5.7.1", "Message rejected as spam"), False, "refused"),
        (Report(ReportKind.FAILED, 451, "4.2.1", "Try later"), False, "account_disabled"),
        (Report(ReportKind.FAILED), False, "not_defined"),
    ],
)
def test_an_address_is_not_given_up_on_a_guess(report: Report, for_good: bool, reason: str) -> None:
    bounce = bounce_of(report)
    assert (bounce.for_good, bounce.reason.value) == (for_good, reason)


@given(st.binary(max_size=600))
def test_any_bytes_can_be_read(raw: bytes) -> None:
    mail = parsed(raw)
    facts_of(mail)
    reports_of(mail)


@given(st.sampled_from(sorted(KINDS)), st.integers(0, 4000), st.binary(max_size=40))
def test_a_mail_that_was_cut_or_damaged_can_be_read(name: str, place: int, noise: bytes) -> None:
    from tests.mail_collection import raw

    whole = raw(name)
    for damaged in (whole[:place], whole[:place] + noise + whole[place:]):
        mail = parsed(damaged)
        facts_of(mail)
        reports_of(mail)
