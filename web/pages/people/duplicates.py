"""People who are probably there twice, and making one of two: field by field, and not undone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, Response, make_response, request, url_for

from sales_campaigns.accounts.models import User
from sales_campaigns.enrollments.duplicates.finding import MOST, probable_duplicates
from sales_campaigns.enrollments.duplicates.merging import CHOOSABLE, merge_people
from sales_campaigns.errors import Invalid
from sales_campaigns.people.listing import person_of
from sales_campaigns.people.models import Person
from sales_campaigns.people.suppression import why_not
from web.answers import go, page
from web.filters import CONSENT_WORDS
from web.numbers import whole
from web.request_scope import me, work

pages = Blueprint("duplicates", __name__)
LABELS = {
    "email": "E-mail address",
    "first_name": "First name",
    "last_name": "Last name",
    "company": "Company",
    "title": "Job title",
    "phone": "Phone",
    "linkedin_url": "LinkedIn URL",
    "zone": "Time zone",
    "owner_id": "Owner",
    "consent": "Basis",
    "pinned_note": "Pinned note",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One field in which the two differ, in words; `theirs` is what is offered first."""

    name: str
    label: str
    mine: str
    other: str
    theirs: bool


@pages.get("/people/duplicates")
def index() -> str:
    found = probable_duplicates(work().session, me())
    return page("duplicates/index.html", found=found, most=MOST)


@pages.get("/people/duplicates/merge")
def form() -> Response:
    if not (request.args.get("kept", type=whole) and request.args.get("gone", type=whole)):
        return go(url_for("duplicates.index"))
    return _form({})


@pages.post("/people/duplicates/merge")
def merge() -> Response:
    kept, gone = _pair()
    theirs = {name for name in CHOOSABLE if request.form.get(name) == "theirs"}
    try:
        person = merge_people(work(), me(), kept.id, gone.id, theirs)
    except Invalid as refusal:
        return _form(refusal.problems)
    return go(url_for("person.show", person_id=person.id), f"One person now: {person.name}.")


def _form(problems: Mapping[str, str]) -> Response:
    kept, gone = _pair()
    shown = page(
        "duplicates/merge.html",
        kept=kept,
        gone=gone,
        choices=[one for name in CHOOSABLE if (one := _choice(name, kept, gone)).mine != one.other],
        refused=[cause for one in (kept, gone) if (cause := why_not(work().session, one.id))],
        problems=problems,
    )
    return make_response(shown, 422 if problems else 200)


def _pair() -> tuple[Person, Person]:
    """Raises NotFound for people of another team, Invalid where nobody is named."""
    kept, gone = (request.values.get(name, type=whole) for name in ("kept", "gone"))
    if kept is None or gone is None:
        raise Invalid("Choose the two people first.")
    return person_of(work().session, me(), kept), person_of(work().session, me(), gone)


def _choice(name: str, kept: Person, gone: Person) -> Choice:
    mine, other = _words(name, kept), _words(name, gone)
    asked = request.form.get(name)
    return Choice(name, LABELS[name], mine, other, asked == "theirs" if asked else not mine)


def _words(name: str, person: Person) -> str:
    value = getattr(person, name)
    if name == "owner_id":
        return work().session.get_one(User, value).name
    return CONSENT_WORDS[value] if name == "consent" and value else str(value or "")
