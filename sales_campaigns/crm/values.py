"""Our tasks and mails in the neutral words of the CRM, and a date of the CRM as one of ours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sales_campaigns.crm.agreement import COMPLETE, GONE, OPEN, comparable
from sales_campaigns.crm.subjects import subject_of
from sales_campaigns.tasks.models import Priority, Task, TaskKind, TaskState

# The rule: status map (Open = Not Started, Complete = Completed; others leave it alone). Skipped and cancelled: gone.
STATUS = {
    TaskState.OPEN: OPEN,
    TaskState.COMPLETED: COMPLETE,
    TaskState.SKIPPED: GONE,
    TaskState.CANCELLED: GONE,
}
TYPES = {TaskKind.EMAIL: "Email", TaskKind.CALL: "Call", TaskKind.INMAIL: "InMail", TaskKind.CUSTOM: "Task"}
_PLACE = re.compile(r"^(?P<name>.*) · day (?P<day>\d+), step (?P<step>\d+)$", re.S)


def task_values(task: Task, zone: str, owner: str, pattern: str) -> dict[str, str]:
    """One task; `zone` is its assignee's, `owner` who that is in the CRM ("" is nobody)."""
    return {
        "subject": subject_of(pattern, pattern_values(task)),
        "status": STATUS[task.state],
        "priority": task.priority.value,
        "due": due_date(task, zone).isoformat(),
        "comments": comparable(task.details),
        "owner": owner,
        **campaign_values(task.step_label),
        **_call_values(task),
    }


def pattern_values(task: Task) -> dict[str, str]:
    """What the pattern of subjects may name."""
    place = campaign_values(task.step_label)
    return {
        "activity_type": TYPES[task.kind],
        "activity_subject": task.name,
        "sales_campaign_name": place.get("campaign", ""),
        "sales_campaign_day": place.get("day", ""),
        "sales_campaign_step": place.get("step", ""),
        "call_outcome": task.outcome,
        "call_reason": task.reason,
    }


def campaign_values(label: str) -> dict[str, str]:
    """The campaign fields of “Renewals EMEA · day 5, step 2”; none where there is no campaign."""
    found = _PLACE.match(label)
    if found is None:
        return {}
    return {"campaign": found["name"], "day": found["day"], "step": found["step"]}


def due_date(task: Task, zone: str) -> date:
    """The day on which its assignee sees it: a snooze counts."""
    return (task.snoozed_until or task.due_at).astimezone(ZoneInfo(zone)).date()


def moved_to(task: Task, zone: str, day: str) -> datetime:
    """The same time of day on the day that the CRM says (ISO 8601)."""
    local = (task.snoozed_until or task.due_at).astimezone(ZoneInfo(zone))
    return datetime.combine(date.fromisoformat(day), local.time(), local.tzinfo)


def columns_of(
    task: Task, zone: str, taken: Mapping[str, str], owners: Mapping[str, int]
) -> dict[str, object]:
    """The columns of a task that follow from what the CRM says; `owners` are our users by their ids there."""
    new: dict[str, object] = {}
    if "priority" in taken:
        new["priority"] = Priority(taken["priority"])
    if "due" in taken:
        new |= {"due_at": moved_to(task, zone, taken["due"]), "snoozed_until": None}
    if "comments" in taken:
        new["details"] = taken["comments"]
    if taken.get("owner") in owners:
        new["assignee_id"] = owners[taken["owner"]]
    return new


def _call_values(task: Task) -> dict[str, str]:
    if task.kind is not TaskKind.CALL:
        return {}
    return {"outcome": task.outcome, "reason": task.reason}
