"""What a step will do, and what to beware of, in words for the editor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time

from sales_campaigns.campaigns.planner.outline import IfPast, Outline, SendOption, StepKind, StepOutline
from sales_campaigns.campaigns.planner.placing import Planned

MOVES = {
    "past": "the time has passed by then",
    "weekend": "weekends are skipped",
    "holiday": "holidays are skipped",
    "window": "the send window is closed",
    "slip": "an earlier step ends late",
    "gap": "the clocks go forward",
    "limit": "the daily limit is reached",
    "pressure": "this address has had as many mails as are allowed",
    "company": "this company has had as many mails as are allowed",
    "leave": "it waits for the end of a leave or a pause",
}


@dataclass(frozen=True, slots=True)
class Caution:
    """Something the editor warns about at the step with this index."""

    index: int
    words: str


def effect_sentence(outline: Outline, index: int, planned: Sequence[Planned]) -> str:
    """What the step at `index` does: "Leaves 09:00 on Wed 2 Dec, like day 1." Empty when it is over."""
    entry = next((entry for entry in planned if entry.index == index), None)
    if entry is None:
        return ""
    verb = "Opens as a task" if entry.is_task else "Leaves"
    return f"{verb} {_clock(entry.local.time())} on {_date(entry.local)}{_because(outline, entry)}."


def _because(outline: Outline, entry: Planned) -> str:
    if entry.moved:
        return ", because " + " and ".join(dict.fromkeys(MOVES[move.why] for move in entry.moved))
    step = outline.steps[entry.index]
    if step.leaves_at_once:
        return ", at once at the start"
    if step.send != SendOption.SAME_AS_PREVIOUS:
        return ""
    lender = lender_of(outline, entry.index)
    return ", the time of the start" if lender is None else f", like day {outline.steps[lender].day}"


def lender_of(outline: Outline, index: int) -> int | None:
    """The nearest e-mail step on an earlier day, whose time of day is taken over; None means the start's."""
    day = outline.steps[index].day
    earlier = range(index - 1, -1, -1)
    mails = (i for i in earlier if outline.steps[i].kind == StepKind.EMAIL and outline.steps[i].day < day)
    return next(mails, None)


def warnings(outline: Outline) -> tuple[Caution, ...]:
    """What is legal and yet rarely meant, in step order."""
    return tuple(
        Caution(index, words)
        for index, step in enumerate(outline.steps)
        for words in _cautions(outline, index, step)
    )


def _cautions(outline: Outline, index: int, step: StepOutline) -> Iterator[str]:
    if step.leaves_at_once:
        yield "Not recommended: on day 1 it leaves at once, at the start, even ahead of an earlier e-mail."
    if step.send != SendOption.AT or step.at is None:
        return
    window = outline.calendar.window
    if window and not window.opens <= step.at < window.closes:
        hours = f"{_clock(window.opens)} to {_clock(window.closes)}"
        yield f"{_clock(step.at)} lies outside the send window ({hours}): every such step costs a day."
    if step.if_past == IfPast.NEXT_DAY and _task_before(outline.steps, index):
        yield f"Leaves the next day unless the task before it is done before {_clock(step.at)}."


def _task_before(steps: Sequence[StepOutline], index: int) -> bool:
    return any(step.is_task and step.day == steps[index].day for step in steps[:index])


def _clock(at: time) -> str:
    return at.strftime("%H:%M:%S" if at.second else "%H:%M")


def _date(local: datetime) -> str:
    return f"{local:%a} {local.day} {local:%b}"
