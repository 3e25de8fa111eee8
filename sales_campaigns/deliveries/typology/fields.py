"""“A field is missing” as a condition, for templates of fields and defaults only; others are rendered for each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.content.rendering import Content, needs_of
from sales_campaigns.messages.letters.writing import values_of
from sales_campaigns.people.models import Person

COLUMNS = {
    "first_name": Person.first_name,
    "last_name": Person.last_name,
    "full_name": Person.first_name + Person.last_name,
    "email": Person.email,
    "company": Person.company,
    "title": Person.title,
    "phone": Person.phone,
    "linkedin_url": Person.linkedin_url,
    "time_zone": Person.zone,
}
_BLANK = " \t\n\r\f\v\u00a0\u2003\u2009\u202f"


def sender_values(sender: User, mailbox: Mailbox | None) -> dict[str, str]:
    """The fields that are the same for every recipient."""
    nobody = Person(first_name="", last_name="", email="", custom={})
    return values_of(nobody, sender, mailbox)


def asked_of_people(content: Content, own: Iterable[str]) -> list[str]:
    """The fields that a plain content cannot do without and that the sender does not give, sorted."""
    return sorted(needs_of(content).required - set(own))


def lacks(name: str) -> sa.ColumnElement[bool]:
    """Whether a person has no value for this field: blank counts as missing."""
    column: Any = COLUMNS.get(name)
    if column is None:
        column = sa.func.coalesce(Person.custom[name].as_string(), "")
    return sa.func.trim(column, _BLANK) == ""


def words_for(name: str) -> str:
    return f"Has no {name.replace('_', ' ')}."
