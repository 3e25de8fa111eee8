"""Encryption and sign-in: nothing is sent to a server that is not the right one."""

from __future__ import annotations

import ssl
from dataclasses import replace
from pathlib import Path

import pytest

from integrations.smtp import SmtpProvider
from sales_campaigns.errors import Outside
from tests.providers.certificates import server_context
from tests.providers.mails import QUICK, a_mail, an_account, handed_over, kinds, mails
from tests.sink import Manners, Sink

Trust = tuple[ssl.SSLContext, str]


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Trust:
    return server_context(tmp_path_factory.mktemp("certificates"))


def secure(trust: Trust, security: str) -> Manners:
    return Manners(tls=trust[0]) if security == "tls" else Manners(starttls=trust[0])


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_it_sends_encrypted_to_a_server_it_trusts(sink: Sink, trust: Trust, security: str) -> None:
    sink.behave(secure(trust, security))
    settings = replace(QUICK, ca_bundle=trust[1])
    assert kinds(handed_over(sink, mails(3), settings, security=security)) == ["sent"] * 3
    assert len(sink.caught) == 3


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_it_says_nothing_to_a_server_whose_certificate_it_does_not_trust(
    sink: Sink, trust: Trust, security: str
) -> None:
    sink.behave(secure(trust, security))
    (outcome,) = handed_over(sink, [a_mail()], security=security, username="ana", secret="s")
    assert outcome.refused is not None and outcome.refused.kind == "policy"
    assert "certificate" in outcome.refused.words
    assert not any(line.startswith(("AUTH", "MAIL")) for line in sink.heard)


def test_it_checks_that_the_certificate_names_the_server(sink: Sink, tmp_path: Path) -> None:
    context, bundle = server_context(tmp_path, "127.0.0.9")
    sink.behave(Manners(tls=context))
    settings = replace(QUICK, ca_bundle=bundle)
    assert kinds(handed_over(sink, [a_mail()], settings, security="tls")) == ["policy"]


def test_it_sends_nothing_when_starttls_is_wanted_and_not_offered(sink: Sink) -> None:
    (outcome,) = handed_over(sink, [a_mail()], security="starttls", username="ana", secret="s")
    assert outcome.refused is not None and outcome.refused.kind == "policy"
    assert "STARTTLS" in outcome.refused.words
    assert [line.split()[0] for line in sink.heard] == ["EHLO"]


def test_it_asks_again_what_is_offered_once_the_connection_is_encrypted(sink: Sink, trust: Trust) -> None:
    sink.behave(secure(trust, "starttls"))
    handed_over(sink, [a_mail()], replace(QUICK, ca_bundle=trust[1]), security="starttls")
    assert [line.split()[0] for line in sink.heard[:3]] == ["EHLO", "STARTTLS", "EHLO"]


def test_it_takes_no_answer_that_was_slipped_in_before_encryption(sink: Sink, trust: Trust) -> None:
    sink.behave(secure(trust, "starttls"))
    sink.obey(lambda position, _: b"220 go\r\n250 slipped in\r\n" if position == "STARTTLS" else None)
    settings = replace(QUICK, ca_bundle=trust[1])
    (outcome,) = handed_over(sink, [a_mail()], settings, security="starttls")
    assert (
        outcome.refused is not None and "spoke before the connection was encrypted" in outcome.refused.words
    )


def test_it_is_transient_when_the_other_end_speaks_no_tls(sink: Sink) -> None:
    assert kinds(handed_over(sink, [a_mail()], security="tls")) == ["transient"]


@pytest.mark.parametrize("sign_ins", ["PLAIN LOGIN", "PLAIN", "LOGIN", "CRAM-MD5 LOGIN"])
def test_it_signs_in(sink: Sink, sign_ins: str) -> None:
    sink.behave(Manners(users={"ana@ana.example": "pässwörd"}, sign_ins=sign_ins))
    outcomes = handed_over(sink, mails(2), username="ana@ana.example", secret="pässwörd")
    assert kinds(outcomes) == ["sent", "sent"]
    assert sum(line.startswith("AUTH") for line in sink.heard) == 1


@pytest.mark.parametrize("sign_ins", ["PLAIN", "LOGIN"])
def test_it_says_that_the_mailbox_must_be_connected_again(sink: Sink, sign_ins: str) -> None:
    sink.behave(Manners(users={"ana": "right"}, sign_ins=sign_ins))
    outcomes = handed_over(sink, mails(3), username="ana", secret="wrong")
    assert kinds(outcomes) == ["authorisation"] * 3
    assert [outcome.code for outcome in outcomes] == [535] * 3
    assert sink.connections == 1  # asking with a wrong password again and again locks accounts


@pytest.mark.parametrize("sign_ins", ["", "CRAM-MD5"])
def test_it_needs_a_sign_in_it_knows(sink: Sink, sign_ins: str) -> None:
    sink.behave(Manners(users={"ana": "right"} if sign_ins else {}, sign_ins=sign_ins))
    assert kinds(handed_over(sink, [a_mail()], username="ana", secret="right")) == ["authorisation"]


def test_it_never_shows_the_password(sink: Sink) -> None:
    sink.behave(Manners(users={"ana": "right"}))
    provider = SmtpProvider(an_account(sink, username="ana", secret="tell-nobody"), QUICK)
    with pytest.raises(Outside) as refused:
        provider.check()
    assert "tell-nobody" not in f"{refused.value!r} {refused.value} {provider!r}"


def test_it_passes_on_what_a_server_says_instead_of_signing_in(sink: Sink) -> None:
    sink.behave(Manners(users={"ana": "right"}))
    sink.obey(lambda position, _: "454 4.7.0 later" if position == "AUTH" else None)
    assert kinds(handed_over(sink, [a_mail()], username="ana", secret="right")) == ["transient"]


def test_it_speaks_to_a_server_that_knows_only_helo(sink: Sink) -> None:
    sink.behave(Manners(ehlo=False))
    assert kinds(handed_over(sink, mails(2))) == ["sent", "sent"]
    assert "HELO [127.0.0.1]" in sink.heard


@pytest.mark.parametrize(("token", "outcome"), [("ya29.good", "sent"), ("expired", "authorisation")])
def test_it_signs_in_with_an_access_token(sink: Sink, token: str, outcome: str) -> None:
    """XOAUTH2: why a token is refused comes as a question, which an empty line answers."""
    sink.behave(Manners(sign_ins="PLAIN XOAUTH2", users={"ana": "ya29.good"}))
    (answer,) = handed_over(sink, [a_mail()], username="ana", secret=token, token=True)
    assert kinds([answer]) == [outcome]
