"""The dynamic fields of a mail: what they are called, and the values one person and one sender give them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain

from sales_campaigns.content.characters import sendable


@dataclass(frozen=True, slots=True)
class Field:
    """One entry of the editor's field inserter: `name` as written in a template, `words` as shown."""

    name: str
    words: str
    example: str


FIELDS: tuple[Field, ...] = (
    Field("first_name", "First name", "Maria"),
    Field("last_name", "Last name", "Lindqvist"),
    Field("full_name", "Full name", "Maria Lindqvist"),
    Field("email", "E-mail address", "maria@example.com"),
    Field("company", "Company", "Northwind"),
    Field("title", "Job title", "Head of Logistics"),
    Field("phone", "Phone number", "+46 8 123 45 67"),
    Field("linkedin_url", "LinkedIn URL", "https://www.linkedin.com/in/maria-lindqvist"),
    Field("time_zone", "Time zone", "Europe/Stockholm"),
    Field("my_name", "My name", "Ana Rossi"),
    Field("my_first_name", "My first name", "Ana"),
    Field("my_last_name", "My last name", "Rossi"),
    Field("my_email", "My e-mail address", "ana@example.org"),
    Field("my_title", "My job title", "Account Executive"),
    Field("my_phone", "My phone number", "+39 06 123 456"),
)
NAMES = frozenset(field.name for field in FIELDS)
_WHOLE = {"full_name": ("first_name", "last_name"), "my_name": ("my_first_name", "my_last_name")}


def merge_values(
    person: Mapping[str, str | None], custom: Mapping[str, str], sender: Mapping[str, str]
) -> dict[str, str]:
    """Return the values that a mail is rendered with; a field that is blank is absent.

    `person` and `sender` are keyed by the built-in names (others are ignored), `custom` by the
    team's own snake_case names, which never hide a built-in one. A full name that is not given is made of
    first and last name.
    """
    values: dict[str, str] = {}
    for name, value in chain(custom.items(), _built_in(person), _built_in(sender)):
        cleaned = sendable(value).strip() if value else ""
        if cleaned:
            values[name] = cleaned
    for whole, parts in _WHOLE.items():
        _complete(values, whole, *parts)
    return values


def parts_of_names(names: Iterable[str]) -> frozenset[str]:
    """These fields, and those that a whole one is made of where it is not given."""
    return frozenset(chain(names, *(_WHOLE[name] for name in names if name in _WHOLE)))


def unknown_names(names: Iterable[str], custom: Iterable[str]) -> tuple[str, ...]:
    """Return those of `names` that are neither built in nor among the team's `custom` fields, sorted."""
    return tuple(sorted(set(names) - NAMES - set(custom)))


def _built_in(values: Mapping[str, str | None]) -> list[tuple[str, str | None]]:
    return [(name, value) for name, value in values.items() if name in NAMES]


def _complete(values: dict[str, str], whole: str, *parts: str) -> None:
    if whole not in values and (made := [values[part] for part in parts if part in values]):
        values[whole] = " ".join(made)
