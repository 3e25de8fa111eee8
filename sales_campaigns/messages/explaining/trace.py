"""A trace: every gate on the way of a mail or a task in order, and the one that decides the moment.

The rule: for every person and step, at any moment, why it was sent then, why it has not been sent yet, and the next
moment it can go. Exactly one binding reason for every step that waits.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


class Stand(StrEnum):
    """How a gate stands: open, closed for a while, closed for good, or part of what has happened."""

    PASSED = "passed"
    WAITS = "waits"
    STOPS = "stops"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Remedy:
    """What to do about it, and where: `place` names a page, `id` its row."""

    words: str
    place: str
    id: int = 0


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate: its name, the sentence of its rule, and its value as things stand.

    One that waits does so `until` an instant (business time), or where that is None for an `event`, in words after
    "until". One that moved an instant says `since` when it stood before. `says` is the sentence where it binds, and
    `broken` tells that something is out of order that people must put right.
    """

    name: str
    rule: str
    value: str
    stand: Stand = Stand.PASSED
    says: str = ""
    since: datetime | None = None
    until: datetime | None = None
    event: str = ""
    remedy: Remedy | None = None
    broken: bool = False

    @property
    def key(self) -> str:
        """Tells it from other gates of the same trace, and is the same at the next look."""
        return self.name.lower().replace(" ", "_")


@dataclass(frozen=True, slots=True)
class Trace:
    """`binding` is the gate that decides the moment; None when all is over.

    `at` is the instant at which it `does` what it does next ("leaves", "opens as a task", "is cancelled"), None when
    that hangs on an event; then `expected` is the instant as things stand, where one is known.
    """

    gates: tuple[Gate, ...]
    binding: Gate | None
    does: str
    at: datetime | None = None
    expected: datetime | None = None

    @property
    def sentence(self) -> str:
        """The reason, without the moment."""
        last = self.binding or (self.gates[-1] if self.gates else None)
        return (last.says or last.value) if last else ""

    @property
    def moment(self) -> tuple[str, datetime | None, str]:
        """What happens next and when: an instant, or the event it hangs on."""
        event = self.binding.event if self.binding and self.at is None else ""
        return self.does, self.at, event


def passed(gates: Iterable[Gate]) -> list[Gate]:
    """Gates of what has left, opened or ended: whenever that was, they are behind it."""
    return [replace(gate, stand=Stand.PASSED) for gate in gates]


def opens_at(gates: Iterable[Gate], now: datetime) -> datetime:
    """The instant from which no gate that knows its instant is closed any more."""
    return max([now, *(gate.until for gate in gates if gate.stand is Stand.WAITS and gate.until)])


def trace_of(gates: Iterable[Gate], does: str, now: datetime) -> Trace:
    """Find the binding gate: the first that waits for an event, else one that stops it, else the latest instant.

    Of two gates with the same instant the later one binds: it is what moved the mail there.
    """
    every = tuple(gates)
    waiting = [gate for gate in every if gate.stand is Stand.WAITS]
    stops = next((gate for gate in every if gate.stand is Stand.STOPS), None)
    hangs = next((gate for gate in waiting if gate.until is None), None)
    at = opens_at(every, now)
    if hangs is not None:
        return Trace(every, hangs, does, expected=at if at > now else None)
    if stops is not None:
        return Trace(every, stops, stops.event or "is cancelled", at)
    latest = next((gate for gate in reversed(waiting) if gate.until == at), None)
    binding = latest or next(reversed(waiting), None)
    return Trace(every, binding, does, at)
