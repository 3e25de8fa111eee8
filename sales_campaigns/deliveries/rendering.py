"""Templates with logic are rendered for every recipient while preparing, in batches: what is missing is known then."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.content.rendering import MissingFields, render
from sales_campaigns.deliveries.policies import Task
from sales_campaigns.deliveries.typology.judging import VERDICTS, set_aside
from sales_campaigns.errors import Invalid
from sales_campaigns.messages.letters.writing import values_of
from sales_campaigns.people.models import Person

BATCH = 1_000
_READ = ("first_name", "last_name", "email", "company", "title", "phone", "linkedin_url", "zone", "custom")


def render_for_everybody(session: Session, task: Task) -> None:
    """Whoever the mail, or a variant of it, cannot be made for is left out, with what is missing."""
    last = 0
    while people := _batch(session, last):
        last = people[-1].id
        failed = {person.id: words for person in people if (words := _trouble(task, person))}
        set_aside(session, "field_missing", failed)


def _batch(session: Session, last: int) -> list[Any]:
    columns = [Person.id, *(getattr(Person, name) for name in _READ)]
    query = (
        sa.select(*columns)
        .join(VERDICTS, VERDICTS.c.person_id == Person.id)
        .where(VERDICTS.c.cause.is_(None), Person.id > last)
        .order_by(Person.id)
        .limit(BATCH)
    )
    return list(session.execute(query))


def _trouble(task: Task, person: Any) -> str:
    assert task.mailbox is not None
    try:
        for content in task.contents.values():
            render(content, values_of(person, task.mailbox.user, task.mailbox))
    except MissingFields as missing:
        return f"Has no {', '.join(name.replace('_', ' ') for name in missing.fields)}."
    except Invalid as refusal:
        return refusal.words
    return ""
