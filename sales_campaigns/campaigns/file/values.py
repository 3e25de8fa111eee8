"""Reading one value of a campaign file. Each function raises Wrong with the words for its place."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import time, timedelta
from enum import StrEnum
from typing import TypeVar

from sales_campaigns.campaigns.file.nodes import Node
from sales_campaigns.campaigns.holiday_dates import refuse_unknown_place
from sales_campaigns.errors import Invalid

TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")
DURATION = re.compile(r"([1-9]\d{0,3})([mhd])")
UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}
UNSTORABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


class Wrong(Exception):
    """A value that is not what its key needs."""


def text(node: Node) -> str:
    if not isinstance(node.value, str):
        raise Wrong("Write text here; put numbers and true or false in quotes.")
    if UNSTORABLE.search(node.value):
        raise Wrong("There is a control character in this text. Take it out.")
    return node.value


def title(node: Node) -> str:
    """Text of one line that is not blank."""
    words = text(node)
    if not words.strip() or "\n" in words or "\r" in words:
        raise Wrong("Write one line of text.")
    return words


def flag(node: Node) -> bool:
    if not isinstance(node.value, bool):
        raise Wrong("Write true or false.")
    return node.value


def whole(node: Node) -> int:
    if not isinstance(node.value, int) or isinstance(node.value, bool) or not 1 <= node.value <= 1000:
        raise Wrong("Write a whole number from 1 to 1000.")
    return node.value


def time_of_day(node: Node) -> time:
    found = TIME.fullmatch(text(node))
    if found is None:
        raise Wrong('Write a time of day such as "09:00", from 00:00 to 23:59.')
    hour, minute, second = (int(part or 0) for part in found.groups())
    return time(hour, minute, second)


def duration(node: Node) -> timedelta:
    found = DURATION.fullmatch(text(node))
    if found is None:
        raise Wrong("Write a duration such as 30m, 4h or 10d.")
    return int(found[1]) * UNITS[found[2]]


def days(node: Node) -> int:
    length = duration(node)
    if length % UNITS["d"]:
        raise Wrong("Write whole days, such as 10d.")
    return length.days


def place(node: Node) -> str:
    where = text(node)
    try:
        refuse_unknown_place(where)
    except Invalid as unknown:
        raise Wrong(unknown.problems["holidays"]) from None
    return where


Kind = TypeVar("Kind", bound=StrEnum)
Value = TypeVar("Value")


def one_of(kind: type[Kind]) -> Callable[[Node], Kind]:
    def read(node: Node) -> Kind:
        if not isinstance(node.value, str) or node.value not in list(kind):
            raise Wrong(f"Write one of: {', '.join(kind)}.")
        return kind(node.value)

    return read


def or_null(read: Callable[[Node], Value]) -> Callable[[Node], Value | None]:
    def read_or_null(node: Node) -> Value | None:
        return None if node.value is None else read(node)

    return read_or_null
