"""What a mail looks like for one person and one sender, before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import sees_every_team
from sales_campaigns.content.fields import FIELDS
from sales_campaigns.content.html import for_frame
from sales_campaigns.content.rendering import Content, MissingFields, render
from sales_campaigns.errors import Invalid, NotFound
from sales_campaigns.messages.letters.writing import values_of
from sales_campaigns.people.models import Person


@dataclass(frozen=True, slots=True)
class Preview:
    """`html` is safe for a sandboxed frame. `problems` says why there is nothing to show."""

    subject: str
    html: str
    text: str
    problems: tuple[str, ...] = ()


def preview(content: Content, person: Person | None, sender: User) -> Preview:
    """As this person would get it from this sender; without a person, with the example of every field."""
    try:
        rendered = render(content, _values(person, sender))
    except MissingFields as missing:
        return Preview("", "", "", tuple(_lacks(person, name) for name in missing.fields))
    except Invalid as refusal:
        return Preview("", "", "", tuple(refusal.problems.values()))
    return Preview(rendered.subject, for_frame(rendered.html), rendered.text)


def _values(person: Person | None, sender: User) -> dict[str, str]:
    """The values of every field for this person and this sender; without a person, the examples."""
    if person is not None:
        return values_of(person, sender)
    return {field.name: field.example for field in FIELDS} | values_of(
        Person(first_name="", last_name=""), sender
    )


def person_for_preview(session: Session, actor: User, words: str) -> Person | None:
    """The person meant by an address or name; None for no words. Raises NotFound when there is nobody like that."""
    words = words.strip()
    if not words:
        return None
    query = sa.select(Person).where(Person.deleted_at.is_(None), *_matching(words))
    if not sees_every_team(actor):
        query = query.where(Person.team_id == actor.team_id)
    person = session.scalar(query.order_by(sa.func.lower(Person.email) != words.lower(), Person.id).limit(1))
    if person is None:
        raise NotFound(f"Nobody of your team matches “{words}”.")
    return person


def _matching(words: str) -> list[sa.ColumnElement[bool]]:
    columns = (Person.email, Person.first_name, Person.last_name)
    return [
        sa.or_(*(column.icontains(word, autoescape=True) for column in columns)) for word in words.split()[:5]
    ]


def _lacks(person: Person | None, name: str) -> str:
    who = person.name if person else "The example"
    return f"{who} has no {name.replace('_', ' ')}: add one, or give {{{{ {name} }}}} a default."
