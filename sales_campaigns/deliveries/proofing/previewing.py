"""A delivery as any of its recipients would get it: signature and footer included, nothing sent, nothing kept."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import Team
from sales_campaigns.content.html import for_frame
from sales_campaigns.content.rendering import MissingFields, needs_of, render
from sales_campaigns.deliveries.audience import targeted
from sales_campaigns.deliveries.policies import Task
from sales_campaigns.deliveries.typology.fields import asked_of_people, lacks, sender_values
from sales_campaigns.deliveries.variants.reading import FIRST
from sales_campaigns.errors import Invalid, NotFound
from sales_campaigns.messages.letters.marks import FOOTER, Marks, dressed
from sales_campaigns.messages.letters.writing import signed, values_of
from sales_campaigns.people.models import Address, Person
from sales_campaigns.people.suppression import SENTENCES, first_cause

FOUND = 8


@dataclass(frozen=True, slots=True)
class Shown:
    """`html` is safe for a sandboxed frame. `problems` says why there is nothing to show."""

    subject: str
    html: str
    text: str
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Around:
    """One of the targeted, with those before and after; `cause` why this person would get nothing, "" for none."""

    person: Person
    cause: str
    before: int | None
    after: int | None


def as_recipient(session: Session, task: Task, person: Person, variant: str = FIRST) -> Shown:
    """The whole mail, or this variant of it; the way to unsubscribe leads to the mailbox while nothing has left."""
    if task.mailbox is None:
        return Shown("", "", "", ("Choose the mailbox that it leaves from.",))
    content = task.contents.get(variant, task.content)
    values = values_of(person, task.mailbox.user, task.mailbox)
    try:
        body = signed(render(content, values), task.mailbox.signature_html, values)
    except MissingFields as missing:
        lacking = ", ".join(name.replace("_", " ") for name in missing.fields)
        return Shown("", "", "", (f"{person.name} has no {lacking}, and would not get this mail.",))
    except Invalid as refusal:
        return Shown("", "", "", tuple(refusal.problems.values()) or (refusal.words,))
    marks = Marks("", "", opens=False, clicks=False, footer=_footer(session, task.delivery.team_id))
    whole = dressed(body, content.html, marks, task.mailbox.address)
    return Shown(whole.subject, for_frame(whole.html), whole.text)


def around(session: Session, task: Task, person_id: int | None) -> Around | None:
    """This one of the targeted, else the first; None where nobody is. Raises NotFound for anybody else."""
    wanted = _everybody(session, task)
    query = (
        sa.select(Person, first_cause()).outerjoin(Address, Address.id == Person.address_id).where(*wanted)
    )
    if person_id is not None:
        query = query.where(Person.id == person_id)
    found = session.execute(query.order_by(Person.id).limit(1)).first()
    if found is None and person_id is not None:
        raise NotFound("This person is not in the audience of this delivery.")
    if found is None:
        return None
    person, cause = found
    before = session.scalar(sa.select(sa.func.max(Person.id)).where(*wanted, Person.id < person.id))
    after = session.scalar(sa.select(sa.func.min(Person.id)).where(*wanted, Person.id > person.id))
    return Around(person, SENTENCES.get(cause or "", ""), before, after)


def find_recipients(session: Session, task: Task, words: str) -> list[Person]:
    """Of the targeted, those whom all the words fit: names, company, address. The first few."""
    columns = (Person.first_name, Person.last_name, Person.company, Person.email)
    fitting = [
        sa.or_(*(column.icontains(word, autoescape=True) for column in columns)) for word in words.split()[:5]
    ]
    query = sa.select(Person).where(*_everybody(session, task), *fitting)
    return list(session.scalars(query.order_by(Person.last_name, Person.first_name, Person.id).limit(FOUND)))


def worth_a_look(session: Session, task: Task) -> list[tuple[str, Person]]:
    """(why, person) of the recipients that show soonest what is wrong: the longest name, a field that is missing."""
    names = sa.func.length(Person.first_name) + sa.func.length(Person.last_name)
    longest = sa.select(Person).where(*_everybody(session, task)).order_by(names.desc(), Person.id).limit(1)
    found = [("Longest name", person) for person in session.scalars(longest)]
    for field in _asked(task):
        lacking = (
            sa.select(Person).where(*_everybody(session, task), lacks(field)).order_by(Person.id).limit(1)
        )
        found += [(f"No {field.replace('_', ' ')}", person) for person in session.scalars(lacking)]
    return found


def _asked(task: Task) -> list[str]:
    """Also the fields that have a default: how the mail reads with it is worth a look."""
    if task.mailbox is None:
        return []
    own = sender_values(task.mailbox.user, task.mailbox)
    contents = task.contents.values()
    needed = [name for one in contents for name in asked_of_people(one, own)]
    named = sorted({name for one in contents for name in needs_of(one).used} - set(own))
    return list(dict.fromkeys([*needed, *named]))[:6]


def _everybody(session: Session, task: Task) -> list[sa.ColumnElement[bool]]:
    return [*targeted(session, task.audience, task.owner), Person.deleted_at.is_(None)]


def _footer(session: Session, team_id: int) -> str:
    team = session.get_one(Team, team_id)
    return (team.unsubscribe_text or FOOTER) if team.footer else ""
