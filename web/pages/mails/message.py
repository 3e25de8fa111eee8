"""One mail: what left exactly, every attempt, and what can still be done about it."""

from __future__ import annotations

import email
from collections.abc import Callable, Mapping
from dataclasses import replace
from email import policy
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, request, url_for

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import may
from sales_campaigns.content.html import for_frame
from sales_campaigns.enrollments.composing import take_back_mail
from sales_campaigns.enrollments.ending import end_uncertain
from sales_campaigns.enrollments.explaining.why import why_message
from sales_campaigns.errors import Invalid
from sales_campaigns.messages import settling
from sales_campaigns.messages.incoming.reading import answers_to
from sales_campaigns.messages.letters.carrying import bundle_of
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.outbox.composing import Typed, look_of
from sales_campaigns.messages.outbox.folders import folder_of
from sales_campaigns.messages.outbox.keeping import archive, mark_success, remove, rewrite, words_to_edit
from sales_campaigns.messages.outbox.lines import attempts_of, exact_mail, message_of, was_reported
from sales_campaigns.messages.outbox.resending import call_off, write_again
from sales_campaigns.people.models import Person
from sales_campaigns.tasks.queue import task_with_mail
from sales_campaigns.tasks.working import task_of
from sales_campaigns.unit_of_work import UnitOfWork
from web.answers import go, page
from web.pages.mails.compose import framed
from web.parts.attachments import files_again, files_shown
from web.parts.composer import typed_mail
from web.parts.mail_rows import FOLDERS, TONES, actions_of, follow_ups, more_of, state_words
from web.parts.reply_rows import KINDS
from web.parts.way_back import way_back, way_on
from web.request_scope import me, work

pages = Blueprint("message", __name__, url_prefix="/emails/<int:message_id>")


@pages.get("")
def show(message_id: int) -> str:
    uow = work()
    message = message_of(uow.session, me(), message_id)
    folder = folder_of(message, uow.now, spam=was_reported(uow.session, message))
    person = uow.session.get_one(Person, message.person_id)
    return page(
        "message/index.html",
        message=message,
        person=person,
        sender=uow.session.get_one(User, message.sender_id),
        folder=FOLDERS[folder],
        tone=TONES.get(folder, ""),
        words=state_words(message, folder),
        reason=why_message(uow.session, me(), message.id, uow.now, uow.speed).trace.sentence,
        attempts=attempts_of(uow.session, message),
        row={
            "id": message.id,
            "person": person,
            "actions": actions_of(message, folder),
            "follow_up": follow_ups(message, person),
            "more": more_of(message, folder),
        },
        task=task_with_mail(uow.session, message.id),
        received=answers_to(uow.session, message),
        files=files_shown(bundle_of(uow.session, message)),
        may_withdraw=may(me(), "manage_team"),
        kinds=KINDS,
    )


@pages.get("/frame")
def frame(message_id: int) -> Response:
    """The exact mail that left, or what would leave now, in a document that can load and run nothing."""
    message = message_of(work().session, me(), message_id)
    sent = exact_mail(work().session, message)
    return framed(
        _html_of(sent) if sent else page("compose/preview.html", look=look_of(work().session, message))
    )


@pages.get("/raw")
def raw(message_id: int) -> Response:
    sent = exact_mail(work().session, message_of(work().session, me(), message_id))
    if sent is None:
        return go(url_for(".show", message_id=message_id), "Nothing was handed over yet.")
    return Response(sent, mimetype="text/plain; charset=utf-8")


@pages.post("/answer")
def answer_it(message_id: int) -> Response:
    message = _locked(message_id)
    chosen = ANSWERS.get(request.form.get("answer", ""))
    if chosen is None:
        raise Invalid("Say whether it was sent, is to be sent again, is left out, or ends the campaign.")
    act, words = chosen
    act(work(), me(), message)
    return go(way_back(url_for(".show", message_id=message_id)), words)


@pages.post("/cancel")
def cancel_it(message_id: int) -> Response:
    message = _locked(message_id)
    task = task_with_mail(work().session, message.id)
    if task is not None:
        take_back_mail(work(), me(), task_of(work(), me(), task.id))
        return go(way_back(url_for("tasks.index")), "Cancelled: its task is open again, with your words.")
    call_off(work(), me(), message)
    words = "Cancelled. The campaign goes on with its next step." if message.campaign_id else "Cancelled."
    return go(way_back(url_for("emails.index")), words)


@pages.post("/archive")
def archive_it(message_id: int) -> Response:
    away = bool(request.form.get("away"))
    archive(work(), me(), _locked(message_id), away=away)
    words = "Archived: opens and clicks no longer count." if away else "Back: opens and clicks count again."
    return go(way_back(url_for("emails.index")), words)


@pages.post("/success")
def succeed(message_id: int) -> Response:
    reached = bool(request.form.get("reached"))
    mark_success(work(), me(), _locked(message_id), reached=reached)
    return go(
        way_back(url_for("emails.index")), "Marked as a success." if reached else "No longer a success."
    )


@pages.post("/remove")
def remove_it(message_id: int) -> Response:
    message, away = _locked(message_id), bool(request.form.get("away"))
    remove(work(), me(), message, away=away)
    undo = url_for(".remove_it", message_id=message_id) if away else None
    return go(way_on(url_for("emails.index")), "Deleted from the list." if away else "It is back.", undo)


@pages.get("/edit")
def edit(message_id: int) -> str:
    message = message_of(work().session, me(), message_id)
    person = work().session.get_one(Person, message.person_id)
    words = words_to_edit(work().session, message, person)
    zone = person.zone or me().zone
    typed = {
        "subject": words.subject,
        "html": words.html,
        "cc": message.cc,
        "bcc": message.bcc,
        "bundle_id": bundle_of(work().session, message),
        "send_at": f"{message.due_at.astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M}",
    }
    return _edit_page(message, person, typed, {})


@pages.post("/edit")
def change(message_id: int) -> Response | tuple[str, int]:
    message = message_of(work().session, me(), message_id)
    person, typed = work().session.get_one(Person, message.person_id), request.form
    try:
        written = typed_mail({**typed, "when": "later"}, person.zone or me().zone, message.team_id)
        message = _locked(message_id)
        rewrite(work(), me(), message, person, _at_the_same_minute(message, written))
    except Invalid as error:
        return _edit_page(message, person, files_again(typed), error.problems), 422
    return go(url_for(".show", message_id=message_id), "Saved: it leaves with these words.")


def _at_the_same_minute(message: Message, typed: Typed) -> Typed:
    """The form knows minutes; a mail whose time was not touched keeps its second."""
    same = typed.send_at == message.due_at.replace(second=0, microsecond=0)
    return replace(typed, send_at=message.due_at) if same else typed


def _edit_page(
    message: Message, person: Person, typed: Mapping[str, Any], problems: Mapping[str, str]
) -> str:
    return page(
        "message/edit.html",
        message=message,
        person=person,
        typed=typed,
        problems=problems,
        files=files_shown(typed.get("bundle_id")),
        their_zone=person.zone or me().zone,
    )


@pages.post("/retry")
def retry_it(message_id: int) -> Response:
    again = write_again(work(), me(), _locked(message_id))
    return go(url_for(".show", message_id=again.id), "It is tried once more.")


def _locked(message_id: int) -> Message:
    return message_of(work().session, me(), message_id, lock=True)


def _html_of(mime: bytes) -> str:
    part = email.message_from_bytes(mime, policy=policy.default).get_body(("html", "plain"))
    return for_frame(str(part.get_content())) if part is not None else ""


ANSWERS: dict[str, tuple[Callable[[UnitOfWork, User, Message], None], str]] = {
    "sent": (settling.say_it_was_sent, "It counts as sent; the next step follows."),
    "again": (settling.send_again, "It is sent again, under the same name, so a copy would show as one."),
    "end": (end_uncertain, "The campaign has ended for this person."),
    "skip": (settling.give_it_up, "Left out; the campaign goes on."),
}
