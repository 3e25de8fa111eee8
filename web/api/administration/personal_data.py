"""What is known of a person: told as one document, or erased."""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field, model_validator

from sales_campaigns.accounts.roles import require
from sales_campaigns.api_access.scopes import Scope
from sales_campaigns.erasure.erasing import Erased, count_of, erase
from sales_campaigns.erasure.subjects import subject_of
from sales_campaigns.erasure.telling import tell
from web.api.protocol.operations import Area
from web.api.protocol.shapes import Asked, Id, Line, Shown
from web.request_scope import me, work

api = Area("installation", "", Scope.ADMIN)
EXAMPLE = {"email": "maria@example.com"}


class Subject(Asked):
    """By number, or by address: whoever has it, in every team."""

    person_id: Id | None = None
    email: Line = ""

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if (self.person_id is None) == (not self.email.strip()):
            raise ValueError("give either person_id or email")
        return self

    def named(self) -> dict[str, Any]:
        return {"email": self.email.strip()} if self.person_id is None else {"person_id": self.person_id}


class Told(Shown):
    known: dict[str, Any] = Field(description="By table, as `flask people export` writes it.")


class ErasedShown(Shown):
    people: int
    mails: int
    received: int
    tasks: int


@api.post("/personal-data/count", example=EXAMPLE)
def count_personal_data(body: Subject) -> ErasedShown:
    """How much an erasure would take. Nothing is changed."""
    require(me(), "manage_installation")
    return _shown(count_of(work(), subject_of(work().session, **body.named())))


@api.post("/personal-data/tell", example=EXAMPLE)
def tell_personal_data(body: Subject) -> Told:
    """All that is known of somebody; that it was told stands in the audit log."""
    return Told(known=tell(work(), me(), **body.named()))


@api.post("/personal-data/erase", example=EXAMPLE)
def erase_personal_data(body: Subject) -> ErasedShown:
    """Erase it, for good. The address is never mailed again."""
    return _shown(erase(work(), me(), **body.named()))


def _shown(erased: Erased) -> ErasedShown:
    return ErasedShown.model_validate(erased)
