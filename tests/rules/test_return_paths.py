"""Return paths: each names its message, survives what servers do to an address, and cannot be guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_campaigns.addresses import check_address
from sales_campaigns.messages.return_paths import ReturnPath

PATTERNS = ("bounces+*@north.example", "*@bounces.north.example", "b-*-x@north.example")
RETURNS = ReturnPath(PATTERNS[0], ("the key of this installation", "the one before"))


@given(st.sampled_from(PATTERNS), st.integers(0, 2**40 - 1))
def test_an_address_names_its_message_whatever_became_of_its_case(pattern: str, number: int) -> None:
    returns = ReturnPath(pattern, RETURNS.keys)
    address = returns.address(number)
    assert check_address(address).wire == address and len(address.partition("@")[0]) <= 64
    for written in (address, address.upper(), f" <{address}> "):
        assert returns.message_in(written) == number


def test_it_is_known_while_the_key_is_replaced() -> None:
    before = ReturnPath(RETURNS.pattern, RETURNS.keys[1:]).address(7)
    assert RETURNS.message_in(before) == 7
    assert ReturnPath(RETURNS.pattern, ("another",)).message_in(before) is None


@pytest.mark.parametrize(
    "written",
    ["", "<>", "ana@north.example", "bounces+@north.example", "bounces+x@north.example", "bounces+ä@north.example",
     "bounces+" + "a" * 24 + "@north.example", "bounces+" + "a" * 400 + "@north.example",
     RETURNS.address(7).replace("@north", "@south"), "x" + RETURNS.address(7)],
)  # fmt: skip
def test_what_nobody_here_has_signed_names_nothing(written: str) -> None:
    """The rule: a report that is forged names nothing (reference: bad-input catalogue)."""
    assert RETURNS.message_in(written) is None


@given(st.integers(0, 23), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_no_letter_of_a_token_can_be_changed(at: int, letter: str) -> None:
    address = RETURNS.address(123_456)
    at = len("bounces+") + at % (len(address.partition("@")[0]) - len("bounces+"))
    changed = address[:at] + letter + address[at + 1 :]
    assert RETURNS.message_in(changed) == (123_456 if changed == address else None)
