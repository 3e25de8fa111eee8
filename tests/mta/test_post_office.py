"""What a stock Postfix answers to our mails, at once and by report."""

from __future__ import annotations

import re
from itertools import count

import pytest

from integrations.smtp import Settings, SmtpProvider
from sales_campaigns.ports import HandOver
from tests.mta.post_office import PostOffice
from tests.providers.mails import a_mail, kinds

pytestmark = pytest.mark.mta
_KEYS = count(1)


def sent_to(office: PostOffice, *recipients: str, security: str = "starttls") -> list[HandOver]:
    """One mail to each, as Ana, through her own server."""
    port = office.places.tls if security == "tls" else office.places.submission
    settings = Settings(ca_bundle=office.places.authorities, success_notices=True)
    provider = SmtpProvider(office.account(security=security, port=port), settings)
    mails = [
        a_mail(key, recipients=(to,), mime=_mime(key, to)) for key, to in zip(_KEYS, recipients, strict=False)
    ]
    try:
        return list(provider.hand_over(mails))
    finally:
        provider.close()


def _mime(key: int, to: str) -> bytes:
    return b"From: Ana <ana@ana.example>\r\nTo: %s\r\n%s" % (to.encode(), a_mail(key).mime)


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_it_takes_a_mail_after_a_sign_in_under_encryption(office: PostOffice, security: str) -> None:
    assert kinds(sent_to(office, "maria@here.example", security=security)) == ["sent"]


@pytest.mark.parametrize(
    ("recipient", "kind", "enhanced"),
    [
        ("nobody@here.example", "recipient", "5.1.1"),
        ("refused@here.example", "policy", "5.7.1"),
        ("stuffed@here.example", "transient", "4.2.2"),
    ],
)
def test_its_refusals_are_told_apart(office: PostOffice, recipient: str, kind: str, enhanced: str) -> None:
    (answer,) = sent_to(office, recipient)
    assert answer.refused is not None
    assert (answer.refused.kind.value, answer.refused.enhanced) == (kind, enhanced)


def test_it_reports_later_that_there_is_nobody(office: PostOffice) -> None:
    (answer,) = sent_to(office, "nobody@there.example")
    (report,) = office.wait_for(1, b"Original-Envelope-Id: %d@" % answer.key)
    assert said_in(report) == [b"failed", b"5.1.1"]


def test_it_reports_a_delay_and_then_that_it_arrived(office: PostOffice) -> None:
    (answer,) = sent_to(office, "full@there.example")
    reports = office.wait_for(2, b"Original-Envelope-Id: %d@" % answer.key)
    assert [said_in(report) for report in reports] == [[b"delayed", b"4.2.2"], [b"delivered", b"2.0.0"]]
    assert office.policy.asked["full@there.example"] == 3


def test_a_recipient_writes_back_and_another_is_away(office: PostOffice) -> None:
    reply, away = sent_to(office, "reply@there.example", "away@there.example")
    office.wait_for(1, b"In-Reply-To: <%d@mail.ana.example>" % reply.key)
    (leave,) = office.wait_for(1, b"In-Reply-To: <%d@mail.ana.example>" % away.key)
    assert b"Auto-Submitted: auto-replied (vacation)" in leave


def said_in(report: bytes) -> list[bytes]:
    return re.findall(rb"(?m)^(?:Action|Status): (.*)", report)
