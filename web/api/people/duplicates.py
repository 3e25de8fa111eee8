"""People who are probably there twice, and making one of two."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sales_campaigns.enrollments.duplicates.finding import MOST, probable_duplicates
from sales_campaigns.enrollments.duplicates.merging import merge_people
from web.api.people.people import get_person
from web.api.people.shapes import PersonShown
from web.api.protocol.operations import Area
from web.api.protocol.shapes import Asked, Id, Shown
from web.request_scope import me, work

api = Area("people", "")
Choosable = Literal[
    "email",
    "first_name",
    "last_name",
    "company",
    "title",
    "phone",
    "linkedin_url",
    "zone",
    "owner_id",
    "consent",
    "pinned_note",
]


class Merged(Asked):
    kept_id: Id = Field(description="Who stays.")
    gone_id: Id = Field(description="Who is merged into the other one.")
    theirs: list[Choosable] = Field(
        default_factory=list, max_length=20, description="The fields that are taken from who goes."
    )


class AlikeShown(Shown):
    shares: str = Field(description="What they have in common.")
    people: list[PersonShown]


class DuplicatesShown(Shown):
    duplicates: list[AlikeShown] = Field(description=f"At most {MOST}; merge these, and the next are shown.")


@api.get("/duplicates")
def list_duplicates() -> DuplicatesShown:
    """People of your team who share a LinkedIn page, a phone number, or a name and a company."""
    found = probable_duplicates(work().session, me())
    return DuplicatesShown(
        duplicates=[
            AlikeShown(shares=one.shares, people=[PersonShown.model_validate(who) for who in one.people])
            for one in found
        ]
    )


@api.post("/duplicates/merge", example={"kept_id": 1, "gone_id": 2, "theirs": ["phone"]})
def merge_two_people(body: Merged) -> PersonShown:
    """One person of two, with the mails, tasks and campaigns of both. It cannot be undone."""
    return get_person(merge_people(work(), me(), body.kept_id, body.gone_id, set(body.theirs)).id)
