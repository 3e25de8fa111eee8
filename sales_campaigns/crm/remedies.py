"""What a refused write means: its category, what to do about it, and when it is tried again. Pure.

The rule: each failed write is shown with category and remedy; intermittent ones are retried.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum


class Category(StrEnum):
    ACCESS = "access"
    VALIDATION = "validation"
    AUTHENTICATION = "authentication"
    INTERMITTENT = "intermittent"
    MAPPING = "mapping"
    OTHER = "other"


CATEGORY_WORDS = {
    Category.ACCESS: "Access",
    Category.VALIDATION: "Validation",
    Category.AUTHENTICATION: "Authentication",
    Category.INTERMITTENT: "Intermittent",
    Category.MAPPING: "Mapping",
    Category.OTHER: "Other",
}
NOBODY_THERE = "OWNER_NOT_MAPPED"
NOT_ANSWERED = "NOT_ANSWERED"

# The CRM's own code → category and remedy. The codes are those of Salesforce and HubSpot as their references list them.
REMEDIES: dict[str, tuple[Category, str]] = {
    NOBODY_THERE: (Category.MAPPING, "Say under “Users” who the assignee is in the CRM, then retry."),
    NOT_ANSWERED: (Category.INTERMITTENT, "The CRM did not answer. It is tried again by itself."),
    "UNABLE_TO_LOCK_ROW": (
        Category.INTERMITTENT,
        "Somebody else was writing the record. It is tried again by itself.",
    ),
    "SERVER_UNAVAILABLE": (Category.INTERMITTENT, "The CRM was busy. It is tried again by itself."),
    "UNKNOWN_EXCEPTION": (Category.INTERMITTENT, "The CRM failed. It is tried again by itself."),
    "QUERY_TIMEOUT": (Category.INTERMITTENT, "The CRM took too long. It is tried again by itself."),
    "REQUEST_LIMIT_EXCEEDED": (
        Category.INTERMITTENT,
        "The organisation has used its calls of the day. Everything waits and goes on by itself.",
    ),
    "INSUFFICIENT_ACCESS_OR_READONLY": (
        Category.ACCESS,
        "Give the user of the connection the right to edit tasks, and access to the record.",
    ),
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": (
        Category.ACCESS,
        "Give the user of the connection access to the person that the task belongs to.",
    ),
    "INVALID_CROSS_REFERENCE_KEY": (
        Category.MAPPING,
        "The person or the owner is gone in the CRM. Map the user again, or import the person again, then retry.",
    ),
    "ENTITY_IS_DELETED": (Category.OTHER, "The record was deleted in the CRM. Retry writes it anew."),
    "INVALID_FIELD": (
        Category.MAPPING,
        "A field of the field map is not there. Correct its name under “Fields”, or make the field in the CRM.",
    ),
    "INVALID_FIELD_FOR_INSERT_UPDATE": (
        Category.ACCESS,
        "The user of the connection may not write one of the mapped fields. Change its field-level security.",
    ),
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": (
        Category.VALIDATION,
        "A validation rule of the organisation refuses it. Change the rule or the task, then retry.",
    ),
    "REQUIRED_FIELD_MISSING": (
        Category.VALIDATION,
        "The organisation requires a field that we do not fill. Give it a default there, then retry.",
    ),
    "STRING_TOO_LONG": (Category.VALIDATION, "A text is too long for its field. Shorten it, then retry."),
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": (
        Category.VALIDATION,
        "A picklist lacks the value. Add it in the CRM as the guide says, then retry.",
    ),
    "DUPLICATE_EXTERNAL_ID": (
        Category.VALIDATION,
        "Two records carry our id. Delete the copy in the CRM and mark the field as unique, then retry.",
    ),
    "INVALID_SESSION_ID": (Category.AUTHENTICATION, "The CRM no longer lets us in. Connect it again."),
    "VALIDATION_ERROR": (
        Category.VALIDATION,
        "The CRM refuses a value; its words say which. Change it, then retry.",
    ),
}
UNKNOWN = (Category.OTHER, "The CRM says why in its own words. Mend that, then retry.")
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=30)


def category_of(code: str) -> Category:
    return REMEDIES.get(code, UNKNOWN)[0]


def remedy_of(code: str) -> str:
    return REMEDIES.get(code, UNKNOWN)[1]


def pause_after(tries: int) -> timedelta:
    """How long an intermittent failure waits: twice as long each time, half an hour at most. It is never given up."""
    return min(FIRST_PAUSE * (1 << min(tries, 10)), LONGEST_PAUSE)
