"""A domain's signature over a mail: proved by another reading of the RFC, which is proved by the RFC's own example."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from sales_campaigns.content.dkim import Signer, published, signature
from sales_campaigns.domain_keys import Key, key_from
from tests.dkim import verdicts

# RFC 8463, appendix A: one mail with a signature of each kind, and the records that prove them.
EXAMPLE = b"""\
DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :
 subject : date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus
 Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=test; t=1528637909; h=from : to : subject :
 date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3
 DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz
 dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game.  Are you hungry yet?

Joe.
""".replace(b"\n", b"\r\n")
RECORDS = {
    "brisbane._domainkey.football.example.com": (
        "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
    ),
    "test._domainkey.football.example.com": (
        "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWR"
        "iGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutAC"
        "DfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3"
        "Ip3G+2kryOTIKT+l/K4w3QIDAQAB"
    ),
}
RSA = rsa.generate_private_key(public_exponent=65537, key_size=1024)
ED25519 = Ed25519PrivateKey.generate()
MAIL = EXAMPLE[EXAMPLE.index(b"From:") :].replace(
    b"\r\n\r\nHi.", b"\r\nList-Unsubscribe: <mailto:joe@football.example.com>\r\n\r\nHi."
)


def pem_of(key: rsa.RSAPrivateKey | Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def signed(mail: bytes, key: Key) -> bytes:
    return signature(mail, Signer("football.example.com", "s1", key)) + mail


def proved(mail: bytes, key: Key) -> list[str]:
    return verdicts(mail, {"s1._domainkey.football.example.com": f"v=DKIM1; p={published(key)}"})


def test_the_verifier_of_these_tests_agrees_with_the_example_of_the_rfc() -> None:
    assert verdicts(EXAMPLE, RECORDS) == ["pass", "pass"]
    assert verdicts(EXAMPLE.replace(b"hungry", b"angry"), RECORDS) == ["body hash"] * 2
    assert verdicts(EXAMPLE.replace(b"dinner", b"supper"), RECORDS) == ["signature"] * 2


@pytest.mark.parametrize("key", [RSA, ED25519], ids=["rsa", "ed25519"])
def test_what_is_signed_is_proved_however_it_is_folded_on_the_way(key: Key) -> None:
    """The rule: relaxed/relaxed, rsa-sha256 and ed25519-sha256."""
    mail = signed(MAIL, key)
    assert proved(mail, key) == ["pass"]
    refolded = mail.replace(b"Subject: Is dinner", b"SUBJECT:  Is\r\n\tdinner").replace(
        b"game.  Are", b"game.\t Are"
    )
    assert proved(refolded.replace(b"Joe.\r\n", b"Joe. \r\n\r\n \r\n"), key) == ["pass"]


@pytest.mark.parametrize(
    ("what", "instead", "why"),
    [
        (b"hungry", b"angry", "body hash"),
        (b"Is dinner", b"Is supper", "signature"),
        (b"From: Joe", b"From: Eve <eve@example.com>\r\nFrom: Joe", "signature"),
        (b"To: Suzie", b"Subject: More\r\nTo: Suzie", "signature"),
        (b"mailto:joe", b"mailto:eve", "signature"),
    ],
    ids=["words", "subject", "a second sender", "a second subject", "way to unsubscribe"],
)
def test_what_is_changed_or_added_on_the_way_is_noticed(what: bytes, instead: bytes, why: str) -> None:
    assert proved(signed(MAIL, ED25519).replace(what, instead, 1), ED25519) == [why]


def test_the_same_mail_and_the_same_key_give_the_same_signature() -> None:
    assert signed(MAIL, RSA) == signed(MAIL, RSA)
    assert max(map(len, signed(MAIL, RSA).split(b"\r\n"))) <= 78


LINES = st.text(alphabet="ab .\t", max_size=12)


@settings(max_examples=60)
@given(st.lists(LINES, max_size=6), LINES)
def test_any_words_are_proved(body: list[str], subject: str) -> None:
    mail = f"From: j@football.example.com\r\nSubject: {subject}\r\n\r\n" + "".join(
        f"{line}\r\n" for line in body
    )
    assert proved(signed(mail.encode(), ED25519), ED25519) == ["pass"]


@pytest.mark.parametrize(
    ("address", "signs"),
    [
        ("joe@football.example.com", True),
        ("joe@Eu.Football.example.com", True),
        ("joe@example.com", False),
        ("joe@notfootball.example.com", False),
    ],
)
def test_a_domain_signs_for_itself_and_for_those_below_it(address: str, signs: bool) -> None:
    assert Signer("football.example.com", "s1", ED25519).signs_for(address) is signs


def test_keys_of_both_kinds_are_read_and_others_refused_in_words() -> None:
    for key in (RSA, ED25519):
        assert published(key_from(pem_of(key))) == published(key)
    for wrong in ("", "nonsense", pem_of(ED25519)[:60]):
        with pytest.raises(ValueError, match="must be a private key in PEM"):
            key_from(wrong)
    with pytest.raises(ValueError, match="must be a key of RSA"):
        key_from(pem_of(ec.generate_private_key(ec.SECP256R1())))
