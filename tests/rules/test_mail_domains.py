"""SPF, DKIM and DMARC of a sending domain, as `flask doctor` judges them."""

from __future__ import annotations

import pytest

from sales_campaigns.checkups.findings import Grade
from sales_campaigns.checkups.mail_domains import dkim, dmarc, spf

FINE, NOTE, BROKEN = Grade.FINE, Grade.NOTE, Grade.BROKEN


@pytest.mark.parametrize(
    ("texts", "grade"),
    [
        (["v=spf1 include:mail.example -all"], FINE),
        (["other=1", "v=spf1 ip4:192.0.2.1 ~all"], FINE),
        (["V=SPF1 redirect=_spf.example.com"], FINE),
        (["v=spf1 mx ?all"], NOTE),
        (["v=spf1 mx"], NOTE),
        (["v=spf1 +all"], BROKEN),
        ([], BROKEN),
        (["v=spf10 -all"], BROKEN),
        (["v=spf1 mx -all", "v=spf1 a -all"], BROKEN),
    ],
)
def test_spf(texts: list[str], grade: Grade) -> None:
    found = spf("north.example", texts)
    assert found.grade is grade and bool(found.fix) is (grade is not FINE)


@pytest.mark.parametrize(
    ("texts", "grade"),
    [
        (["v=DMARC1; p=reject; rua=mailto:d@north.example"], FINE),
        (["v=DMARC1;p=quarantine"], FINE),
        (["v=DMARC1; p=none"], NOTE),
        (["v=DMARC1"], BROKEN),
        (["v=DMARC1; p=maybe"], BROKEN),
        ([], BROKEN),
        (["v=DMARC1; p=none", "v=DMARC1; p=reject"], BROKEN),
    ],
)
def test_dmarc(texts: list[str], grade: Grade) -> None:
    assert dmarc("north.example", texts).grade is grade


@pytest.mark.parametrize(
    ("texts", "grade"),
    [
        (["v=DKIM1; k=rsa; p=MIGf MA0G"], FINE),
        (["p=abc"], FINE),
        (["v=DKIM1; p="], BROKEN),
        ([], BROKEN),
        (["v=spf1 -all"], BROKEN),
    ],
)
def test_dkim(texts: list[str], grade: Grade) -> None:
    assert dkim("north.example", "s1", texts).grade is grade


@pytest.mark.parametrize(
    ("texts", "grade", "fix"),
    [
        (["v=DKIM1; k=ed25519; p=OURS"], Grade.FINE, ""),
        (["v=DKIM1; p=another"], Grade.BROKEN, 'Publish there: "v=DKIM1; k=rsa; p=OURS".'),
        ([], Grade.BROKEN, 'Publish there: "v=DKIM1; k=rsa; p=OURS".'),
    ],
)
def test_where_mail_is_signed_here_the_key_that_signs_must_be_published(
    texts: list[str], grade: Grade, fix: str
) -> None:
    found = dkim("north.example", "s1", texts, "OURS")
    assert (found.grade, found.fix) == (grade, fix)
