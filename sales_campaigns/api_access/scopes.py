"""What a token may be used for, beside the rights of its user. Pure."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum


class Scope(StrEnum):
    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


# What a token can be limited to, as the API divides what it offers.
AREAS = (
    "desk",
    "tasks",
    "messages",
    "templates",
    "campaigns",
    "deliveries",
    "people",
    "users",
    "mailboxes",
    "leave",
    "calendars",
    "policies",
    "addresses",
    "webhooks",
    "crm",
    "installation",
)
CONTAINS = {
    Scope.READ: frozenset({Scope.READ}),
    Scope.WRITE: frozenset({Scope.READ, Scope.WRITE}),
    Scope.ADMIN: frozenset(Scope),
}


def suffices(held: Scope, areas: Collection[str], needed: Scope, area: str) -> bool:
    """Writing contains reading, and administering both. No areas are all areas."""
    return needed in CONTAINS[held] and (not areas or area in areas)
