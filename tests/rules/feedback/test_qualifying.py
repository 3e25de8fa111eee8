"""The qualification table: texts and codes to type and reason; what nothing fits is soft and *to qualify*."""

from __future__ import annotations

import pytest

from sales_campaigns.messages.feedback.qualifying import Answered, BounceRule, normalised, qualify
from sales_campaigns.messages.feedback.reasons import Reason, address_is_bad
from sales_campaigns.messages.feedback.shipped_rules import SHIPPED
from sales_campaigns.messages.outcomes import FailureType

TABLE = [
    (550, "5.1.1", "<a@b.example>: Recipient address rejected: User unknown", "hard", "unknown_recipient"),
    (550, "", "No mailbox here", "hard", "unknown_recipient"),
    (450, "4.1.1", "unverified address: user unknown", "soft", "unknown_recipient"),
    (552, "5.2.2", "over quota", "soft", "mailbox_full"),
    (452, "4.2.2", "The email account is over quota", "soft", "mailbox_full"),
    (554, "", "mailbox of a@b.example is full", "soft", "mailbox_full"),
    (550, "5.2.1", "The account is disabled", "hard", "account_disabled"),
    (None, "5.4.4", "Host or domain name not found", "soft", "invalid_domain"),
    (None, "4.4.1", "connect to mx.b.example: Connection timed out", "soft", "unreachable_server"),
    (550, "5.7.1", "Message rejected as spam", "soft", "refused"),
    (None, "", "Out of office: back on Monday", "ignored", "error_ignored"),
    (554, "", "Computer says no", "soft", "not_defined"),
]


@pytest.mark.parametrize(("code", "enhanced", "words", "failure", "reason"), TABLE)
def test_the_first_rule_that_fits_says_type_and_reason(
    code: int | None, enhanced: str, words: str, failure: str, reason: str
) -> None:
    found = qualify(SHIPPED, Answered(code, enhanced, words))
    assert (found.failure, found.reason) == (failure, reason)
    assert found.known == (reason != "not_defined")


def test_a_server_that_says_for_now_is_believed_whatever_the_rule() -> None:
    rule = BounceRule("grey", "", FailureType.HARD, Reason.REFUSED)
    assert qualify([rule], Answered(451, "", "Greylisted")).failure == "soft"
    assert qualify([rule], Answered(551, "", "Greylisted")).failure == "hard"


def test_an_enhanced_code_stands_for_those_below_it_and_hides_the_old_one() -> None:
    rule = BounceRule("", "5.2 550", FailureType.HARD, Reason.REFUSED)
    assert [
        qualify([rule], Answered(*answer)).known for answer in ((None, "5.2.9"), (550, ""), (550, "5.21.1"))
    ] == [
        True,
        True,
        False,
    ]


def test_a_family_of_answers_is_one_line_of_the_queue() -> None:
    one = "550 <a@b.example>: queue 4F2B91C0AA at 192.0.2.7 says no, see https://x.example/1"
    other = "550  <x@y.example>: queue 9C2B91C0BB at 192.0.2.99 says no, see https://x.example/2"
    assert normalised(one) == normalised(other) == "550 #address#: queue #id# at #ip# says no, see #link#"


def test_a_message_that_is_refused_for_itself_leaves_its_address_innocent() -> None:
    assert not address_is_bad(FailureType.HARD, "message_refused")
    assert not address_is_bad(FailureType.SOFT, "mailbox_full")
    assert address_is_bad(FailureType.HARD, "account_disabled")
