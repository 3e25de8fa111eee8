"""Variants of an e-mail step: who gets which. Nothing in it is random.

The rule: stable for each person, from the key of the step and the address. Every variant draws a lot for the person,
and the highest one wins, so that one more variant takes people only for itself, and one that is stopped gives up its
own and no others.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from string import ascii_uppercase
from typing import Protocol, TypeVar

MOST = 5
HEAVIEST = 100
FIRST_WEIGHT = 50
LETTERS = ascii_uppercase


class Weighed(Protocol):
    """What the rule needs of a variant, be it a row or a value."""

    @property
    def key(self) -> str: ...
    @property
    def weight(self) -> int: ...
    @property
    def stopped(self) -> bool: ...


V = TypeVar("V", bound=Weighed)


@dataclass(frozen=True, slots=True)
class VariantDraft:
    """One of the contents of an e-mail step. `key` is its letter, the same through all versions.

    `weight` is from 1 to 100; its share is that of the weights of all that are not `stopped`.
    """

    key: str
    wording_id: int
    weight: int = FIRST_WEIGHT
    from_template: str = ""
    stopped: bool = False
    template_id: int | None = None


def running(variants: Iterable[V]) -> list[V]:
    """Those that people still get."""
    return [one for one in variants if not one.stopped]


def variant_for(step_key: str, variants: Sequence[V], email: str, kept: str = "") -> V | None:
    """The variant of this person; None for a step that says the same to everybody.

    `kept` is the letter that a scheduled mail has: it stays while that variant is there and not stopped.
    """
    offered = running(variants)
    mine = next((one for one in offered if one.key == kept), None)
    return mine or max(offered, key=lambda one: _lot(step_key, one, email.lower()), default=None)


def share(variant: Weighed, variants: Iterable[Weighed]) -> float:
    """Its part of the people who are still to come, from 0 to 1."""
    whole = sum(one.weight for one in running(variants))
    return 0.0 if variant.stopped or not whole else variant.weight / whole


def next_letter(used: Iterable[str]) -> str:
    """The one after all that were ever used, so that no figure is taken for another's; "" when none is left."""
    last = max(used, default="")
    return LETTERS[LETTERS.index(last) + 1 :][:1] if last else LETTERS[0]


def _lot(step_key: str, variant: Weighed, email: str) -> float:
    """A number that is the higher the heavier the variant is; weights come out as shares of many people."""
    digest = sha256(f"{step_key}\0{variant.key}\0{email}".encode()).digest()
    drawn = (int.from_bytes(digest[:7]) + 0.5) / 2**56
    return -variant.weight / math.log(drawn)
