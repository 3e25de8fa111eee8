"""One-time codes: the rule: mailed, expiring in an hour, throttled, hashed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sales_campaigns.accounts.channels.codes import Asked, as_shown, as_typed, too_often, trouble_with

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)


def asked(*, hashed: str = "right", attempts: int = 0, ago: timedelta = timedelta(minutes=5)) -> Asked:
    return Asked(hashed, attempts, 1, NOW - ago, NOW - ago)


@pytest.mark.parametrize(
    ("code", "typed", "words"),
    [
        (asked(), "right", ""),
        (asked(), "wrong", "not the code"),
        (asked(attempts=4), "right", ""),
        (asked(attempts=5), "right", "five wrong codes"),
        (asked(ago=timedelta(minutes=59, seconds=59)), "right", ""),
        (asked(ago=timedelta(hours=1)), "right", "lives for an hour"),
        (asked(hashed=""), "right", "works once"),
        (asked(hashed=""), "", "works once"),
    ],
)
def test_a_code_is_good_for_an_hour_five_tries_and_one_use(code: Asked, typed: str, words: str) -> None:
    found = trouble_with(code, typed, NOW)
    assert words in found and bool(words) == bool(found)


@pytest.mark.parametrize(
    ("code", "of_all", "refused"),
    [
        (None, 0, ""),
        (asked(ago=timedelta(seconds=59)), 1, "a moment ago"),
        (asked(ago=timedelta(minutes=1)), 4, ""),
        (asked(), 5, "Five codes"),
        (None, 5, "Five codes"),
    ],
)
def test_one_a_minute_for_an_address_and_five_an_hour_for_a_user(
    code: Asked | None, of_all: int, refused: str
) -> None:
    found = too_often(code, of_all, NOW)
    assert refused in found and bool(refused) == bool(found)


def test_it_is_typed_in_any_way() -> None:
    assert as_shown("ABCD2345") == "ABCD-2345"
    assert as_typed(" abcd-2345 ") == as_typed("ABCD 2345") == "ABCD2345"
