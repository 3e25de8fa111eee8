"""Compose: one mail to one person, for a task or by itself; send now, schedule, take back."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, request, url_for

from sales_campaigns.deliveries.personal import draft_row, write_personal
from sales_campaigns.enrollments.composing import look_for_task, send_for_task, take_back_mail
from sales_campaigns.errors import Invalid
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.outbox.composing import Typed, look_of
from sales_campaigns.messages.outbox.drafting import forget_draft
from sales_campaigns.tasks.working import task_of
from web.answers import answer, go, page
from web.filters import when_words, zone_words
from web.numbers import whole
from web.parts.composer import Subject, again, opened, subject_of, typed_mail
from web.parts.way_back import way_on
from web.parts.writing import template_choices
from web.request_scope import me, settings, work

pages = Blueprint("compose", __name__, url_prefix="/compose")
# Mails are styled by attributes, which the policy of our own pages forbids; here nothing else is allowed.
FRAME_POLICY = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'"


@pages.before_request
def somebody() -> Response | None:
    """A mail is to somebody: without a task or a person one is chosen first."""
    if request.method == "GET" and not request.args.keys() & {"task", "person"}:
        return go(url_for("people.index"), "Choose a person to write to.")
    return None


@pages.get("")
def form() -> str:
    composer = opened(subject_of(request.args), request.args.get("template", type=whole))
    return _page(composer)


@pages.post("")
def send() -> Response | tuple[str, int]:
    subject = subject_of(request.args)
    try:
        message = _send(subject, typed_mail(request.form, subject.zone, subject.person.team_id))
    except Invalid as error:
        return _page(again(subject, request.form, error.problems)), 422
    forget_draft(work(), me(), subject.about, request.form.get("key", ""))
    otherwise = url_for(_list_of(subject))
    return go(way_on(otherwise), _said(subject, message))


@pages.post("/take-back")
def take_back() -> Response:
    task_id = request.args.get("task", 0, int)
    take_back_mail(work(), me(), task_of(work(), me(), task_id))
    return go(url_for(".form", task=task_id), "Taken back: nothing leaves until you send it again.")


@pages.post("/preview")
def preview() -> Response:
    """The mail as typed, whole, in a document that can load and run nothing."""
    subject = subject_of(request.args)
    typed = Typed(request.form.get("subject", ""), request.form.get("html", ""))
    if subject.task is not None:
        look = look_for_task(work(), me(), subject.task, subject.person, typed)
    else:
        look = look_of(
            work().session, Message(**draft_row(work(), me(), subject.person, typed, subject.thread))
        )
    return framed(page("compose/preview.html", look=look))


@pages.get("/templates")
def templates() -> str:
    subject, words = subject_of(request.args), request.args.get("words", "")
    return answer(
        "compose/templates.html",
        "compose/_templates.html",
        choices=template_choices(words),
        words=words,
        person=subject.person,
        named=subject.named,
    )


def framed(html: str) -> Response:
    """An answer for a sandboxed frame: nothing runs, nothing is fetched."""
    response = make_response(html)
    response.headers["Content-Security-Policy"] = FRAME_POLICY
    return response


def _page(composer: dict[str, object]) -> str:
    return page(
        "compose/index.html", composer=composer, typed=composer["typed"], problems=composer["problems"], on=""
    )


def _send(subject: Subject, typed: Typed) -> Message:
    if subject.task is None:
        return write_personal(
            work(),
            me(),
            subject.person,
            typed,
            thread=subject.thread,
            answer_opted_out=settings().answer_opted_out,
        )
    task = task_of(work(), me(), subject.task.id)
    return send_for_task(work(), me(), task, subject.person, typed)


def _list_of(subject: Subject) -> str:
    """The page of the work that this mail was a part of."""
    if subject.task is not None:
        return "tasks.index"
    return "replies.index" if subject.received is not None else "emails.index"


def _said(subject: Subject, message: Message) -> str:
    if message.due_at <= work().now:
        return f"The mail to {subject.person.name} is on its way."
    leaves = f"{when_words(message.due_at, subject.zone)} {zone_words(subject.zone)} time"
    return f"The mail to {subject.person.name} leaves {leaves}."
