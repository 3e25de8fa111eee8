"""The words of the mails that the product writes to its users: pure text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Morning:
    """What a rep has before them on a morning."""

    name: str
    overdue: int
    due: int
    replies: int
    mails: int
    new: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.overdue or self.due or self.replies or self.mails or self.new)


def of_notices(words: Sequence[str]) -> tuple[str, str]:
    """Subject and text of notices that go out together; there is at least one."""
    subject = words[0] if len(words) == 1 else f"{words[0]} and {len(words) - 1} more"
    return subject, _text(words)


def of_morning(morning: Morning) -> tuple[str, str]:
    """Subject and text of the morning digest."""
    counted = (
        (morning.overdue, "task overdue", "tasks overdue"),
        (morning.due, "task due today", "tasks due today"),
        (morning.replies, "reply waiting", "replies waiting"),
        (morning.mails, "e-mail planned for today", "e-mails planned for today"),
    )
    lines = [f"{number:,} {one if number == 1 else many}" for number, one, many in counted if number]
    since = ["", "Since yesterday:", *(f"- {one}" for one in morning.new)] if morning.new else []
    return f"Today: {', '.join(lines[:2]) or 'news'}", _text(
        [f"Good morning, {morning.name}.", "", *lines, *since]
    )


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"
