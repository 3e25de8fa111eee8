"""Is what was simulated what happened? Every difference, with what explains it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sales_campaigns.campaigns.planner.effects import MOVES

Entry = Mapping[str, Any]
Key = tuple[str, int, int]
COMPARED = ("kind", "at", "zone", "follows", "moved", "done", "variant")


@dataclass(frozen=True, slots=True)
class Difference:
    """One step of one person: what was `foreseen` and what `happened` (None: nothing), and `fields` that differ."""

    person: str
    day: int
    step: int
    foreseen: Entry | None
    happened: Entry | None
    fields: tuple[str, ...] = ()


def differences(foreseen: Iterable[Entry], happened: Iterable[Entry]) -> list[Difference]:
    """Sorted by person, then step; none when they are equal to the second."""
    before, after = _by_key(foreseen), _by_key(happened)
    found = [
        _difference(key, before.get(key), after.get(key)) for key in sorted(before.keys() | after.keys())
    ]
    return [difference for difference in found if difference is not None]


def left_otherwise(happened: Iterable[Entry], messages: Iterable[Entry]) -> list[Difference]:
    """Mails that left at another instant than that at which they were due, such as after a refusal for now."""
    sent = {_key(message): message for message in messages}
    late = []
    for entry in happened:
        message = sent.get(_key(entry))
        if message is not None and message["at"] != entry.get("done", entry["at"]):
            late.append(Difference(*_key(entry), entry, {**entry, "at": message["at"]}, ("sent",)))
    return late


def _difference(key: Key, before: Entry | None, after: Entry | None) -> Difference | None:
    if before is None or after is None:
        return Difference(*key, before, after)
    fields = tuple(name for name in COMPARED if before.get(name) != after.get(name))
    return Difference(*key, before, after, fields) if fields else None


def _by_key(entries: Iterable[Entry]) -> dict[Key, Entry]:
    return {_key(entry): entry for entry in entries}


def _key(entry: Entry) -> Key:
    return entry["person"], entry["day"], entry["step"]


def sentence(difference: Difference, ending: str = "") -> str:
    """What differs and what explains it; `ending` says why it ended, or stands still, for this person."""
    before, after = difference.foreseen, difference.happened
    if after is None:
        return "Did not happen" + (f": {ending}" if ending else "") + "."
    if before is None:
        return "Happened, and was not foreseen."
    if difference.fields == ("sent",):
        return "Left later than it was due: its first try was refused for now."
    moved = [move["why"] for move in after["moved"] if move not in before["moved"]]
    causes = " and ".join(dict.fromkeys(MOVES.get(why, why) for why in moved))
    if before["at"] != after["at"]:
        return "Happened at another time" + (f": {causes}" if causes else "") + "."
    return f"Differs in {', '.join(difference.fields)}."
