"""One person: add, change, delete, and what is on record."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sales_campaigns.enrollments.answers.readdressing import change_and_go_on
from sales_campaigns.enrollments.noting import Happened, Noted, note_down, pin_note
from sales_campaigns.errors import NotFound
from sales_campaigns.live_feed import history
from sales_campaigns.people.editing import create_person, delete_people, notice_nothing, restore_people
from sales_campaigns.people.listing import person_of
from sales_campaigns.people.models import Person
from sales_campaigns.people.suppression import why_not
from web.api.desk.shapes import EventShown, event_shown
from web.api.people.shapes import PersonShown
from web.api.protocol.operations import Area, Edits
from web.api.protocol.shapes import Asked, Instant, Line, Note, Shown
from web.request_scope import me, work

api = Area("people", "Who can be reached: people, their groups, and files of them.")
Custom = Annotated[dict[str, Note], Field(max_length=100)]


class NewPerson(Asked):
    """Somebody who can be reached: an address, a phone number or a LinkedIn URL is needed."""

    email: Line = ""
    first_name: Line = ""
    last_name: Line = ""
    company: Line = ""
    title: Line = ""
    phone: Line = ""
    linkedin_url: Line = ""
    zone: Line = Field("", description="An IANA time zone, such as Europe/Stockholm.")
    custom: Custom = Field(default_factory=dict, description="Fields of your own, which templates can name.")


class ChangedPerson(Asked):
    """What is not given stays; an empty text empties the field."""

    email: Line | None = None
    first_name: Line | None = None
    last_name: Line | None = None
    company: Line | None = None
    title: Line | None = None
    phone: Line | None = None
    linkedin_url: Line | None = None
    zone: Line | None = None
    custom: Custom | None = Field(None, description="Replaces all fields of your own.")
    untracked: bool | None = Field(None, description="No pixel and no tracked links in mails to this person.")
    pinned_note: Note | None = None


class Logged(Asked):
    """What was not planned: a call, a meeting, a note."""

    kind: Happened
    words: Note = ""
    at: Instant | None = None
    outcome: Line = ""
    reason: Line = ""
    inbound: bool = False
    booked: bool = Field(False, description="A meeting was agreed: campaigns end with success.")


class History(Shown):
    events: list[EventShown]


@api.post("/people", status=201, example={"email": "lena@example.org", "first_name": "Lena"})
def create_person_of_mine(body: NewPerson) -> PersonShown:
    """Add somebody. A person who was deleted and has this address comes back."""
    typed = {name: value for name, value in body.model_dump(exclude={"custom"}).items() if value}
    return _shown(create_person(work(), me(), typed, body.custom))


@api.get("/people/<int:person_id>")
def get_person(person_id: int) -> PersonShown:
    """One person."""
    return _shown(person_of(work().session, me(), person_id))


@api.patch("/people/<int:person_id>", edits=Edits(Person, get_person), example={"company": "Fjord Energy"})
def change_person_of_mine(person_id: int, body: ChangedPerson) -> PersonShown:
    """Change what is given. With another address, campaigns that a bounce has ended go on."""
    typed = body.model_dump(exclude_none=True, exclude={"custom", "untracked", "pinned_note"})
    if typed or body.custom is not None:
        change_and_go_on(work(), me(), person_id, typed, body.custom)
    if body.untracked is not None:
        notice_nothing(work(), me(), person_id, untracked=body.untracked)
    if body.pinned_note is not None:
        pin_note(work(), me(), person_of(work().session, me(), person_id), body.pinned_note)
    work().session.flush()
    return get_person(person_id)


@api.delete("/people/<int:person_id>")
def delete_person(person_id: int) -> None:
    """Hide somebody and stop mail to them. Can be taken back."""
    delete_people(work(), me(), [person_of(work().session, me(), person_id).id])


@api.post("/people/<int:person_id>/restore")
def restore_person(person_id: int) -> PersonShown:
    """Take a deletion back."""
    if not restore_people(work(), me(), [person_id]):
        raise NotFound
    return get_person(person_id)


@api.get("/people/<int:person_id>/history")
def get_person_history(person_id: int) -> History:
    """The last 100 things that happened with somebody, the newest first."""
    person = person_of(work().session, me(), person_id)
    return History(events=[event_shown(line) for line in history(work().session, me(), person.id, limit=100)])


@api.post("/people/<int:person_id>/log", status=204, example={"kind": "call", "words": "Called back"})
def log_with_person(person_id: int, body: Logged) -> None:
    """Put a call, a meeting or a note on record."""
    person = person_of(work().session, me(), person_id)
    call = body.kind is Happened.CALL
    noted = Noted(
        body.kind,
        words=body.words,
        at=body.at,
        outcome=body.outcome if call else "",
        reason=body.reason if call else "",
        inbound=call and body.inbound,
        booked=body.booked,
    )
    note_down(work(), me(), person, noted)


def _shown(person: Person) -> PersonShown:
    work().session.flush()
    cause = why_not(work().session, person.id)
    found = PersonShown.model_validate(person)
    return found.model_copy(update={"warning": cause.sentence if cause else ""})
