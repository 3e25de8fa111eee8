"""Slots of a capacity rule: how many of those who leave at one instant stay, and by how many slots the others move.

The rule: “more than N per hour or day for a mailbox, a sending domain or the delivery: moves to the next slot”. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Share:
    """Of one instant the recipients from place `first` until before `last` move by `slots`; with `each` not 0, every
    further `each` of them by one slot more.
    """

    first: int
    last: int
    slots: int
    each: int = 0


def deal(
    groups: Sequence[tuple[int, int]], used: Mapping[int, int], most: int, seconds: int
) -> dict[int, list[Share]]:
    """`groups` are (seconds from the start, recipients), each instant once; `used` is slot → what else leaves in it.

    A slot is `seconds` long, counted from the start. Who is first by instant has the place; nobody moves earlier.
    """
    taken = dict(used)
    return {after: _deal_one(after // seconds, number, taken, most) for after, number in sorted(groups)}


def _deal_one(own: int, number: int, taken: dict[int, int], most: int) -> list[Share]:
    shares: list[Share] = []
    place, slot = 0, own
    while place < number:
        if slot > max(taken, default=own - 1):
            shares.append(Share(place, number, slot - own, most))
            _fill(taken, slot, number - place, most)
            break
        some = min(max(most - taken.get(slot, 0), 0), number - place)
        if some:
            shares.append(Share(place, place + some, slot - own))
            taken[slot] = taken.get(slot, 0) + some
        place, slot = place + some, slot + 1
    return shares


def _fill(taken: dict[int, int], slot: int, number: int, most: int) -> None:
    """From this slot on nothing was taken before."""
    while number > 0:
        taken[slot] = min(most, number)
        number, slot = number - most, slot + 1
