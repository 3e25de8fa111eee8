"""How a person stands with us: what is held because they wrote, unsubscribing by hand, letting in again."""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for

from sales_campaigns.enrollments.answers.opting_out import unsubscribe
from sales_campaigns.enrollments.ending import end_people
from sales_campaigns.enrollments.explaining.history import held_of
from sales_campaigns.enrollments.pausing import resume_people
from sales_campaigns.errors import IllegalMove, Invalid
from sales_campaigns.people.editing import notice_nothing
from sales_campaigns.people.listing import person_of
from sales_campaigns.people.unsubscribing import resubscribe
from web.answers import go
from web.filters import count_words
from web.parts.way_back import way_back
from web.request_scope import me, work

pages = Blueprint("standing", __name__, url_prefix="/people/<int:person_id>")


@pages.post("/decide")
def decide(person_id: int) -> Response:
    """Go on, end, or end as success, for everything that is held because this person wrote."""
    person = person_of(work().session, me(), person_id)
    held = [enrollment for enrollment, _ in held_of(work().session, person)]
    if not held:
        raise IllegalMove("Nothing of this person is held any more.")
    match request.form.get("do"):
        case "go_on":
            words = f"{person.name} goes on in {count_words(resume_people(work(), me(), held), 'campaign')}."
        case "end" | "success" as how:
            ended = end_people(work(), me(), held, success=how == "success")
            words = f"It has ended for {person.name} in {count_words(ended, 'campaign')}."
        case _:
            raise Invalid("Use the buttons of the page.")
    return go(way_back(_page(person_id)), words)


@pages.post("/unsubscribe")
def opt_out(person_id: int) -> Response:
    person = person_of(work().session, me(), person_id)
    ended = unsubscribe(work(), me(), person, request.form.get("reason", ""))
    words = f" It has ended in {count_words(ended, 'campaign')}." if ended else ""
    return go(_page(person_id), f"{person.name} gets no more mail.{words}")


@pages.post("/resubscribe")
def let_in(person_id: int) -> Response:
    person = person_of(work().session, me(), person_id)
    resubscribe(work(), me(), person, request.form.get("reason", ""))
    return go(_page(person_id), f"{person.name} may be written to again.")


@pages.post("/tracking")
def tracking(person_id: int) -> Response:
    untracked = "untracked" in request.form
    person = notice_nothing(work(), me(), person_id, untracked=untracked)
    words = (
        "Nothing is noticed of mails to" if untracked else "Opens and clicks are noticed again of mails to"
    )
    return go(_page(person_id), f"{words} {person.name}.")


def _page(person_id: int) -> str:
    return url_for("person.show", person_id=person_id)
