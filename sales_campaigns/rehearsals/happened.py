"""What really happened in a rehearsal, in the words of a simulation: read from the rows, and from the mails taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.campaigns.models import Step
from sales_campaigns.campaigns.simulation import utc
from sales_campaigns.campaigns.variants import variant_for
from sales_campaigns.enrollments.models import Enrollment, StepRun
from sales_campaigns.enrollments.models import StepRunState as R
from sales_campaigns.messages.models import Message
from sales_campaigns.ports import IncomingMail, Taken

Place = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail that was taken: whose it is and which step's, when, and what it says."""

    place: Place
    at: datetime
    mail: EmailMessage

    def told(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        who, day, step = self.place
        return {
            "person": who,
            "day": day,
            "step": step,
            "at": utc(self.at),
            "message_id": header_of(self.mail, "Message-ID"),
            "in_reply_to": header_of(self.mail, "In-Reply-To") or None,
            "references": header_of(self.mail, "References").split(),
            "subject": header_of(self.mail, "Subject"),
            "text": self.text,
            **({"attachments": files} if (files := files_of(self.mail)) else {}),
        }

    @property
    def text(self) -> str:
        return part_of(self.mail, "plain")


@dataclass(frozen=True, slots=True)
class Answer:
    """A mail that came back: from a person, or from a mail server."""

    at: datetime
    mail: EmailMessage

    def told(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {
            "at": utc(self.at),
            "from": header_of(self.mail, "From"),
            "subject": header_of(self.mail, "Subject"),
            "in_reply_to": header_of(self.mail, "In-Reply-To") or None,
            "text": self.text,
        }

    @property
    def text(self) -> str:
        """Its first plain text: of a report, the part that is written for people."""
        part = next((one for one in self.mail.walk() if one.get_content_type() == "text/plain"), None)
        return str(part.get_content()).replace("\r\n", "\n") if isinstance(part, EmailMessage) else ""


@dataclass(frozen=True, slots=True)
class Ending:
    """Where one person stood at the end of the rehearsal, since when, and why."""

    state: str
    at: datetime | None
    why: str


def letters_of(session: Session, names: Mapping[int, str], taken: Iterable[Taken]) -> list[Letter]:
    """The mails of the campaign that were taken, in the order in which they were."""
    rows = session.execute(
        sa.select(Message.message_id, Message.person_id, Step.day, Step.number)
        .join(StepRun, StepRun.message_id == Message.id)
        .join(Step, Step.id == StepRun.step_id)
    )
    places = {row.message_id: (names[row.person_id], row.day, row.number) for row in rows}
    return [
        Letter(places[one.mail.message_id], one.at, _read(one.mail.mime))
        for one in taken
        if one.mail.message_id in places
    ]


def entries_of(session: Session, names: Mapping[int, str], letters: Iterable[Letter]) -> list[dict[str, Any]]:
    """Each mail that left and each task that opened, as simulate prints them; sorted as there.

    A task whose mail was never written would have followed the mail of the step before.
    """
    by_id = {header_of(letter.mail, "Message-ID"): letter for letter in letters}
    rows = session.execute(
        sa.select(StepRun, Step, Enrollment, Message.message_id, Message.variant)
        .join(Step, Step.id == StepRun.step_id)
        .join(Enrollment, Enrollment.id == StepRun.enrollment_id)
        .outerjoin(Message, Message.id == StepRun.message_id)
        .where(StepRun.state != R.CANCELLED)
    ).all()
    left = {(run.enrollment_id, step.position): by_id.get(id or "") for run, step, _, id, _ in rows}
    found = []
    for run, step, enrollment, message_id, variant in rows:
        letter = by_id.get(message_id or "")
        if letter is not None or run.task_id is not None:
            before = left.get((enrollment.id, step.position - 1)) if step.follow_up else None
            followed = before.place if before else None
            answered = _answered(letter, by_id) if letter else followed
            entry = _entry(run, step, enrollment, names[enrollment.person_id], answered)
            if step.variants:
                entry["variant"] = variant if message_id else _drawn(step, enrollment)
            found.append((entry["at"], entry["person"], step.position, entry))
    return [entry for *_, entry in sorted(found, key=itemgetter(0, 1, 2))]


def _entry(
    run: StepRun, step: Step, enrollment: Enrollment, who: str, answered: Place | None
) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "person": who,
        "day": step.day,
        "step": step.number,
        "type": str(step.kind),
        "kind": "task" if run.is_task else "message",
        "at": utc(run.due_at),
        "local": run.due_at.astimezone(ZoneInfo(enrollment.zone)).isoformat(),
        "zone": enrollment.zone,
        "follows": {"day": answered[1], "step": answered[2]} if answered else None,
        "moved": run.moved,
    }
    if run.is_task and run.over_at is not None:
        entry["done"] = utc(run.over_at)
    return entry


def _drawn(step: Step, enrollment: Enrollment) -> str:
    """What a task would have said whose mail was never written."""
    drawn = variant_for(step.key, step.variants, enrollment.email)
    return drawn.key if drawn is not None else ""


def _answered(letter: Letter, by_id: Mapping[str, Letter]) -> Place | None:
    """Which step's mail this one answers to, by its own header."""
    earlier = by_id.get(header_of(letter.mail, "In-Reply-To"))
    return earlier.place if earlier else None


def part_of(mail: EmailMessage, kind: str) -> str:
    """The text or the HTML of a mail, "" where it has none."""
    part = mail.get_body((kind,))
    return str(part.get_content()).replace("\r\n", "\n") if part is not None else ""


def files_of(mail: EmailMessage) -> list[str]:
    """The names of the files that it carries."""
    return [part.get_filename() or "" for part in mail.iter_attachments()]


def answers_of(mails: Iterable[IncomingMail]) -> list[Answer]:
    """What recipients and their servers wrote; copies of what was sent are no answers."""
    return [Answer(mail.at, _read(mail.raw)) for mail in mails if not mail.own]


def endings_of(session: Session, names: Mapping[int, str]) -> dict[str, Ending]:
    """By person."""
    rows = session.scalars(sa.select(Enrollment).order_by(Enrollment.id))
    return {names[row.person_id]: Ending(str(row.state), row.ended_at, row.why) for row in rows}


def header_of(mail: EmailMessage, name: str) -> str:
    """One header as it reads, "" where there is none."""
    return str(mail[name] or "")


def _read(raw: bytes) -> EmailMessage:
    mail = message_from_bytes(raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail
