"""The same for many people at once, and many new ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from sales_campaigns.enrollments.answers.opting_out import unsubscribe_many
from sales_campaigns.errors import Invalid, Refusal
from sales_campaigns.people.bulk_editing import give_people, set_consent
from sales_campaigns.people.editing import create_person, delete_people, restore_people
from sales_campaigns.people.groups import add_to_group, remove_from_group
from sales_campaigns.people.listing import known_ids
from sales_campaigns.people.models import Consent
from web.api.people.people import NewPerson
from web.api.protocol.bulk import missing, results_of
from web.api.protocol.operations import Area
from web.api.protocol.shapes import MOST, Asked, Id, Ids, Line, Results, Shown
from web.errors import status_of
from web.request_scope import me, work

api = Area("people", "")


class PersonAct(StrEnum):
    JOIN = "join"
    LEAVE = "leave"
    GIVE = "give"
    CONSENT = "consent"
    UNSUBSCRIBE = "unsubscribe"
    DELETE = "delete"
    RESTORE = "restore"


NEEDS = {PersonAct.JOIN: "group_id", PersonAct.LEAVE: "group_id", PersonAct.GIVE: "owner_id"}


class BulkPeople(Asked):
    """`group_id` for join and leave, `owner_id` for give, `consent` for consent (null takes it away)."""

    do: PersonAct
    people: Ids
    group_id: Id | None = None
    owner_id: Id | None = None
    consent: Consent | None = None
    reason: Line = ""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        needed = NEEDS.get(self.do)
        if needed and getattr(self, needed) is None:
            raise ValueError(f"“{self.do.value}” needs {needed}")
        return self


class NewPeople(Asked):
    people: Annotated[list[NewPerson], Field(min_length=1, max_length=MOST)]


class NewPersonResult(Shown):
    """What became of one of them; `place` counts from 0."""

    place: int
    ok: bool
    status: int
    id: int | None = None
    errors: dict[str, str] = Field(default_factory=dict)


class NewPeopleResults(Shown):
    results: list[NewPersonResult]


@api.post("/people/bulk", example={"do": "unsubscribe", "people": [1]})
def change_people(body: BulkPeople) -> Results:
    """One act on up to 200 people. Those that are not there are named in the result."""
    ids = list(dict.fromkeys(body.people))
    seen = known_ids(work().session, me(), ids, deleted=body.do is PersonAct.RESTORE)
    refused: Mapping[int, Refusal] = missing(ids, seen)
    act_id = _act(body, seen) if seen else None
    return results_of(ids, refused).model_copy(update={"act_id": act_id})


@api.post("/people/many", example={"people": [{"email": "lena@example.org"}, {"email": "no address"}]})
def create_people(body: NewPeople) -> NewPeopleResults:
    """Up to 200 new people, each by itself: one that is refused keeps no other out. More come in as a file."""
    return NewPeopleResults(results=[_create(place, one) for place, one in enumerate(body.people)])


def _act(body: BulkPeople, ids: Sequence[int]) -> int | None:
    """The number by which it can be undone, where it can."""
    uow = work()
    match body.do:
        case PersonAct.JOIN:
            add_to_group(uow, me(), body.group_id or 0, ids)
        case PersonAct.LEAVE:
            remove_from_group(uow, me(), body.group_id or 0, ids)
        case PersonAct.GIVE:
            give_people(uow, me(), ids, body.owner_id or 0)
        case PersonAct.CONSENT:
            set_consent(uow, me(), ids, body.consent or "")
        case PersonAct.UNSUBSCRIBE:
            return unsubscribe_many(uow, me(), ids, body.reason).batch_id or None
        case PersonAct.DELETE:
            delete_people(uow, me(), ids)
        case PersonAct.RESTORE:
            restore_people(uow, me(), ids)
    return None


def _create(place: int, typed: NewPerson) -> NewPersonResult:
    given = {name: value for name, value in typed.model_dump(exclude={"custom"}).items() if value}
    try:
        with work().session.begin_nested():
            person = create_person(work(), me(), given, typed.custom)
    except Invalid as refusal:
        return NewPersonResult(place=place, ok=False, status=status_of(refusal), errors=refusal.problems)
    return NewPersonResult(place=place, ok=True, status=201, id=person.id)
