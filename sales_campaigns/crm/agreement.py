"""How two sides that both changed a task come to agree, field by field. Pure.

The rule: changes are pulled with overlap, echoes ignored, newest wins per field.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

Values = Mapping[str, str]
STATUS, SUBJECT = "status", "subject"
OPEN, COMPLETE, GONE = "open", "complete", "gone"
# The rule: subject edits of the CRM never come back. Who a task is about is decided here.
OURS_ONLY = frozenset({SUBJECT, "person"})
# What the CRM knows of a task and may change. A value of "" there is one that we do not know and leave alone.
SHARED = ("status", "priority", "due", "comments", "owner")
LONGEST_COMMENT = 32_000


@dataclass(frozen=True, slots=True)
class Agreement:
    """`take` is to be done here; `agreed` is what both sides now know of each other."""

    take: dict[str, str] = field(default_factory=dict)
    agreed: dict[str, str] = field(default_factory=dict)


def agree(
    ours: Values,
    agreed: Values,
    theirs: Values,
    ours_at: Mapping[str, datetime],
    theirs_at: datetime,
    doubtful: Sequence[Values] = (),
) -> Agreement:
    """What follows from how a task stands there.

    A field that still is as agreed there says nothing new (an echo). One of ours whose answer was lost, and which
    arrived after all, is an echo as well: it is no wish of anybody there, and ours is written again.
    """
    result = Agreement(agreed=dict(agreed))
    for name in SHARED:
        there = _said(theirs, name)
        if there is None or there == agreed.get(name):
            continue
        result.agreed[name] = there
        if ours.get(name) == there or any(one.get(name) == there for one in doubtful):
            continue
        if _theirs_wins(name, ours, agreed, ours_at, theirs_at):
            result.take[name] = there
    return result


def to_write(ours: Values, agreed: Values) -> dict[str, str]:
    """The fields that the CRM does not have as we have them."""
    return {name: value for name, value in ours.items() if agreed.get(name) != value}


def comparable(text: str) -> str:
    """A comment as either side has it: line ends and length are the CRM's."""
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip()[:LONGEST_COMMENT].rstrip()


def _said(theirs: Values, name: str) -> str | None:
    """None where the CRM says nothing that we understand. An empty comment or due date does say something."""
    if name not in theirs or (theirs[name] == "" and name != "comments"):
        return None
    return theirs[name]


def _theirs_wins(
    name: str, ours: Values, agreed: Values, ours_at: Mapping[str, datetime], theirs_at: datetime
) -> bool:
    """What is over here stays over: opening it again there changes nothing that has followed since."""
    if name == STATUS and ours.get(STATUS) in (COMPLETE, GONE):
        return False
    if ours.get(name) == agreed.get(name):
        return True
    changed = ours_at.get(name)
    return changed is None or changed <= theirs_at
