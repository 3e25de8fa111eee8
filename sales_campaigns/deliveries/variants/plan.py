"""An A/B test as a value: how many try the variants, what they are judged by, and which of them wins. Pure.

The rule: two or three variants of subject or words; a share of the target tries them, dealt evenly and the same at
every preparation; the rest gets the winner, after a time or as soon as enough did what is judged; a tie, or too few,
is for a person to decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sales_campaigns.deliveries.waves import Wave
from sales_campaigns.tracking.winner import Sample, verdict_of

LETTERS = ("A", "B", "C")  # A is what the delivery itself says
MOST_SHARE = 90  # percent: somebody must be left for the winner
LONGEST = 24 * 60  # hours, as the longest validity
LEAST = 20  # delivered of each variant: with fewer the higher share is a whim
_PRIME = 2**31 - 1
_FACTOR = 48_271


class Measure(StrEnum):
    """What people did: distinct recipients of the delivered."""

    OPENED = "opened"
    CLICKED = "clicked"
    REPLIED = "replied"


MEASURES = {Measure.OPENED: "opens", Measure.CLICKED: "clicks", Measure.REPLIED: "replies"}


class Chooser(StrEnum):
    """Who names the winner when the test is over."""

    PERSON = "person"
    BEST = "best"
    SURE = "sure"


CHOOSERS = {
    Chooser.PERSON: "A person chooses",
    Chooser.BEST: "By itself: the highest share wins",
    Chooser.SURE: "By itself when one is better for sure (95 %)",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """`share` is the percent of the recipients who try the variants, all together; `hours` count from when the last of
    them has the mail; with `floor` it is over sooner, once that many did with one variant what is judged.
    """

    share: int = 20
    measure: Measure = Measure.OPENED
    hours: int = 24
    floor: int = 0
    chooser: Chooser = Chooser.PERSON

    @property
    def lasts(self) -> timedelta:
        return timedelta(hours=self.hours)


@dataclass(frozen=True, slots=True)
class Judgement:
    """`winner` is a letter, "" where a person must choose; `words` say why."""

    winner: str
    words: str


def plan_problems(plan: Plan, *, opens: bool, clicks: bool, validity_hours: int) -> dict[str, str]:
    """By field. `opens` and `clicks`: whether the delivery notices them."""
    problems: dict[str, str] = {}
    if not 1 <= plan.share <= MOST_SHARE:
        problems["share"] = f"Between 1 and {MOST_SHARE} percent try the variants; the rest gets the winner."
    if not 1 <= plan.hours <= LONGEST:
        problems["hours"] = f"A test lasts from 1 to {LONGEST:,} hours."
    elif plan.hours >= validity_hours:
        problems["hours"] = (
            f"The delivery is valid for {validity_hours:,} hours: the winner could not leave any more."
        )
    if plan.floor < 0:
        problems["floor"] = "Write a number of people, or nothing."
    noticed = {Measure.OPENED: opens, Measure.CLICKED: clicks}
    if not noticed.get(plan.measure, True):
        words = f"This delivery does not notice {MEASURES[plan.measure]}: judge by something else."
        problems["measure"] = words
    return problems


def lot(delivery_id: Any, address_id: Any) -> Any:
    """The lot of an address in a delivery, from 0 to a prime: nothing in it is random, and no order of ids shows.

    Made of whole numbers of 64 bits only, so that it is the same on both databases: for numbers and for columns.
    """
    once = (address_id * _FACTOR + delivery_id * 69_621 + 1) % _PRIME
    twice = (once * once + address_id) % _PRIME
    return (twice * twice + once) % _PRIME


def tried_part(share: int, recipients: int) -> int:
    """How many of the recipients try the variants: the share, rounded up."""
    return -(-recipients * share // 100)


def too_small(plan: Plan, variants: int, recipients: int) -> str:
    """The words of the error where not every variant has somebody, "" otherwise."""
    part = tried_part(plan.share, recipients)
    if part >= variants:
        return ""
    return f"{plan.share} % of {recipients:,} people are {part:,}: too few for {variants} variants. Let more try them."


def too_late(plan: Plan, waves: Sequence[Wave], latest: int, validity: timedelta) -> str:
    """The rule: the last wave must fit the validity period. The winner leaves in waves, after the test.

    `latest` is how many seconds later than the start the last of the test part get the mail.
    """
    last = latest + plan.hours * 3600 + max((wave.after for wave in waves), default=0)
    if last < validity.total_seconds():
        return ""
    return (
        f"The last mails of the winner would leave {last // 3600} h after the start, when the validity of"
        f" {int(validity.total_seconds()) // 3600} h is over. Lengthen the validity or shorten the test."
    )


def is_over(plan: Plan, left_at: datetime, samples: Mapping[str, Sample], now: datetime) -> bool:
    """After its time, or once enough did what it is judged by. `left_at`: when the last of its mails had left."""
    reached = max((sample.hits for sample in samples.values()), default=0)
    return now >= left_at + plan.lasts or bool(plan.floor and reached >= plan.floor)


def judged(plan: Plan, samples: Mapping[str, Sample]) -> Judgement:
    """Letter → sample of the variants. A tie, or too few, is for a person to decide."""
    what = MEASURES[plan.measure]
    least = min(samples, key=lambda letter: (samples[letter].delivered, letter))
    if samples[least].delivered < LEAST:
        delivered = samples[least].delivered
        return Judgement("", f"Too few to tell: of {least} only {delivered} of {LEAST} are delivered.")
    highest = max(sample.rate for sample in samples.values())
    best = sorted(letter for letter, sample in samples.items() if sample.rate == highest)
    if len(best) > 1:
        return Judgement("", f"A tie: {' and '.join(best)} have the same share of {what}.")
    if plan.chooser is Chooser.SURE:
        verdict = verdict_of(samples)
        return Judgement(verdict.winner, verdict.words) if verdict else Judgement("", "Nothing to compare.")
    leads = f"{best[0]} has the most {what}, {100 * highest:.1f} % of delivered."
    return Judgement("" if plan.chooser is Chooser.PERSON else best[0], leads)
