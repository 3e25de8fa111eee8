"""What was not planned: a call that came in, a meeting, a note about a person; and the note that is pinned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.enrollments.ending import SUCCESS, end
from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.errors import Invalid
from sales_campaigns.people.models import Person
from sales_campaigns.tasks.models import Task, TaskKind, TaskState
from sales_campaigns.unit_of_work import UnitOfWork


class Happened(StrEnum):
    CALL = "call"
    MEETING = "meeting"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Noted:
    """`inbound`: they called us. `booked`: the meeting ends the person's campaigns as a success."""

    kind: Happened
    words: str = ""
    at: datetime | None = None
    outcome: str = ""
    reason: str = ""
    inbound: bool = False
    booked: bool = False


def note_down(uow: UnitOfWork, actor: User, person: Person, noted: Noted) -> None:
    """Into the person's history, and a call among the tasks that are done, so that its outcome counts.

    Raises Invalid for nothing written, and for what has not happened yet.
    """
    require(actor, "work_tasks")
    _check(uow, noted)
    at = noted.at or uow.now
    task = _call(uow, actor, person, noted, at) if noted.kind is Happened.CALL else None
    data = {"words": noted.words, "outcome": noted.outcome, "reason": noted.reason, "inbound": noted.inbound}
    uow.record(
        f"person.{noted.kind.value}_noted",
        actor_id=actor.id,
        team_id=person.team_id,
        person_id=person.id,
        task_id=task.id if task is not None else None,
        data={**data, "happened_at": at.isoformat()},
    )
    if noted.kind is Happened.MEETING and noted.booked:
        cause = f"{SUCCESS}, meeting noted by {actor.name}"
        end(uow, cause, Enrollment.person_id == person.id, actor_id=actor.id)


def pin_note(uow: UnitOfWork, actor: User, person: Person, words: str) -> None:
    """What everybody is to see first about this person; nothing takes it down. Raises Invalid."""
    require(actor, "work_tasks")
    if len(words) > 1_000:
        raise Invalid({"pinned": "Use 1,000 characters or fewer."})
    before, person.pinned_note = person.pinned_note, words.strip()
    data = {"words": person.pinned_note, "before": before}
    uow.record(
        "person.note_pinned", actor_id=actor.id, team_id=person.team_id, person_id=person.id, data=data
    )


def _call(uow: UnitOfWork, actor: User, person: Person, noted: Noted, at: datetime) -> Task:
    task = Task(
        team_id=person.team_id,
        assignee_id=actor.id,
        person_id=person.id,
        kind=TaskKind.CALL,
        name="Call from them" if noted.inbound else "Call",
        note=noted.words,
        state=TaskState.COMPLETED,
        outcome=noted.outcome,
        reason=noted.reason,
        source="noted",
        due_at=at,
        created_at=uow.now,
        ended_at=at,
    )
    uow.session.add(task)
    uow.session.flush()
    return task


def _check(uow: UnitOfWork, noted: Noted) -> None:
    problems = {}
    if noted.kind is Happened.NOTE and not noted.words.strip():
        problems["words"] = "Write what is to be remembered."
    if len(noted.words) > 10_000:
        problems["words"] = "Use 10,000 characters or fewer."
    if noted.at is not None and noted.at > uow.now and noted.kind is not Happened.MEETING:
        problems["at"] = "Choose a time that has been."
    if max(len(noted.outcome), len(noted.reason)) > 80:
        problems["outcome"] = "Use 80 characters or fewer; the rest belongs in the note."
    if problems:
        raise Invalid(problems)
