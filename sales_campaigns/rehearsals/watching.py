"""A rehearsal as it is watched: everything that happened, one after the other, and the calendar it fills."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sales_campaigns.rehearsals.comparing import Difference, differences, left_otherwise
from sales_campaigns.rehearsals.models import Rehearsal, RehearsedMail

Place = tuple[str, int | None, int | None]
MAIL, TASK, DONE, ANSWER = "mail", "task", "done", "answer"
WEEK = 7
STATES = {"ended": "it had ended", "held": "it is held", "paused": "it is paused", "active": "it waits"}


@dataclass(frozen=True, slots=True)
class Happening:
    """`kind` is mail (it left), task (it opened), done (a task), or answer (something came back)."""

    at: datetime
    kind: str
    person: str
    place: str
    words: str
    mail_id: int | None = None


@dataclass(slots=True)
class Day:
    """One cell of the calendar: a date, and how many happenings of each kind."""

    date: date
    counts: Counter[str] = field(default_factory=Counter)


def happenings(rehearsal: Rehearsal, mails: Sequence[RehearsedMail]) -> list[Happening]:
    """Oldest first."""
    variants = {_place(entry): entry.get("variant", "") for entry in rehearsal.happened["entries"]}
    found = [_of_mail(mail, variants) for mail in mails]
    found += [one for entry in rehearsal.happened["entries"] for one in _of_task(entry)]
    return sorted(found, key=lambda one: (one.at, one.person))


def calendar(happened: Sequence[Happening], seen: int, zone: str) -> list[list[Day]]:
    """Whole weeks from Monday on, as long as the rehearsal takes, filled with the first `seen` happenings."""
    if not happened:
        return []
    dates = [one.at.astimezone(ZoneInfo(zone)).date() for one in happened]
    first = dates[0] - timedelta(days=dates[0].weekday())
    days = [Day(first + timedelta(days=n)) for n in range((dates[-1] - first).days // WEEK * WEEK + WEEK)]
    for on, one in zip(dates[:seen], happened, strict=False):
        days[(on - first).days].counts[one.kind] += 1
    return [days[n : n + WEEK] for n in range(0, len(days), WEEK)]


def day_after(happened: Sequence[Happening], seen: int, zone: str) -> int:
    """How many have happened at the end of the next day on which something happens."""
    dates = [one.at.astimezone(ZoneInfo(zone)).date() for one in happened]
    return bisect_right(dates, dates[seen]) if seen < len(dates) else len(dates)


def compared(rehearsal: Rehearsal, mails: Sequence[RehearsedMail]) -> list[Difference]:
    """Everything in which what happened is not what was simulated."""
    happened = rehearsal.happened["entries"]
    left = [_as_message(mail) for mail in mails if not mail.came_back]
    return [
        *differences(rehearsal.foreseen["entries"], happened),
        *left_otherwise(happened, left),
    ]


def why_it_ended(rehearsal: Rehearsal, person: str) -> str:
    """Why the way of this person ended before its last step, or stands still; "" when it did not."""
    ending: Mapping[str, Any] = rehearsal.endings.get(person, {})
    if ending.get("state") in (None, "finished"):
        return ""
    return f"{STATES.get(ending['state'], 'it stands still')}{', ' + ending['why'] if ending['why'] else ''}"


def _as_message(mail: RehearsedMail) -> dict[str, Any]:
    at = mail.at.replace(tzinfo=None).isoformat() + "Z"
    return {"person": mail.person, "day": mail.day, "step": mail.step, "at": at}


def _place(entry: Mapping[str, Any]) -> Place:
    return entry["person"], entry["day"], entry["step"]


def _of_mail(mail: RehearsedMail, variants: Mapping[Place, str]) -> Happening:
    if mail.came_back:
        return Happening(mail.at, ANSWER, mail.person, "", mail.subject, mail.id)
    variant = variants.get((mail.person, mail.day, mail.step), "")
    place = f"day {mail.day}, step {mail.step}" + (f", variant {variant}" if variant else "")
    return Happening(mail.at, MAIL, mail.person, place, mail.subject, mail.id)


def _of_task(entry: Mapping[str, Any]) -> Iterator[Happening]:
    if entry["kind"] != "task":
        return
    place, words = f"day {entry['day']}, step {entry['step']}", str(entry["type"])
    yield Happening(datetime.fromisoformat(entry["at"]), TASK, entry["person"], place, words)
    if "done" in entry and entry["type"] != "email":
        yield Happening(datetime.fromisoformat(entry["done"]), DONE, entry["person"], place, words)
