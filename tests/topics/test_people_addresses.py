"""Addresses: what is refused, what is kept, how it is written for the wire."""

from __future__ import annotations

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given
from hypothesis import strategies as st

from sales_campaigns.addresses import check_address
from sales_campaigns.errors import Invalid


def test_it_keeps_what_was_typed_and_makes_a_lower_cased_key() -> None:
    checked = check_address(" Maria.Santos@Example.COM ")
    assert (checked.email, checked.key) == ("Maria.Santos@example.com", "maria.santos@example.com")
    assert checked.domain == "example.com"
    assert not checked.needs_utf8


def test_it_encodes_an_international_domain_for_the_wire() -> None:
    checked = check_address("idn@bücher.example")
    assert checked.email == "idn@bücher.example"
    assert checked.wire == "idn@xn--bcher-kva.example"
    assert not checked.needs_utf8
    assert check_address("IDN@xn--bcher-kva.example").key == checked.key


def test_it_keeps_and_marks_a_local_part_that_is_not_ascii() -> None:
    checked = check_address("jörg@example.com")
    assert (checked.email, checked.wire, checked.needs_utf8) == ("jörg@example.com", "jörg@example.com", True)


@pytest.mark.parametrize("line_break", ["\r\n", "\n", "\r", "\u2028", "\x00", "\x85"])
def test_it_refuses_a_line_break_or_control_character(line_break: str) -> None:
    with pytest.raises(Invalid, match="line break"):
        check_address(f"x@example.com{line_break}Bcc: y@example.com")


@pytest.mark.parametrize(
    "wrong",
    [
        "not-an-address",
        "a@b..example.com",
        "a@localhost",
        "a b@example.com",
        "Ana <a@example.com>",
        f"{'a' * 65}@example.com",
        f"a@{'b' * 64}.com",
        f"a@{'b.' * 130}com",
        "a@-b.com",
        "a@b.c0m.12",
        "",
    ],
)
def test_it_refuses_what_is_no_address(wrong: str) -> None:
    with pytest.raises(Invalid, match="not an e-mail address"):
        check_address(wrong)


@pytest.mark.parametrize(
    "domain", ["example.com", "example.org", "sub.example.net", "demo.example", "x.test"]
)
def test_it_welcomes_domains_reserved_for_examples_and_tests(domain: str) -> None:
    assert check_address(f"ana@{domain}").domain == domain


LOCAL = st.text("abZ09.+-_'~ @\"ö", min_size=1, max_size=70)
DOMAIN = st.text("abZ09.-_ö", max_size=70).flatmap(
    lambda start: st.sampled_from(
        [f"{start}.com", f"{start}.test", f"{start}.LOCAL", start, f"{start}.xn--p1ai"]
    )
)


@given(LOCAL, DOMAIN)
@example('"0"', "0.com")
@example('"a b"', "0.com")
@example('"a@b"', "0.com")
def test_it_accepts_by_shape_only_what_the_full_check_accepts(local: str, domain: str) -> None:
    raw = f"{local}@{domain}"
    try:
        full = validate_email(
            raw.strip(" \t"),
            check_deliverability=False,
            strict=True,
            allow_quoted_local=True,
            test_environment=True,
        )
    except EmailNotValidError:
        full = None
    if full is None or " " in full.local_part:  # legal in quotes, and no mail can be sent there
        with pytest.raises(Invalid):
            check_address(raw)
    else:
        checked = check_address(raw)
        assert checked.email == full.normalized
        assert checked.wire == f"{full.local_part}@{full.ascii_domain}"
