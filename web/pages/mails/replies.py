"""Replies as work: a list that waits until each is answered or disposed of, and one reply with what can be done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, request, url_for

from sales_campaigns.accounts.models import User
from sales_campaigns.content.html import for_frame
from sales_campaigns.enrollments.answers.disposing import interested, not_now, said_no, wrong_person
from sales_campaigns.enrollments.explaining.history import held_of
from sales_campaigns.errors import IllegalMove, Invalid
from sales_campaigns.messages.incoming.disposing import FROM_PEOPLE, dispose, received_of, wait_again
from sales_campaigns.messages.incoming.facts import html_of, parsed
from sales_campaigns.messages.incoming.models import Disposal, ReceivedMail
from sales_campaigns.messages.incoming.reading import PAGE, Box, box_counts, raw_of, reply_lines
from sales_campaigns.messages.models import Message
from sales_campaigns.people.models import Person
from sales_campaigns.people.suppression import why_not
from sales_campaigns.tasks.days import local_date
from web.answers import answer, go, page
from web.filters import count_words, day_words, when_words
from web.numbers import whole
from web.pages.mails.compose import framed
from web.parts.enrollment_words import STATES
from web.parts.reply_rows import KINDS, answer_href, outcome_words, reply_row
from web.request_scope import me, work

pages = Blueprint("replies", __name__, url_prefix="/replies")
FRIDAY = 4
BOXES = {Box.WAITING: "Waiting", Box.DONE: "Done", Box.AUTOMATIC: "Automatic"}


@pages.get("")
def index() -> str:
    uow, args = work(), request.args
    box = Box(args["show"]) if args.get("show") in set(Box) else Box.WAITING
    everybody = args.get("owner") == "all"
    whose = None if everybody else me().id
    kept: dict[str, Any] = {"owner": "all"} if everybody else {}
    lines = reply_lines(uow.session, me(), box, user_id=whose, beyond=args.get("after", type=whole))
    counts = box_counts(uow.session, me(), user_id=whose)
    shown: dict[str, Any] = {"show": box, **kept}
    return answer(
        "replies/index.html",
        "replies/_list.html",
        rows=[reply_row(line, uow.now) for line in lines],
        more=url_for(".index", after=lines[-1].key, **shown) if len(lines) == PAGE else "",
        box=box,
        everybody=everybody,
        waiting=counts[Box.WAITING],
        boxes=[
            {
                "label": label,
                "href": url_for(".index", show=one, **kept),
                "count": counts[one],
                "current": one is box,
            }
            for one, label in BOXES.items()
        ],
    )


@pages.get("/<int:received_id>")
def show(received_id: int) -> str:
    return _page(received_of(work().session, me(), received_id))


@pages.get("/<int:received_id>/frame")
def frame(received_id: int) -> Response:
    """The mail as it came, in a document that can load and run nothing."""
    mail = received_of(work().session, me(), received_id)
    return framed(for_frame(html_of(parsed(raw_of(work().session, mail)))))


@pages.get("/<int:received_id>/raw")
def raw(received_id: int) -> Response:
    mail = received_of(work().session, me(), received_id)
    return Response(raw_of(work().session, mail), mimetype="text/plain; charset=utf-8")


@pages.post("/<int:received_id>/dispose")
def dispose_of(received_id: int) -> Response | tuple[str, int]:
    mail = received_of(work().session, me(), received_id, lock=True)
    act = ACTS.get(request.form.get("do", ""))
    if act is None:
        raise Invalid("Use the buttons of the page.")
    try:
        return act(mail, me())
    except Invalid as refusal:
        return _page(mail, refusal.problems), 422


@pages.post("/<int:received_id>/again")
def again(received_id: int) -> Response:
    """Undo what had no consequence: the reply waits again."""
    mail = received_of(work().session, me(), received_id, lock=True)
    if mail.disposal is not Disposal.READ:
        raise IllegalMove("This reply was taken care of; what followed from it stands.")
    wait_again(work(), me(), mail)
    return go(url_for(".show", received_id=received_id), "It waits again.")


def _interested(mail: ReceivedMail, actor: User) -> Response:
    ended = interested(work(), actor, mail)
    return _done(f"Interested.{_ended(ended, ' with success')}")


def _no(mail: ReceivedMail, actor: User) -> Response:
    ended = said_no(work(), actor, mail)
    return _done(f"No.{_ended(ended)}")


def _read(mail: ReceivedMail, actor: User) -> Response:
    dispose(work(), actor, mail, Disposal.READ)
    return _done("Read: it waits no longer.", url_for(".again", received_id=mail.id))


def _not_now(mail: ReceivedMail, actor: User) -> Response:
    written = request.form.get("until_chip") or request.form.get("until", "")
    try:
        day = date.fromisoformat(written.strip())
    except ValueError:
        raise Invalid({"until": "Choose the day on which the person is added again."}) from None
    at = not_now(work(), actor, mail, day)
    return _done(f"Not now. It goes on {when_words(at, actor.zone)}.")


def _wrong_person(mail: ReceivedMail, actor: User) -> Response:
    instead = wrong_person(work(), actor, mail, request.form)
    if instead is None:
        return _done("Wrong person: the campaigns have ended.")
    return go(url_for("person.show", person_id=instead.id), f"{instead.name} was added instead.")


ACTS: dict[str, Callable[[ReceivedMail, User], Response]] = {
    "interested": _interested,
    "no": _no,
    "read": _read,
    "not_now": _not_now,
    "wrong_person": _wrong_person,
}


def _ended(number: int, how: str = "") -> str:
    return f" It has ended{how} in {count_words(number, 'campaign')}." if number else ""


def _done(words: str, undo_url: str | None = None) -> Response:
    return go(url_for(".index"), words, undo_url)


def _page(mail: ReceivedMail, problems: dict[str, str] | None = None) -> str:
    session, now = work().session, work().now
    person = session.get_one(Person, mail.person_id)
    words, tone = KINDS[mail.kind]
    return page(
        "replies/show.html",
        mail=mail,
        person=person,
        kind=words,
        tone=tone,
        waits=mail.kind in FROM_PEOPLE and mail.disposal is None,
        outcome=outcome_words(mail),
        answered=session.get(Message, mail.answers_id) if mail.answers_id else None,
        answer=session.get(Message, mail.answer_id) if mail.answer_id else None,
        answer_url=answer_href(mail),
        disposed_by=session.get(User, mail.disposed_by_id) if mail.disposed_by_id else None,
        cause=why_not(session, person.id),
        held=held_of(session, person),
        states=STATES,
        days=_days(local_date(now, me().zone)),
        typed=request.form,
        problems=problems or {},
    )


def _days(today: date) -> list[dict[str, str]]:
    """Quick choices for “not now”: a Saturday or Sunday becomes the Monday after it."""
    found = []
    for label, ahead in (("In a month", 30), ("In 3 months", 91), ("In 6 months", 182)):
        day = today + timedelta(days=ahead)
        day += timedelta(days=7 - day.weekday() if day.weekday() > FRIDAY else 0)
        found.append({"label": label, "value": day.isoformat(), "hint": day_words(day)})
    return found
