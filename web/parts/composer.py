"""The composer of a task or of a person: its fields, as opened or as typed."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import url_for

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.deliveries import personal
from sales_campaigns.enrollments.composing import Opening, follow_up_after, open_composer
from sales_campaigns.errors import Invalid, NotFound
from sales_campaigns.messages.incoming.disposing import received_of
from sales_campaigns.messages.incoming.models import ReceivedMail
from sales_campaigns.messages.models import Draft, Message
from sales_campaigns.messages.outbox.composing import Beside, Typed, mailboxes_of
from sales_campaigns.messages.outbox.drafting import About, draft_for_task, draft_of
from sales_campaigns.messages.outbox.lines import message_of
from sales_campaigns.people.listing import person_of
from sales_campaigns.people.models import Person
from sales_campaigns.people.suppression import why_not
from sales_campaigns.tasks.days import MORNING, at_local, local_date
from sales_campaigns.tasks.models import Task
from sales_campaigns.tasks.queue import task_line
from web.filters import clock_words, when_words, zone_words
from web.numbers import row_of
from web.parts.attachments import bundle_typed, files_again, files_shown
from web.parts.mailbox_drafts import drafted
from web.parts.typed_times import instant_of
from web.parts.writing import beside_the_words
from web.request_scope import me, settings, work


@dataclass(frozen=True)
class Subject:
    """What is written to whom: a task's mail, or a mail of the rep's own, perhaps in answer to an earlier one."""

    person: Person
    task: Task | None = None
    answers: Message | None = None
    received: ReceivedMail | None = None
    draft: Draft | None = None

    @property
    def about(self) -> About:
        """What a draft of it is for."""
        task_id = self.task.id if self.task is not None else None
        return About(self.person.id, task_id, self.answers.id if self.answers is not None else None)

    @property
    def zone(self) -> str:
        return self.person.zone or me().zone

    @property
    def named(self) -> dict[str, Any]:
        """As an address names it."""
        if self.task is not None:
            return {"task": self.task.id}
        return {
            "person": self.person.id,
            **({"answers": self.answers.id} if self.answers is not None else {}),
            **({"replies": self.received.id} if self.received is not None else {}),
        }

    @property
    def thread(self) -> personal.Thread:
        return personal.Thread(self.answers, self.received)


def subject_of(args: Mapping[str, str]) -> Subject:
    """From `task`; or `person`, with perhaps `answers` (our mail) or `replies` (a received one). Raises NotFound."""
    uow = work()
    if row_of(args.get("task", "")):
        line = task_line(uow.session, me(), row_of(args["task"]), uow.now)
        if line.person is None:
            raise NotFound("This task is about nobody: there is no address to write to.")
        return Subject(line.person, line.task, draft=draft_for_task(uow.session, me(), line.task.id))
    person = person_of(uow.session, me(), row_of(args.get("person", "")))
    answers = (
        message_of(uow.session, me(), row_of(args["answers"])) if row_of(args.get("answers", "")) else None
    )
    received = (
        received_of(uow.session, me(), row_of(args["replies"])) if row_of(args.get("replies", "")) else None
    )
    if any(one is not None and one.person_id != person.id for one in (answers, received)):
        raise NotFound
    return Subject(person, answers=answers, received=received, draft=_named_draft(args))


def _named_draft(args: Mapping[str, str]) -> Draft | None:
    written = args.get("draft", "")
    return draft_of(work().session, me(), row_of(written)) if row_of(written) else None


def opened(subject: Subject, template_id: int | None = None) -> dict[str, Any]:
    """The composer as it opens."""
    if not mailboxes_of(work().session, me()):
        return {**_around(subject), "typed": {}, "missing": (), "no_mailbox": True}
    found = _opening(subject, template_id)
    words, mailbox = found.words, found.mailbox
    typed = {
        "subject": words.subject,
        "html": words.html,
        "key": secrets.token_hex(16),
        **asdict(found.beside),
    }
    kept = subject.draft if template_id is None else None
    if kept is not None:
        names = ("subject", "html", "cc", "bcc", "bundle_id", "key")
        typed, words = {name: getattr(kept, name) for name in names}, replace(words, missing=(), prompts=())
    return {
        **_around(subject),
        **beside_the_words(typed),
        "typed": typed,
        "draft": kept,
        "missing": words.missing,
        "prompts": words.prompts,
        "from_address": mailbox.address,
        "answers": found.answers,
        "trouble": found.trouble,
        "box_copies": _box_copies(mailbox),
    }


def again(subject: Subject, typed: Mapping[str, str], problems: Mapping[str, str]) -> dict[str, Any]:
    """The composer with what was typed, beside what is wrong with it."""
    boxes = mailboxes_of(work().session, me())
    known = {"from_address": boxes[0].address if boxes else "", "no_mailbox": not boxes}
    known |= {"box_copies": _box_copies(boxes[0]) if boxes else ""}
    typed = files_again(typed)
    beside = beside_the_words(typed)
    return {**_around(subject), **beside, **known, "typed": typed, "problems": problems, "missing": ()}


def typed_mail(typed: Mapping[str, str], zone: str, team_id: int) -> Typed:
    """What the form holds, with its files as those of that team. Raises Invalid when `send_at` is no time."""
    bundle_id = bundle_typed(team_id)
    later = typed.get("when") == "later" or bool(typed.get("send_chip"))
    written = typed.get("send_chip") or typed.get("send_at", "")
    if later and not written:
        raise Invalid({"send_at": "Choose when it leaves."})
    return Typed(
        subject=typed.get("subject", "").strip(),
        html=typed.get("html", ""),
        send_at=instant_of(written, zone, "send_at") if later else None,
        cc=typed.get("cc", ""),
        bcc=typed.get("bcc", ""),
        key=typed.get("key", ""),
        despite_opt_out="despite_opt_out" in typed,
        bundle_id=bundle_id,
        sizes=tuple(one.size for one in files_shown(bundle_id).lines),
    )


def _opening(subject: Subject, template_id: int | None) -> Opening:
    session = work().session
    if subject.task is not None:
        return open_composer(session, me(), subject.task, subject.person, template_id)
    words = personal.opening(session, me(), subject.person, template_id, subject.thread)
    beside = Beside(bundle_id=personal.files_of(session, me(), template_id))
    return Opening(words, mailboxes_of(session, me())[0], subject.answers, beside=beside)


def _box_copies(mailbox: Mailbox) -> str:
    """Who gets a copy of every mail of this mailbox, for the page to say."""
    return ", ".join([*mailbox.cc.split(), *mailbox.bcc.split()])


def _around(subject: Subject) -> dict[str, Any]:
    """What stands around the words."""
    now, person, task = work().now, subject.person, subject.task
    session = work().session
    scheduled = session.get(Message, task.message_id) if task is not None and task.message_id else None
    return {
        "subject_of": subject,
        "person": person,
        "task": task,
        "to": person.email,
        "cause": why_not(session, person.id),
        "all_the_same": settings().answer_opted_out
        and personal.may_answer_all_the_same(session, person, subject.thread),
        "received": subject.received,
        "scheduled": scheduled,
        "quoted_later": follow_up_after(session, task) if task is not None else None,
        "chips": send_chips(now, subject.zone),
        "their_zone": subject.zone,
        "send_url": url_for("compose.send", **subject.named),
        "preview_url": url_for("compose.preview", **subject.named),
        "draft_url": url_for("drafts.save", **subject.named),
        "templates_url": url_for("compose.templates", **subject.named),
        "problems": {},
        **(drafted(task) if task is not None else {"in_mailbox": None}),
    }


def send_chips(now: datetime, zone: str) -> list[dict[str, str]]:
    """Quick choices for later; mornings are those of `zone`, the person's where it is known."""
    soon = (now + timedelta(hours=1)).replace(second=0, microsecond=0)
    morning = at_local(local_date(now, zone) + timedelta(days=1), MORNING, zone)
    choices = (("In 1 hour", soon), (f"Tomorrow 09:00 {zone_words(zone)}", morning))
    return [
        {
            "label": label,
            "hint": f"{when_words(at, zone)[:3]} {clock_words(at, me().zone)} your time",
            "value": at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M"),
        }
        for label, at in choices
    ]
