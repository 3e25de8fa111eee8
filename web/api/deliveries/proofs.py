"""Before a delivery leaves: proofs, the addresses that get them, and the mail as any recipient gets it."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from sales_campaigns.deliveries.listing import delivery_of
from sales_campaigns.deliveries.policies import task_of
from sales_campaigns.deliveries.proofing.lists import proofs_of
from sales_campaigns.deliveries.proofing.models import TestProfile
from sales_campaigns.deliveries.proofing.previewing import around, as_recipient
from sales_campaigns.deliveries.proofing.profiles import (
    add_profile,
    change_profile,
    delete_profile,
    profile_of,
    profiles_of,
)
from sales_campaigns.deliveries.proofs import send_proofs
from sales_campaigns.errors import NotFound
from sales_campaigns.people.models import Person
from web.api.protocol.operations import Area, Edits
from web.api.protocol.shapes import Asked, Done, Id, Line, Shown
from web.request_scope import me, work

api = Area("deliveries", "")
EXAMPLE = {"name": "Look", "email": "ana@example.com", "stands_in": ""}


class ProofsAsked(Asked):
    """To addresses, to test profiles, or to both; as the first person of the audience, or as `person_id`, gets it."""

    addresses: str = Field("", max_length=40_000, description="E-mail addresses, with commas between them.")
    variants: list[Literal["A", "B", "C"]] = Field(
        default_factory=list, max_length=3, description="Of an A/B test, a proof each; empty for every one."
    )
    profiles: list[Id] = Field(default_factory=list, max_length=100)
    person_id: Id | None = None


class AsWhom(Asked):
    person_id: Id | None = Field(None, description="The first of the audience where nobody is named.")
    variant: Literal["A", "B", "C"] = Field("A", description="Of an A/B test.")


class TestProfileTyped(Asked):
    name: Line
    email: Line
    stands_in: Line = Field("", description="The address of the person as whom its proofs are rendered.")
    seed: bool = Field(False, description="It gets a copy of every delivery, outside all figures.")


class ProofShown(Shown):
    message_id: int
    number: int | None
    email: str
    person: str
    status: str
    at: AwareDatetime
    words: str


class ProofsShown(Shown):
    proofs: list[ProofShown] = Field(description="The newest first.")


class AsRecipientShown(Shown):
    person_id: int
    person: str
    left_out: str = Field(description="Why this person would not get it; empty where they would.")
    subject: str
    html: str
    text: str
    problems: list[str]
    previous_id: int | None
    next_id: int | None


class TestProfileShown(Shown):
    id: int
    name: str
    email: str
    stands_in: str
    seed: bool


class TestProfilesShown(Shown):
    profiles: list[TestProfileShown]


@api.post("/deliveries/<int:delivery_id>/proofs", example={"addresses": "ana@example.com"})
def send_delivery_proofs(delivery_id: int, body: ProofsAsked) -> Done:
    """Send it to somebody who looks at it. `count` is to how many addresses."""
    kept = body.model_dump(include={"profiles", "person_id", "variants"})
    number = send_proofs(work(), me(), delivery_id, body.addresses, **kept)
    return Done(words="On their way.", count=number)


@api.get("/deliveries/<int:delivery_id>/proofs")
def list_delivery_proofs(delivery_id: int) -> ProofsShown:
    """What was sent, and what became of it."""
    lines = proofs_of(work().session, delivery_of(work().session, me(), delivery_id).id)
    return ProofsShown(proofs=[ProofShown.model_validate(one) for one in lines])


@api.get("/deliveries/<int:delivery_id>/preview")
def preview_delivery(delivery_id: int, query: AsWhom) -> AsRecipientShown:
    """The whole mail as one recipient gets it, and who comes before and after."""
    session, delivery = work().session, delivery_of(work().session, me(), delivery_id)
    task = task_of(session, delivery, work().now)
    here = around(session, task, query.person_id)
    if here is None:
        raise NotFound("Nobody is in this audience.")
    shown = as_recipient(session, task, here.person, query.variant)
    return AsRecipientShown(
        person_id=here.person.id,
        person=here.person.name,
        left_out=here.cause,
        **{name: getattr(shown, name) for name in ("subject", "html", "text", "problems")},
        previous_id=here.before,
        next_id=here.after,
    )


@api.get("/test-profiles")
def list_test_profiles() -> TestProfilesShown:
    """The addresses of your team that get proofs, and those that get a copy of every delivery."""
    return TestProfilesShown(profiles=[_shown(*one) for one in profiles_of(work().session, me())])


@api.post("/test-profiles", status=201, example=EXAMPLE)
def create_test_profile(body: TestProfileTyped) -> TestProfileShown:
    """A new one."""
    return _now(add_profile(work(), me(), **body.model_dump()))


@api.get("/test-profiles/<int:profile_id>")
def get_test_profile(profile_id: int) -> TestProfileShown:
    """One of them."""
    return _now(profile_of(work().session, me(), profile_id))


@api.put("/test-profiles/<int:profile_id>", edits=Edits(TestProfile, get_test_profile), example=EXAMPLE)
def change_test_profile(profile_id: int, body: TestProfileTyped) -> TestProfileShown:
    """For what leaves from now on."""
    return _now(change_profile(work(), me(), profile_id, **body.model_dump()))


@api.delete("/test-profiles/<int:profile_id>")
def delete_test_profile(profile_id: int) -> None:
    """What it got stays in the lists of proofs."""
    delete_profile(work(), me(), profile_id)


def _now(profile: TestProfile) -> TestProfileShown:
    work().session.flush()
    found = work().session.get(Person, profile.person_id) if profile.person_id is not None else None
    return _shown(profile, found)


def _shown(profile: TestProfile, stands_in: Person | None) -> TestProfileShown:
    kept = {name: getattr(profile, name) for name in ("id", "name", "email", "seed")}
    return TestProfileShown(**kept, stands_in=stands_in.email if stands_in is not None else "")
