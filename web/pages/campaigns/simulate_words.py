"""What a simulation found, in sentences: when it ends, and what holds it up."""

from __future__ import annotations

from sales_campaigns.campaigns.planner import StepKind
from sales_campaigns.enrollments.foreseeing import DayAhead, Foreseen
from sales_campaigns.enrollments.launches.checking import SENTENCES
from web.filters import count_words, day_words

TASKS = {
    StepKind.EMAIL: "e-mails by hand",
    StepKind.CALL: "calls",
    StepKind.INMAIL: "InMails",
    StepKind.CUSTOM: "tasks",
}
CAUSES = {
    **SENTENCES,
    "duplicate": "Stands in the list twice.",
    "invalid_address": "Has an address that cannot be mailed.",
}


def bottleneck_words(found: Foreseen, owner: str) -> str:
    """Whatever holds people up for more days: the mailbox or its rep. "" when neither does.

    Ana's mailbox: 50 a day, 3 days behind.
    """
    if found.mails_behind and found.mails_behind >= found.tasks_behind:
        days = count_words(found.mails_behind, "day")
        return f"{owner}’s mailbox: {found.limit:,} a day, {days} behind."
    if found.tasks_behind and found.busiest is not None:
        return f"{owner}’s {_tasks(found, found.busiest)}"
    return ""


def _tasks(found: Foreseen, busiest: DayAhead) -> str:
    """calls: 40 on Tue 2 Dec, 12 a day were done lately; 3 days behind."""
    kinds = [TASKS[kind] for kind in busiest.tasks]
    what = kinds[0] if len(kinds) == 1 and not busiest.open else "tasks"
    pace = "were done a day lately" if found.capacity.measured else "a day is what can be done"
    number = busiest.new_tasks + busiest.open
    days = count_words(found.tasks_behind, "day")
    return f"{what}: {number:,} on {day_words(busiest.date)}, {found.capacity.a_day:,} {pace}; {days} behind."
