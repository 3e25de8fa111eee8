"""Where the instant of a step comes from, as gates: its own day and time, and every rule that moved it since."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sales_campaigns.campaigns.models import Step
from sales_campaigns.campaigns.planner import Planned, SendOption, StepKind
from sales_campaigns.campaigns.planner.effects import MOVES
from sales_campaigns.enrollments.models import StepRun
from sales_campaigns.messages.explaining.mail_gates import time_gate
from sales_campaigns.messages.explaining.trace import Gate, Remedy

TASK_OPENS = (
    "A task opens at 00:00 of its day, on day 1 at the start, and after an earlier step of the same day."
)
SENDS = {
    SendOption.CHOOSE: "I will choose when to send: the launch says when.",
    SendOption.AT: "Sent at the time of day that the step names, on its own day.",
    SendOption.SAME_AS_PREVIOUS: "Same time as the previous e-mail, on its own day.",
}
# The rule: what moves an instant, as a name and the sentence of the calendar's rules.
MOVED = {
    "past": ("Never in the past", "A time that has passed when the step is ready moves to the next eligible day."),
    "weekend": ("Weekends", "Days are counted in business days."),
    "holiday": ("Holidays", "Public holidays count as weekend days."),
    "window": ("Send window", "Automatic e-mails leave only inside the window, on eligible days."),
    "slip": ("Slip", "When a step ends late, all later days move by as many counted days."),
    "gap": ("Clocks", "A local time that does not exist moves forward by the length of the gap."),
    "limit": ("Daily limit", "What exceeds a daily limit moves to the next eligible day and competes there."),
    "pressure": ("Pressure", "What is one mail too many for its address moves to the next eligible day."),
    "company": ("Company", "What is one mail too many for its company moves to the next eligible day."),
    "leave": ("Pause or leave", "What came due meanwhile moves to when the campaign goes on."),
}  # fmt: skip
Moves = Sequence[tuple[str, datetime]]


def gates_of_run(step: Step, run: StepRun, now: datetime, limit: str = "") -> list[Gate]:
    """Of a step that has a run, from what the planner wrote down; `limit` are the numbers of its daily limit."""
    moves = [(move["why"], datetime.fromisoformat(move["from"])) for move in run.moved]
    gates = list(_gates(step, moves, run.due_at, now, limit))
    if limit and "limit" not in (why for why, _ in moves):
        gates.append(Gate(*MOVED["limit"], limit))
    return gates


def gates_of_planned(step: Step, planned: Planned, now: datetime) -> list[Gate]:
    """Of a step that is still ahead, as things stand."""
    return list(_gates(step, [(move.why, move.from_) for move in planned.moved], planned.at, now))


def _gates(step: Step, moves: Moves, due_at: datetime, now: datetime, limit: str = "") -> Iterable[Gate]:
    instants = [*(since for _, since in moves), due_at]
    yield _own(step, instants[0], now)
    for (why, since), until in zip(moves, instants[1:], strict=True):
        name, rule = MOVED.get(why, (why.capitalize(), "A rule of the campaign moved it."))
        words = MOVES.get(why, "a rule moved it")
        value = limit if limit and why == "limit" else words
        remedy = Remedy("Change the limit", "mailbox") if why == "limit" else None
        says = f"Waits for its time, which was moved: {words}."
        yield time_gate(name, rule, value, until, now, says=says, since=since, remedy=remedy)


def _own(step: Step, at: datetime, now: datetime) -> Gate:
    place = f"day {step.day}, step {step.number}"
    if step.kind is not StepKind.EMAIL or step.send is None or step.send is SendOption.TASK:
        return time_gate("Its day", TASK_OPENS, place, at, now, says="Waits for its day.")
    named = f" at {step.at:%H:%M}" if step.send is SendOption.AT and step.at else ""
    return time_gate(
        "Its time", SENDS[SendOption(step.send)], place + named, at, now, says="Waits for its time."
    )
