"""One person: about, history, tasks, campaigns; add and change somebody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Blueprint, Response, request, url_for

from sales_campaigns.accounts.models import User
from sales_campaigns.enrollments.answers.readdressing import change_and_go_on
from sales_campaigns.enrollments.explaining.history import held_of
from sales_campaigns.errors import Invalid, NotFound
from sales_campaigns.messages.incoming.reading import unanswered_of
from sales_campaigns.people.columns import custom as custom_name
from sales_campaigns.people.editing import create_person
from sales_campaigns.people.groups import lists_of
from sales_campaigns.people.listing import groups_with, person_of
from sales_campaigns.people.merging import FIELDS
from sales_campaigns.people.models import Person
from sales_campaigns.people.suppression import why_not
from sales_campaigns.people.zones import zone_names
from web.answers import go, page
from web.filters import count_words
from web.pages.people.person_tabs import tab_context
from web.parts.crm_links import person_link
from web.request_scope import me, work

pages = Blueprint("person", __name__)
TABS = {"about": "About", "history": "History", "tasks": "Tasks", "campaigns": "Campaigns"}
TYPED = ("email", *FIELDS)


@pages.get("/people/new")
def new() -> str:
    return _form(None, dict.fromkeys(TYPED, ""), [])


@pages.post("/people/new")
def create() -> Response | tuple[str, int]:
    try:
        person = create_person(work(), me(), _typed(), _custom())
    except Invalid as error:
        return _form(None, request.form, _pairs(), error.problems), 422
    return go(url_for("person.show", person_id=person.id), f"{person.name} was added.")


@pages.get("/people/<int:person_id>")
@pages.get("/people/<int:person_id>/<tab>")
def show(person_id: int, tab: str = "about") -> str:
    if tab not in TABS:
        raise NotFound
    session = work().session
    person = person_of(session, me(), person_id)
    joined = groups_with(session, me(), person.id)
    return page(
        "person/index.html",
        person=person,
        owner=session.get(User, person.owner_id),
        cause=why_not(session, person.id),
        held=held_of(session, person),
        unanswered=unanswered_of(session, person),
        groups=joined,
        to_join=[line.group for line in lists_of(session, me()) if line.group not in joined],
        in_crm=person_link(person),
        tab=tab,
        tabs=[
            {
                "label": words,
                "href": url_for("person.show", person_id=person_id, tab=name),
                "current": name == tab,
            }
            for name, words in TABS.items()
        ],
        **tab_context(tab, person),
    )


@pages.get("/people/<int:person_id>/edit")
def edit(person_id: int) -> str:
    person = person_of(work().session, me(), person_id)
    return _form(person, {name: getattr(person, name) for name in TYPED}, list(person.custom.items()))


@pages.post("/people/<int:person_id>/edit")
def change(person_id: int) -> Response | tuple[str, int]:
    person = person_of(work().session, me(), person_id)
    try:
        _, going_on = change_and_go_on(work(), me(), person_id, _typed(), _custom())
    except Invalid as error:
        return _form(person, request.form, _pairs(), error.problems), 422
    return go(url_for("person.show", person_id=person_id), _saved(going_on))


def _saved(going_on: int) -> str:
    words = f" With the new address {count_words(going_on, 'campaign goes', 'campaigns go')} on."
    return "Saved." + (words if going_on else "")


def _form(
    person: Person | None,
    typed: Mapping[str, str],
    custom: Sequence[tuple[str, str]],
    problems: Mapping[str, str] | None = None,
) -> str:
    """`person` is None for somebody new; what was typed is shown again beside the problems."""
    name = work().session.get_one(Person, person.id).name if person else ""
    return page(
        "person/form.html",
        person=person,
        name=name,
        typed=typed,
        custom=[(named, value, _called(named)) for named, value in custom],
        problems=problems or {},
        zones=zone_names(),
    )


def _typed() -> dict[str, str]:
    return {name: request.form[name] for name in TYPED if name in request.form}


def _custom() -> dict[str, str]:
    """The pairs of name and value of the form; a name becomes what templates call it."""
    named = ((_called(name), value) for name, value in _pairs())
    return {name: value for name, value in named if name}


def _pairs() -> list[tuple[str, str]]:
    """Names and values as they were typed; rows that nobody filled are left out."""
    names, values = request.form.getlist("custom_name"), request.form.getlist("custom_value")
    return [pair for pair in zip(names, values, strict=False) if any(pair)]


def _called(name: str) -> str:
    """What templates call a field of this name."""
    return custom_name(name).partition(":")[2]
