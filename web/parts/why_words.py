"""A trace as pages and commands tell it: the sentence with its moment, a row a gate, and where to put it right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import url_for

from sales_campaigns.accounts.roles import may
from sales_campaigns.enrollments.explaining.why import Explained, Happened
from sales_campaigns.messages.explaining.trace import Gate, Remedy, Stand, Trace
from sales_campaigns.messages.explaining.waiting import WaitingGroup
from web.filters import when_words, zone_words
from web.request_scope import me

# place of a remedy → (endpoint, name of the argument that its id is, or "")
PLACES = {
    "campaign": ("campaign_people.index", "campaign_id"),
    "enrollment": ("enrollment.show", "enrollment_id"),
    "health": ("health.index", ""),
    "leave": ("leave.index", ""),  # one's own; administrators let others go on under Users
    "mailbox": ("mailbox.index", ""),  # one's own; administrators check that of others under Users
    "message": ("message.show", "message_id"),
    "person": ("person.show", "person_id"),
    "sending": ("sending.index", ""),
    "task": ("task.show", "task_id"),
}
OWN = {"leave", "mailbox"}
MARKS = {
    Stand.PASSED: ("circle-check", "passed"),
    Stand.WAITS: ("clock", "waits"),
    Stand.STOPS: ("x", "stops it"),
    Stand.OVER: ("square-check-big", "over"),
}


@dataclass(frozen=True)
class Row:
    """One gate as its line shows it."""

    gate: Gate
    icon: str
    mark: str
    binds: bool
    href: str
    link: str


@dataclass(frozen=True)
class Told:
    """What `why/_trace.html` shows. `moment` is what happens next and when, in words; "" when all is over."""

    explained: Explained
    sentence: str
    moment: str
    rows: tuple[Row, ...]
    happened: tuple[Happened, ...]
    href: str
    link: str


@dataclass(frozen=True)
class Holdup:
    """Mails that wait for one reason: how many, why, and what to do about it."""

    mailbox_id: int
    count: int
    words: str
    moment: str
    oldest: datetime
    broken: bool
    href: str
    link: str


def holdup(group: WaitingGroup) -> Holdup:
    """The first mail of the group speaks for all of them; its own moment counts only where all share it."""
    binding = group.trace.binding
    shared = binding is not None and binding.until is None
    href, link = place_of(binding.remedy if binding else None)
    moment = f"They wait until {binding.event}." if binding is not None and binding.event and shared else ""
    return Holdup(
        group.mailbox_id,
        group.count,
        group.trace.sentence,
        moment,
        group.oldest,
        group.broken,
        href,
        link,
    )


def told(explained: Explained, zone: str) -> Told:
    trace = explained.trace
    rows = tuple(_row(gate, gate is trace.binding) for gate in trace.gates)
    href, link = place_of(trace.binding.remedy if trace.binding else None)
    return Told(explained, trace.sentence, moment_words(trace, zone), rows, explained.happened, href, link)


def moment_words(trace: Trace, zone: str) -> str:
    """ "It leaves Wed 2 Dec 09:00 Stockholm.", or what it waits for with the date as things stand."""
    if trace.binding is None:
        at = trace.gates[-1].until if trace.gates else None
        return f"{_when(at, zone)}." if at else ""
    does, at, event = trace.moment
    if at is not None:
        return f"It {does} {_when(at, zone)}."
    expected = f" As things stand it {does} {_when(trace.expected, zone)}." if trace.expected else ""
    told = trace.sentence.startswith("Waits")
    return f"It waits until {event}.{expected}" if not told else expected.strip()


def place_of(remedy: Remedy | None) -> tuple[str, str]:
    """Where to put it right, and what the link says; ("", "") where there is nothing to do."""
    if remedy is None or remedy.place not in PLACES or not _is_open(remedy.place):
        return "", ""
    endpoint, name = PLACES[remedy.place]
    if remedy.place in OWN and remedy.id not in {0, me().id}:
        return (url_for("users.index"), remedy.words) if may(me(), "manage_team") else ("", "")
    own: dict[str, Any] = {name: remedy.id} if name else {}
    return url_for(endpoint, **own), remedy.words


def _is_open(place: str) -> bool:
    return place != "health" or may(me(), "manage_installation")


def _row(gate: Gate, binds: bool) -> Row:
    icon, mark = MARKS[gate.stand]
    href, link = place_of(gate.remedy) if gate.stand in {Stand.WAITS, Stand.STOPS} else ("", "")
    return Row(gate, icon, mark, binds, href, link)


def _when(at: datetime, zone: str) -> str:
    return f"{when_words(at, zone)} {zone_words(zone)}"
