"""What a simulation found: every send and task, by day, and as the entries that other programs read.

People whose step happens alike share one entry, so that memory grows by a reference for each step of each person.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Any

from sales_campaigns.campaigns.planner import Outline, Planned, StepKind
from sales_campaigns.campaigns.planner.local_time import wall_clock
from sales_campaigns.campaigns.varied import VariedSteps

Entry = dict[str, Any]
Bottleneck = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Happening:
    """One step as it happens for these people, in order of address."""

    entry: Planned
    who: list[str]


@dataclass(frozen=True)
class Simulation:
    """`happenings` are in order of their instant; `start` is UTC, `zone` the sender's.

    `to_deliver` counts the people who get mail. `excluded` has `person` and `cause`, one each. `varied` are the steps
    of which each person gets one variant.
    """

    campaign: str
    start: datetime
    zone: str
    outline: Outline
    targeted: int
    to_deliver: int
    excluded: Sequence[Mapping[str, str]]
    happenings: Sequence[Happening]
    limit: int | None = None
    task_delay_days: int = 0
    varied: VariedSteps = field(default_factory=dict)

    @property
    def finishes(self) -> datetime | None:
        ends = (one.entry.done_at or one.entry.at for one in self.happenings)
        return max(ends, default=None)

    @property
    def bottleneck(self) -> Bottleneck | None:
        """What makes this take longer than the campaign itself: the mailbox, else late tasks, else nothing."""
        moved: Counter[str] = Counter()
        for one in self.happenings:
            moved.update(dict.fromkeys({move.why for move in one.entry.moved}, len(one.who)))
        return self._bottleneck_of(moved)

    def as_it_happened(self, entries: Sequence[Entry]) -> dict[str, Any]:
        """The same with the entries of a rehearsal, and what follows from those."""
        moved = Counter(why for entry in entries for why in {move["why"] for move in entry["moved"]})
        finishes = max((str(entry.get("done", entry["at"])) for entry in entries), default=None)
        foot = {"finishes": finishes, "bottleneck": self._bottleneck_of(moved)}
        return {**self.head(), "entries": list(entries), **foot}

    def _bottleneck_of(self, moved: Counter[str]) -> Bottleneck | None:
        if moved["limit"]:
            return {"what": "mailbox", "limit_per_day": self.limit, "delayed": moved["limit"]}
        if moved["slip"] and self.task_delay_days:
            return {"what": "tasks", "task_delay_days": self.task_delay_days, "delayed": moved["slip"]}
        return None

    def entries(self) -> Iterator[Entry]:
        """One mapping a step of a person, sorted by instant, then person, then step; made as they are asked for."""
        for _, group in groupby(self.happenings, key=_at):
            together = list(group)
            lines = [_line(self.outline, one.entry) for one in together]
            people = ((who, one.entry.index, n) for n, one in enumerate(together) for who in one.who)
            for who, index, n in sorted(people) if len(together) > 1 else people:
                entry = {"person": who, **lines[n]}
                yield entry if index not in self.varied else {**entry, "variant": self.variant(index, who)}

    def variant(self, index: int, who: str) -> str:
        """The letter of what this person gets of the step at this place, "" where everybody gets the same."""
        varied = self.varied.get(index)
        drawn = varied.drawn_by(who) if varied is not None else None
        return drawn.key if drawn is not None else ""

    def by_variant(self) -> dict[int, Counter[str]]:
        """Place of a varied step → letter → how many of these people get it."""
        found: dict[int, Counter[str]] = defaultdict(Counter)
        for one in self.happenings:
            if one.entry.index in self.varied:
                found[one.entry.index].update(self.variant(one.entry.index, who) for who in one.who)
        return dict(sorted(found.items()))

    def by_day(self) -> dict[date, Counter[StepKind | None]]:
        """Local date of the sender → how many mails leave (None) and how many tasks of each kind open."""
        days: dict[date, Counter[StepKind | None]] = defaultdict(Counter)
        for one in self.happenings:
            kind = self.outline.steps[one.entry.index].kind if one.entry.is_task else None
            days[wall_clock(one.entry.at, self.zone).date()][kind] += len(one.who)
        return dict(sorted(days.items()))

    def days_behind(self) -> int:
        """How many days after its own date the mail leaves that waits longest for a place in the mailbox."""
        waits = (
            (one.entry.local.date() - move.from_.date()).days
            for one in self.happenings
            for move in one.entry.moved
            if move.why == "limit"
        )
        return max(waits, default=0)

    def told(self) -> dict[str, Any]:
        """All of it as plain values for JSON."""
        return {**self.head(), "entries": list(self.entries()), **self._foot()}

    def written(self) -> Iterator[str]:
        """The same as `told`, as pieces of JSON, without ever holding all entries."""
        yield json.dumps(self.head(), ensure_ascii=False)[:-1] + ', "entries": ['
        for number, entry in enumerate(self.entries()):
            yield (", " if number else "") + json.dumps(entry, ensure_ascii=False)
        yield "], " + json.dumps(self._foot(), ensure_ascii=False)[1:]

    def head(self) -> dict[str, Any]:
        """What stands before the entries."""
        return {
            "campaign": self.campaign,
            "start": utc(self.start),
            "zone": self.zone,
            "targeted": self.targeted,
            "to_deliver": self.to_deliver,
            "excluded": list(self.excluded),
        }

    def _foot(self) -> dict[str, Any]:
        ends = self.finishes
        return {"finishes": ends and utc(ends), "bottleneck": self.bottleneck}


@dataclass(slots=True)
class Gathering:
    """People by what happens to them. Entries are told apart by identity: the planner shares equal ones."""

    found: dict[int, Happening] = field(default_factory=dict)

    def add(self, who: str, planned: Iterable[Planned]) -> None:
        for entry in planned:
            key = id(entry)
            if key not in self.found:
                self.found[key] = Happening(entry, [])
            self.found[key].who.append(who)

    def in_order(self) -> list[Happening]:
        for one in self.found.values():
            one.who.sort()
        return sorted(self.found.values(), key=_at)


def utc(instant: datetime) -> str:
    """2026-11-30T14:00:00Z"""
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def _at(happening: Happening) -> datetime:
    return happening.entry.at


def _line(outline: Outline, entry: Planned) -> Entry:
    step = outline.steps[entry.index]
    followed = None if entry.follows is None else outline.steps[entry.follows]
    line: Entry = {
        "day": step.day,
        "step": step.number,
        "type": str(step.kind),
        "kind": "task" if entry.is_task else "message",
        "at": utc(entry.at),
        "local": entry.local.isoformat(),
        "zone": str(entry.local.tzinfo),
        "follows": followed and {"day": followed.day, "step": followed.number},
        "moved": [{"why": move.why, "from": move.from_.isoformat()} for move in entry.moved],
    }
    return line | {"done": utc(entry.done_at)} if entry.done_at else line
