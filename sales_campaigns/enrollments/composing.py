"""An e-mail task: what its composer opens with, the mail that the rep sends or schedules, and taking it back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.accounts.roles import require
from sales_campaigns.campaigns.models import Step
from sales_campaigns.content.models import Wording
from sales_campaigns.content.rendering import Content
from sales_campaigns.content.template_list import template_of
from sales_campaigns.content.wordings import content_of
from sales_campaigns.deliveries import personal
from sales_campaigns.deliveries.models import Delivery
from sales_campaigns.enrollments.models import StepRun
from sales_campaigns.enrollments.progress import recall
from sales_campaigns.enrollments.scheduling import late_at, subject_before, threading
from sales_campaigns.enrollments.ways import Way, ways_of
from sales_campaigns.errors import IllegalMove, Invalid
from sales_campaigns.messages.letters.carrying import bundle_of, own_bundle
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.outbox.composing import (
    ALONE,
    Beside,
    Look,
    Typed,
    Words,
    check_typed,
    follows,
    look_of,
    opening_subject,
    own_mailbox,
    words_for,
)
from sales_campaigns.messages.queueing import next_attempts, queue
from sales_campaigns.people.models import Person
from sales_campaigns.tasks.models import Task, TaskKind, TaskState
from sales_campaigns.tasks.working import about
from sales_campaigns.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Opening:
    """What the composer of a task shows. `answers`: the mail it follows in thread; `trouble`: why the last try
    for this step did not leave, in words.
    """

    words: Words
    mailbox: Mailbox
    answers: Message | None = None
    trouble: str = ""
    beside: Beside = ALONE


@dataclass(frozen=True)
class Place:
    """Where in its campaign an e-mail task stands."""

    way: Way
    step: Step
    run: StepRun


def open_composer(
    session: Session, actor: User, task: Task, person: Person, template_id: int | None = None
) -> Opening:
    """The campaign's words, or those of a template, filled in; or what the rep wrote for this step before."""
    place = place_in_campaign(session, task)
    if place is None:
        words = personal.opening(session, actor, person, template_id, personal.NEW)
        beside = Beside(bundle_id=personal.files_of(session, actor, template_id))
        return Opening(words, own_mailbox(session, actor), beside=beside)
    mailbox = mailbox_at(session, actor, place)
    before = _last_try(session, place)
    answers = follows(session, threading(place.way, place.step)["follows_id"])
    content = _content(session, actor, place, before, template_id)
    if answers is None and place.step.follow_up and not content.subject:
        content = replace(content, subject=subject_before(session, place.way, place.step))
    words = words_for(content, person, actor, mailbox)
    words = replace(words, subject=opening_subject(words, answers))
    trouble = before.words if before is not None and before.reason else ""
    beside = _beside(session, place, before, content if template_id is not None else None)
    return Opening(words, mailbox, answers, trouble, beside)


def send_for_task(uow: UnitOfWork, actor: User, task: Task, person: Person, typed: Typed) -> Message:
    """The mail of this task, to leave now or at `typed.send_at`; the task is done when it has really left.

    Raises IllegalMove when the task is over or its mail is on its way, Invalid for what cannot be sent.
    """
    require(actor, "work_tasks")
    _only_unsent(task)
    place = place_in_campaign(uow.session, task)
    if place is None:
        message = personal.write_personal(uow, actor, person, typed)
    else:
        message = _write(uow, actor, place, person, typed)
        place.run.message_id = message.id
    task.message_id = message.id
    data = {"name": task.name, "due_at": message.due_at.isoformat()}
    uow.record("task.mail_written", actor_id=actor.id, **{**about(task), "message_id": message.id}, data=data)
    return message


def take_back_mail(uow: UnitOfWork, actor: User, task: Task) -> None:
    """Cancel the mail that waits for its time; the task is there again with the words. Raises IllegalMove."""
    require(actor, "work_tasks")
    if task.state is not TaskState.OPEN or task.message_id is None:
        raise IllegalMove("There is no mail of this task to take back.")
    recall(uow, task)
    uow.record("task.mail_taken_back", actor_id=actor.id, **about(task), data={"name": task.name})


def look_for_task(uow: UnitOfWork, actor: User, task: Task, person: Person, typed: Typed) -> Look:
    """The mail as the person would get it, before anything is written."""
    row = row_for_task(uow, actor, task, person, typed)
    return look_of(uow.session, Message(**row))


def row_for_task(uow: UnitOfWork, actor: User, task: Task, person: Person, typed: Typed) -> dict[str, Any]:
    """The columns of the message that this mail would be, all but those that say which of its kind it is."""
    place = place_in_campaign(uow.session, task)
    if place is None:
        return personal.draft_row(uow, actor, person, typed)
    return row_in_place(uow, actor, place, person, typed)


def follow_up_after(session: Session, task: Task) -> Step | None:
    """The step directly after this one, when it follows up on this task's mail."""
    place = place_in_campaign(session, task)
    if place is None:
        return None
    after = place.way.steps[place.step.position + 1 : place.step.position + 2]
    return next((step for step in after if step.follow_up), None)


def threads_broken(session: Session, tasks: Sequence[Task]) -> int:
    """How many later steps follow up on the mails of these open tasks, and would go out as new threads."""
    runs = [task.step_run_id for task in tasks if task.kind is TaskKind.EMAIL and task.step_run_id]
    if not runs:
        return 0
    keys = {
        run.enrollment_id: run.step_key
        for run in session.scalars(sa.select(StepRun).where(StepRun.id.in_(runs)))
    }
    ways = ways_of(session, list(keys))
    return sum(_follows_on(way, keys[way.enrollment.id]) for way in ways)


def _follows_on(way: Way, key: str) -> bool:
    """Whether the step after this one threads on its mail."""
    return any(one.key == key and after.follow_up for one, after in pairwise(way.steps))


def place_in_campaign(session: Session, task: Task) -> Place | None:
    run = session.get(StepRun, task.step_run_id) if task.step_run_id is not None else None
    if run is None or task.kind is not TaskKind.EMAIL:
        return None
    (way,) = ways_of(session, [run.enrollment_id])
    step = next((step for step in way.steps if step.key == run.step_key), None)
    return Place(way, step or session.get_one(Step, run.step_id), run)


def _only_unsent(task: Task) -> None:
    if task.kind is not TaskKind.EMAIL or task.state is not TaskState.OPEN:
        raise IllegalMove("There is no mail to send for this task any more.")
    if task.message_id is not None:
        raise IllegalMove("The mail of this task is on its way already.")


def mailbox_at(session: Session, actor: User, place: Place) -> Mailbox:
    """The rule: mail leaves from a mailbox of whoever sends it; a teammate who took over writes as themselves."""
    if actor.id == place.way.enrollment.sender_id:
        return session.get_one(Mailbox, place.way.enrollment.mailbox_id)
    return own_mailbox(session, actor)


def _last_try(session: Session, place: Place) -> Message | None:
    """The newest message of this step that did not leave: its words are the rep's, its trouble is to be mended."""
    return session.scalar(
        sa.select(Message)
        .where(
            Message.enrollment_id == place.way.enrollment.id,
            Message.step_key == place.step.key,
            Message.sent_at.is_(None),
        )
        .order_by(Message.id.desc())
        .limit(1)
    )


def _content(
    session: Session, actor: User, place: Place, before: Message | None, template_id: int | None
) -> Content:
    if template_id is not None:
        return content_of(session.get(Wording, template_of(session, actor, template_id).wording_id))
    wording_id = place.way.wording_of(place.step)
    content = content_of(session.get(Wording, wording_id) if wording_id is not None else None)
    enrollment = place.way.enrollment
    subjects = [before.edited_subject if before else None, enrollment.edited_subject]
    bodies = [before.edited_html if before else None, enrollment.edited_html]
    first = _is_first_mail(place)
    subject = next((one for one in subjects[: 1 + first] if one is not None), content.subject)
    html = next((one for one in bodies[: 1 + first] if one is not None), content.html)
    return Content(subject, html)


def _beside(session: Session, place: Place, before: Message | None, template: Content | None) -> Beside:
    """Copies and files as at the last try, else those of the step; a template brings its own files."""
    if before is not None:
        copies, bundle_id = (before.cc, before.bcc), bundle_of(session, before)
    else:
        wording = session.get(Wording, place.step.wording_id) if place.step.wording_id is not None else None
        copies, bundle_id = (place.step.cc, place.step.bcc), content_of(wording).bundle_id
    return Beside(*copies, template.bundle_id if template is not None else bundle_id)


def _is_first_mail(place: Place) -> bool:
    """The words typed at the launch belong to the first e-mail only."""
    mails = [step for step in place.way.steps if step.kind.value == TaskKind.EMAIL.value]
    return bool(mails) and mails[0].key == place.step.key


def _write(uow: UnitOfWork, actor: User, place: Place, person: Person, typed: Typed) -> Message:
    personal.refuse_suppressed(uow, person)
    copies = check_typed(typed, person, actor, mailbox_at(uow.session, actor, place), uow.now)
    row = row_in_place(uow, actor, place, person, typed)
    identity = identity_in(uow, place)
    (message_id,) = queue(uow, [{**row, **copies, **identity}])
    return uow.session.get_one(Message, message_id)


def identity_in(uow: UnitOfWork, place: Place) -> dict[str, int]:
    """The log of the step, and the number of the next try of this person. Raises Invalid where there is no log."""
    delivery_id = uow.session.scalar(
        sa.select(Delivery.id).where(
            Delivery.campaign_id == place.way.campaign.id, Delivery.step_key == place.step.key
        )
    )
    if delivery_id is None:
        raise Invalid("The campaign has no log for this step any more. Skip the task.")
    occasion = place.way.enrollment.id
    attempts = next_attempts(uow, [delivery_id], [occasion])
    return {"delivery_id": delivery_id, "attempt": attempts.get((delivery_id, occasion), 1)}


def row_in_place(uow: UnitOfWork, actor: User, place: Place, person: Person, typed: Typed) -> dict[str, Any]:
    way, enrollment, at = place.way, place.way.enrollment, typed.send_at or uow.now
    thread = threading(way, place.step)
    answers = follows(uow.session, thread["follows_id"])
    variant = way.variant_of(place.step)
    borrowed = answers is not None and typed.subject == opening_subject(Words("", ""), answers)
    return {
        "team_id": enrollment.team_id,
        "occasion": enrollment.id,
        "email": person.email.lower(),
        "campaign_id": way.campaign.id,
        "enrollment_id": enrollment.id,
        "step_key": place.step.key,
        "person_id": person.id,
        "sender_id": actor.id,
        "mailbox_id": mailbox_at(uow.session, actor, place).id,
        "wording_id": way.wording_of(place.step),
        "variant": variant.key if variant is not None else "",
        "edited_subject": "" if borrowed else typed.subject,
        "edited_html": typed.html,
        "bundle_id": own_bundle(uow.session, enrollment.team_id, place.step.wording_id, typed.bundle_id),
        "zone": enrollment.zone,
        "due_at": at,
        "late_at": late_at(way, at),
        **thread,
    }
