"""People as programs see them."""

from __future__ import annotations

from typing import ClassVar

from pydantic import AwareDatetime, Field

from sales_campaigns.people.listing import PersonLine
from sales_campaigns.people.models import Consent
from web.api.protocol.shapes import Shown


class PersonShown(Shown):
    PASSING: ClassVar[frozenset[str]] = frozenset({"warning"})

    id: int
    email: str
    first_name: str
    last_name: str
    company: str
    title: str
    phone: str
    linkedin_url: str
    zone: str
    consent: Consent | None
    custom: dict[str, str]
    pinned_note: str
    untracked: bool
    owner_id: int
    created_at: AwareDatetime
    changed_at: AwareDatetime
    warning: str = Field("", description="Why mail is not allowed; empty where it is.")


def person_line(line: PersonLine) -> PersonShown:
    return PersonShown.model_validate(line.person).model_copy(update={"warning": line.sentence})
