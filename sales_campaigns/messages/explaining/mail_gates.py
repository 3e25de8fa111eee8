"""The gates on the way of one mail, in order: each is judged by the rule that decides about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sales_campaigns.messages.explaining.trace import Gate, Remedy, Stand, Trace, opens_at, trace_of
from sales_campaigns.messages.verdicts import RULES, Facts, Rule, Verdict

RULE = {rule.name: rule for rule in RULES}
LEAVES = "leaves"
SPACING = "What a completion releases leaves after its undo time; a catch-up is spread, never a burst."
RETRY = "What a server refused for now is tried again: several times on the first day, then daily."
KEPT = "A process that keeps time must be running."


@dataclass(frozen=True, slots=True)
class HoldWords:
    """How a kind of hold is told: its name, its rule, what it waits for, where one lets go, what happens then."""

    name: str
    rule: str
    event: str
    place: str
    after: str = ""


HOLDS = {
    "instance": HoldWords(
        "Sending",
        "Nothing leaves while sending is stopped for the whole installation.",
        "an administrator lets sending go on",
        "sending",
    ),
    "sender": HoldWords(
        "Work of the sender",
        "Nothing leaves while the work of its sender is paused.",
        "the sender's work goes on",
        "leave",
    ),
    "campaign": HoldWords(
        "Campaign",
        "A paused campaign sends nothing and opens no task.",
        "somebody resumes the campaign",
        "campaign",
        "; dates move when it goes on",
    ),
    "delivery": HoldWords(
        "Delivery", "A paused or stopped delivery hands nothing over.", "the delivery goes on", ""
    ),
    "enrollment": HoldWords(
        "Person in the campaign",
        "Somebody who is paused, held or has ended gets nothing.",
        "somebody lets the person go on",
        "enrollment",
        "; dates move when it goes on",
    ),
    "mailbox": HoldWords(
        "Mailbox stop",
        "Nothing leaves from a mailbox that was stopped.",
        "the mailbox is let go on",
        "sending",
    ),
}


@dataclass(frozen=True, slots=True)
class Sending:
    """What is known of a mail that waits.

    `holds` are (kind, key) of all that it names, `stopped` (kind → why) those that stop it. `speed` turns machine
    time into business time. `retry_at` is the instant of the next try after a refusal, with the server's `words`;
    `release_at` when it may leave at the earliest, `paced` where a limit says so, with its `words`.
    """

    facts: Facts
    holds: Sequence[tuple[str, int]]
    stopped: Mapping[str, str]
    person_id: int
    mailbox: str
    owner_id: int
    trouble: str
    speed: float
    keeps_time: bool
    retry_at: datetime | None = None
    words: str = ""
    release_at: datetime | None = None
    paced: bool = False


def waiting_mail(sending: Sending, planned: Iterable[Gate]) -> Trace:
    """The trace of a mail that waits."""
    facts = sending.facts
    gates = [*hold_gates(sending), *_mailbox_gates(sending), *planned, *_later(sending)]
    at = opens_at(gates, facts.now)
    gates += _last_looks(sending, at)
    gates += _turn(sending, gates)
    return trace_of(gates, LEAVES, facts.now)


def hold_gates(sending: Sending) -> list[Gate]:
    """One gate for each hold, in the order in which they are told."""
    order = list(HOLDS)
    found = sorted(sending.holds, key=lambda name: order.index(name[0]) if name[0] in order else len(order))
    return [_hold_gate(sending, kind, key) for kind, key in found]


def time_gate(name: str, rule: str, value: str, until: datetime, now: datetime, **more: object) -> Gate:
    """A gate that opens at an instant."""
    stand = Stand.WAITS if until > now else Stand.PASSED
    return Gate(name, rule, value, stand, until=until, **more)  # type: ignore[arg-type]


def _hold_gate(sending: Sending, kind: str, key: int) -> Gate:
    told = HOLDS.get(kind) or HoldWords(kind.capitalize(), RULE["held"].asks, "it is let go on", "")
    verdict = RULE["held"].judge(replace(sending.facts, held=sending.stopped.get(kind)))
    if verdict is None:
        return Gate(told.name, told.rule, "goes on")
    return Gate(
        told.name,
        told.rule,
        verdict.words,
        Stand.WAITS,
        says=_sentence(f"{verdict.words}{told.after}"),
        event=told.event,
        remedy=Remedy("Let it go on", told.place, key) if told.place else None,
        broken=kind == "instance",
    )


def _mailbox_gates(sending: Sending) -> list[Gate]:
    facts, rule = sending.facts, RULE["sender_gone"]
    back = "somebody activates or replaces the sender"
    return [
        _told("Sender", rule, rule.judge(facts), "is active", back),
        _connected(sending),
        _pace(sending),
    ]


def _connected(sending: Sending) -> Gate:
    rule, box = RULE["mailbox"], sending.mailbox
    return _told(
        "Mailbox",
        rule,
        rule.judge(sending.facts),
        f"{box} is connected",
        "its mailbox is connected again",
        value=f"{box}: {sending.trouble}" if sending.trouble else box,
        says=f"The mailbox {box} is not connected.",
        remedy=Remedy("Connect it again", "mailbox", sending.owner_id),
    )


def _pace(sending: Sending) -> Gate:
    rule = RULE["mailbox_waits"]
    if rule.judge(sending.facts) is None:
        return Gate("Mailbox's pace", rule.asks, "may send")
    why = sending.trouble or "its server asked to wait"
    says = f"The mailbox {sending.mailbox} waits: {why.rstrip('.')}."
    until = _business(sending)
    return Gate("Mailbox's pace", rule.asks, why, Stand.WAITS, says=says, until=until, broken=True)


def _told(
    name: str, rule: Rule, verdict: Verdict | None, open_words: str, event: str, **more: object
) -> Gate:
    """A gate that waits for people where its rule is against the mail."""
    if verdict is None:
        return Gate(name, rule.asks, open_words)
    told = {"value": verdict.words, "says": _sentence(verdict.words), "broken": True, **more}
    return Gate(name, rule.asks, stand=Stand.WAITS, event=event, **told)  # type: ignore[arg-type]


def _business(sending: Sending) -> datetime | None:
    """The mailbox waits in machine time; what is planned stands in business time."""
    facts = sending.facts
    if facts.mailbox_waits_until is None:
        return None
    left: timedelta = facts.mailbox_waits_until - facts.machine_now
    return facts.now + left * sending.speed


def _later(sending: Sending) -> list[Gate]:
    """What keeps it back after its own instant."""
    facts, gates = sending.facts, []
    if sending.release_at is not None and sending.release_at > facts.due_at:
        gates.append(_spaced(sending, sending.release_at))
    if sending.retry_at is not None:
        words = sending.words or "it gave no words"
        says, value = f"The server refused it for now: {words}", f"try {facts.attempts + 1}, after: {words}"
        again = time_gate("Next try", RETRY, value, sending.retry_at, facts.now, says=says, broken=True)
        gates.append(again)
    return gates


def _spaced(sending: Sending, later: datetime) -> Gate:
    if sending.paced:
        says, now = _sentence(sending.words), sending.facts.now
        return time_gate("Limit", RULE["paced"].asks, sending.words, later, now, says=says)
    says = "It leaves a little after its time: what released it can be undone, or mails are spread."
    return time_gate("Spacing", SPACING, "after its time", later, sending.facts.now, says=says)


def _last_looks(sending: Sending, at: datetime) -> list[Gate]:
    """What the gate will find at the instant at which the mail could go."""
    then = replace(sending.facts, now=at)
    person = Remedy("See the person", "person", sending.person_id)
    return [
        _look("May be mailed", "nothing forbids it", RULE["unwanted"], then, person),
        _look("Validity", "still valid then", RULE["expired"], then),
        _look("Not too late", "in time", RULE["late"], then),
    ]


def _look(name: str, passed: str, rule: Rule, then: Facts, remedy: Remedy | None = None) -> Gate:
    verdict = rule.judge(then)
    if verdict is None:
        return Gate(name, rule.asks, passed)
    does = "expires" if verdict.event == "expire" else "is cancelled"
    words = _sentence(verdict.words)
    return Gate(name, rule.asks, verdict.words, Stand.STOPS, says=words, event=does, remedy=remedy)


def _turn(sending: Sending, gates: Sequence[Gate]) -> list[Gate]:
    """Its instant has come: a process has to be there, and then it is a matter of its turn."""
    due = opens_at(gates, sending.facts.now) <= sending.facts.now
    if not sending.keeps_time:
        return [not_running(due)]
    running = Gate("Scheduler", KEPT, "is running")
    if not due or any(gate.stand is not Stand.PASSED for gate in gates):
        return [running]
    turn = Gate(
        "Turn",
        "A mailbox sends one mail after the other.",
        "its turn comes within seconds",
        Stand.WAITS,
        says="It is due: its turn comes within seconds.",
        until=sending.facts.now,
    )
    return [running, turn]


def not_running(due: bool) -> Gate:
    """Nobody keeps time: it binds what is due, and is told beside what is still ahead."""
    stand = Stand.WAITS if due else Stand.PASSED
    value = "no process is running" if due else "no process is running; one is needed by then"
    says = "No scheduler is running, so nothing leaves and no task opens."
    remedy = Remedy("See the health of the installation", "health")
    return Gate(
        "Scheduler", KEPT, value, stand, says=says, event="a scheduler is started", remedy=remedy, broken=True
    )


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:].rstrip(".") + "." if words else ""
