"""What goes in and out: the shapes that operations declare their own from, and kinds of values that recur."""

from __future__ import annotations

import hashlib
from datetime import date, datetime, time
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)

LARGEST_ID = 2**31 - 1
MOST = 200  # rows of a page, items of a bulk act
FIRST_YEAR, LAST_YEAR = 2000, 2100

Item = TypeVar("Item")


def _within_reach(moment: datetime) -> datetime:
    if not FIRST_YEAR <= moment.year < LAST_YEAR:
        raise ValueError(f"lies between {FIRST_YEAR} and {LAST_YEAR}")
    return moment


def _day_within_reach(day: date) -> date:
    if not FIRST_YEAR <= day.year < LAST_YEAR:
        raise ValueError(f"lies between {FIRST_YEAR} and {LAST_YEAR}")
    return day


Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]
Ids = Annotated[list[Id], Field(min_length=1, max_length=MOST)]
Instant = Annotated[AwareDatetime, AfterValidator(_within_reach)]
Day = Annotated[date, AfterValidator(_day_within_reach)]
# A wall clock has no offset, which JSON Schema's own "time" asks for.
TimeOfDay = Annotated[time, WithJsonSchema({"type": "string", "examples": ["09:00:00"]})]
Line = Annotated[str, Field(max_length=300)]
Note = Annotated[str, Field(max_length=10_000)]
Source = Annotated[str, Field(max_length=1_000_000)]


class Asked(BaseModel):
    """What a caller sends, in the body or behind the question mark. What we do not know is refused."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _storable(cls, given: Any) -> Any:
        """Neither database keeps NUL in a text, nor a half of a surrogate pair."""
        if isinstance(given, dict):
            for name, value in given.items():
                if not _is_storable(value):
                    raise ValueError(f"“{name}” holds a character that no text may hold")
        return given


class AskedPage(Asked):
    """Which page of a list: at most `limit` rows after the cursor that the page before gave."""

    limit: int = Field(50, ge=1, le=MOST, description="Rows of a page.")
    after: str = Field("", max_length=300, description="`after` of the page before; empty begins anew.")


class Shown(BaseModel):
    """What a caller gets. Two of one content have one tag, whatever the hour."""

    model_config = ConfigDict(from_attributes=True)
    PASSING: ClassVar[frozenset[str]] = frozenset()  # what changes without anybody's act

    def tag(self) -> str:
        """A strong ETag."""
        held = self.model_dump_json(exclude=set(self.PASSING))
        return f'"{hashlib.sha256(held.encode()).hexdigest()[:32]}"'


class Page(Shown, Generic[Item]):
    """Some rows of a list, and where the next page begins."""

    items: list[Item]
    after: str | None = Field(description="Ask with this `after` for the next page; null on the last one.")


class Done(Shown):
    """What an act did, in words and as a number."""

    words: str
    count: int = 1


class Result(Shown):
    """What became of one item of a bulk act."""

    id: int
    ok: bool
    status: int = Field(description="The status that the item would have had alone.")
    detail: str = ""


class Results(Shown):
    """One result for each item, in the order they were given."""

    results: list[Result]
    act_id: int | None = Field(default=None, description="By which an unsubscribing is undone.")


def _is_storable(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" not in value and not any("\ud800" <= one <= "\udfff" for one in value)
    if isinstance(value, dict):
        return all(_is_storable(key) and _is_storable(one) for key, one in value.items())
    return all(map(_is_storable, value)) if isinstance(value, list) else True
