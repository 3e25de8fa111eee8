"""When a delivery asks for a look: each criterion with its sentence, over what is known of it. Pure.

The rule: “Alerts (mail + UI): preparation failed, delivery failed, soft or hard ratio over 5 %, pending too long,
throughput too low, confirmation overdue; once a day per criterion.”
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

MOST_FAILURES = 0.05  # of what was handed off
LONGEST_WAIT = timedelta(hours=1)  # of a mail that is due and that nothing holds
LEAST_SHARE = 0.5  # of what the mailbox could have sent in an hour


class Criterion(StrEnum):
    PREPARATION_FAILED = "preparation_failed"
    DELIVERY_FAILED = "delivery_failed"
    HARD_RATIO = "hard_ratio"
    SOFT_RATIO = "soft_ratio"
    PENDING = "pending_too_long"
    THROUGHPUT = "throughput_too_low"
    OVERDUE = "confirmation_overdue"


@dataclass(frozen=True, slots=True)
class Standing:
    """One delivery as it stands. Numbers of mails; `longest_wait` of what is due; `allowed` in an hour by its
    mailbox, 0 for as many as it can; `last_hour` of what was handed off, `waiting` now and all through that hour.
    """

    preparation_failed: bool = False
    overdue: bool = False
    over: bool = False
    to_deliver: int = 0
    handed: int = 0
    hard: int = 0
    soft: int = 0
    delivered: int = 0
    longest_wait: timedelta = timedelta(0)
    last_hour: int = 0
    waiting: int = 0
    allowed: int = 0


def alarming(one: Standing) -> Iterator[tuple[Criterion, str]]:
    """(criterion, sentence) of each that holds."""
    if one.preparation_failed:
        yield Criterion.PREPARATION_FAILED, "Its preparation failed: the journal says why."
    if one.overdue:
        yield Criterion.OVERDUE, "Its date has come and nobody has confirmed it: nothing is sent."
    if one.over and one.to_deliver and not one.delivered:
        yield Criterion.DELIVERY_FAILED, f"It is over and none of its {one.to_deliver:,} mails was delivered."
    yield from _ratios(one)
    if one.longest_wait > LONGEST_WAIT:
        yield Criterion.PENDING, f"A mail of it has been due for {_hours(one.longest_wait)} and has not left."
    if _is_slow(one):
        said = f"{one.last_hour:,} of its mails left in an hour in which its mailbox may send {one.allowed:,}"
        yield Criterion.THROUGHPUT, f"{said}; {one.waiting:,} wait."


def _ratios(one: Standing) -> Iterator[tuple[Criterion, str]]:
    for criterion, failed, words in (
        (Criterion.HARD_RATIO, one.hard, "came back for good"),
        (Criterion.SOFT_RATIO, one.soft, "came back for now"),
    ):
        if one.handed and failed > MOST_FAILURES * one.handed:
            share = f"{100 * failed / one.handed:.1f} %"
            yield criterion, f"{share} {words}: {failed:,} of {one.handed:,} handed off."


def _is_slow(one: Standing) -> bool:
    """Only where a limit is known, and as much as it allows has waited all the while."""
    return bool(one.allowed) and one.waiting >= one.allowed and one.last_hour < LEAST_SHARE * one.allowed


def _hours(span: timedelta) -> str:
    hours = int(span.total_seconds() // 3600)
    return "an hour" if hours == 1 else f"{hours:,} hours"
