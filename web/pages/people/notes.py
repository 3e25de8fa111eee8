"""A person's page, what was not planned: log a call or a meeting, write a note, pin one."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, request, url_for

from sales_campaigns.enrollments.noting import Happened, Noted, note_down, pin_note
from sales_campaigns.errors import Invalid
from sales_campaigns.people.listing import person_of
from sales_campaigns.people.models import Person
from sales_campaigns.tasks.call_choices import choices_of
from sales_campaigns.tasks.models import ChoiceKind
from web.answers import go, page
from web.parts.typed_times import instant_of
from web.parts.way_back import way_back
from web.request_scope import me, work

pages = Blueprint("notes", __name__, url_prefix="/people/<int:person_id>")
SAID = {
    Happened.CALL: "The call is logged.",
    Happened.MEETING: "The meeting is logged.",
    Happened.NOTE: "Noted.",
}


@pages.get("/log")
def form(person_id: int) -> str:
    """`kind` chooses what the form begins with."""
    return _form(person_of(work().session, me(), person_id), {"kind": request.args.get("kind", "")}, {})


@pages.post("/log")
def log(person_id: int) -> Response | tuple[str, int]:
    person, typed = person_of(work().session, me(), person_id), request.form
    kind = Happened(typed["kind"]) if typed.get("kind") in set(Happened) else Happened.NOTE
    call = kind is Happened.CALL
    try:
        noted = Noted(
            kind,
            words=typed.get("words", "").strip(),
            at=instant_of(typed["at"], me().zone, "at") if typed.get("at") else None,
            outcome=typed.get("outcome", "") if call else "",
            reason=typed.get("reason", "") if call else "",
            inbound=call and "inbound" in typed,
            booked="booked" in typed,
        )
        note_down(work(), me(), person, noted)
    except Invalid as error:
        return _form(person, typed, error.problems), 422
    return go(url_for("person.show", person_id=person_id, tab="history"), SAID[kind])


@pages.post("/pin")
def pin(person_id: int) -> Response:
    person = person_of(work().session, me(), person_id)
    words = request.form.get("pinned", "")
    pin_note(work(), me(), person, words)
    back = url_for("person.show", person_id=person_id)
    return go(way_back(back), "The note is pinned." if words.strip() else "No note is pinned any more.")


def _form(person: Person, typed: Mapping[str, str], problems: Mapping[str, str]) -> str:
    kept = choices_of(work().session, me().team_id)
    return page(
        "person/log.html",
        person=person,
        typed=typed,
        problems=problems,
        outcomes=[("", "–"), *((one.name, one.name) for one in kept[ChoiceKind.OUTCOME])],
        reasons=[("", "–"), *((one.name, one.name) for one in kept[ChoiceKind.REASON])],
    )
