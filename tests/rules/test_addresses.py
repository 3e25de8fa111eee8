"""Checking addresses."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from integrations.smtp.envelopes import Offers, objection
from sales_campaigns.addresses import MailAddress, check_address
from sales_campaigns.content.characters import one_line as display_name
from sales_campaigns.errors import Invalid
from sales_campaigns.ports import OutgoingMail


def test_case_is_kept_for_people_and_dropped_for_uniqueness() -> None:
    assert check_address(" Maria.L@Example.COM ") == MailAddress(
        "Maria.L@example.com", "maria.l@example.com", "Maria.L@example.com", needs_utf8=False
    )


@pytest.mark.parametrize("typed", ["a@example.com", "a@example.org", "a@acme.test", "a@foo.example"])
def test_names_kept_for_examples_and_tests_are_accepted(typed: str) -> None:
    assert check_address(typed).wire == typed


def test_an_international_domain_is_one_address_in_both_spellings() -> None:
    typed, encoded = check_address("ana@Bücher.example"), check_address("ana@xn--bcher-kva.example")
    assert typed.wire == encoded.wire == "ana@xn--bcher-kva.example"
    assert typed.key == encoded.key and typed.email == "ana@bücher.example"
    assert not typed.needs_utf8


def test_a_local_part_beyond_ascii_is_kept_and_marked() -> None:
    address = check_address("jörg@bücher.example")
    assert address.wire == "jörg@xn--bcher-kva.example" and address.needs_utf8
    assert check_address("jo\u0308rg@bücher.example").key == address.key


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "x",
        "@",
        "a@",
        "@example.com",
        "a@b",
        "a b@example.com",
        "a@example..com",
        "a@-x.example",
        "a@example.com\r\nBcc: b@example.com",
        "a\n@example.com",
        "a@example.com\x00",
        "a@exam\tple.com",
        "a@[127.0.0.1]",
        "Maria <a@example.com>",
        "a@example.com, b@example.com",
        "x" * 65 + "@example.com",
        "a@" + "x" * 64 + ".example",
        "a@exa_mple.com",
        "a\u202e@example.com",
    ],
)
def test_what_is_no_address_is_refused_beside_its_field(bad: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_address(bad)
    assert list(caught.value.problems) == ["email"]


@pytest.mark.parametrize("local", ['"a b"', '"a<b"', '"a>b"', '"jörg b"', '" "'])
def test_what_cannot_be_sent_is_refused_where_it_is_typed(local: str) -> None:
    with pytest.raises(Invalid, match="space or an angle bracket before the @"):
        check_address(f"{local}@example.com")


@given(st.text(max_size=12))
@example("a@b")
@example('a"b')
@example("a,b;c")
def test_a_quoted_address_that_is_taken_can_stand_in_an_envelope(local: str) -> None:
    """Accepted only what can be sent: whatever the check takes, a server that speaks SMTPUTF8 is offered."""
    quoted = local.replace("\\", "\\\\").replace('"', '\\"')
    try:
        address = check_address(f'"{quoted}"@example.com')
    except Invalid:
        return
    mail = OutgoingMail(1, "<1@example.com>", "ana@example.com", (address.wire,), b"", needs_utf8=True)
    assert objection(mail, Offers(utf8=True, eight_bit=True)) is None


@given(st.text(max_size=40))
def test_any_text_is_an_address_or_refused_and_checking_twice_changes_nothing(text: str) -> None:
    for raw in (text, f"{text}@example.com", f"a@{text}.example"):
        try:
            address = check_address(raw)
        except Invalid:
            continue
        assert check_address(address.email) == address
        assert check_address(address.wire).key == address.key


@given(st.text())
def test_a_display_name_is_one_printable_line(name: str) -> None:
    shown = display_name(name)
    assert not {"\r", "\n", "\x00", "\u2028", "\u202e"} & set(shown)
    assert display_name(shown) == shown


def test_a_display_name_keeps_what_people_are_called() -> None:
    assert display_name("Zoë 👩‍🚀 مريم") == "Zoë 👩‍🚀 مريم"
    assert display_name('Ana\r\nBcc: x@example.com "A"') == 'Ana Bcc: x@example.com "A"'
