"""Erase a person: what is known of them goes, the rows that figures count stay, and the address is never mailed again.

The rule: “Erasure removes the person's data and keeps a keyed hash so that the address stays suppressed.” It cannot be
undone. Who did it and when stands in the audit log, without what was erased.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.activity import Activity
from sales_campaigns.enrollments.ending import end
from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.erasure.beside import forget_files, forget_mentions, forget_wordings, own_content
from sales_campaigns.erasure.subjects import Subject, about, subject_of
from sales_campaigns.erasure.traces import OWN_ADDRESS, TRACES, Trace
from sales_campaigns.errors import IllegalMove
from sales_campaigns.lifecycle import move_many
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.messages.queueing import cancel_many
from sales_campaigns.people.erased import remember_erased
from sales_campaigns.people.models import Address, Person
from sales_campaigns.tasks.models import Task
from sales_campaigns.tasks.states import TASK
from sales_campaigns.unit_of_work import UnitOfWork

WHY = "erased on request"
# Words that activity keeps: each is one of a few that the product itself writes.
KEPT_WORDS = frozenset({"kind", "source", "state", "outcome"})


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased, in numbers: records of the person (one a team), mails, received mails, tasks."""

    people: int
    mails: int
    received: int
    tasks: int


def erase(uow: UnitOfWork, actor: User, *, person_id: int | None = None, email: str = "") -> Erased:
    """Erase whoever this is, in every team. Raises NotAllowed, NotFound; IllegalMove while a mail is leaving."""
    require(actor, "manage_installation")
    subject = subject_of(uow.session, person_id=person_id, email=email)
    _lock(uow, subject)
    _stop_everything(uow, actor, subject)
    erased = count_of(uow, subject)
    wordings, bundles = own_content(uow.session, subject)
    forget_mentions(uow.session, subject)
    _forget_activity(uow, subject)
    for trace in TRACES:
        _forget(uow, trace, subject)
    forget_wordings(uow.session, subject, wordings)
    forget_files(uow.session, bundles)
    _suppress(uow, subject)
    _tell(uow, actor, subject, erased)
    uow.session.expire_all()
    return erased


def count_of(uow: UnitOfWork, subject: Subject) -> Erased:
    """How much there is of each kind; proofs, which went to somebody else, are left out."""

    def number(table: str, *where: sa.ColumnElement[bool]) -> int:
        trace = next(one for one in TRACES if one.table == table)
        query = sa.select(sa.func.count()).select_from(trace.rows).where(about(trace, subject), *where)
        return uow.session.scalar(query) or 0

    return Erased(
        len(subject.people), number("message", ~Message.proof), number("received_mail"), number("task")
    )


def _lock(uow: UnitOfWork, subject: Subject) -> None:
    """Whoever gates, imports or launches meanwhile waits, and sees nobody afterwards."""
    people = sa.select(Person.id).where(Person.id.in_(subject.ids)).order_by(Person.id)
    uow.session.execute(people.with_for_update())
    addresses = sa.select(Address.id).where(Address.id.in_(subject.addresses.values())).order_by(Address.id)
    uow.session.execute(addresses.with_for_update())
    leaving = (Message.person_id.in_(subject.ids), Message.state == MessageState.SENDING)
    if uow.session.scalar(sa.select(sa.exists().where(*leaving))):
        raise IllegalMove("A mail to this person is being handed over at this moment. Try again in a minute.")


def _stop_everything(uow: UnitOfWork, actor: User, subject: Subject) -> None:
    end(uow, WHY, Enrollment.person_id.in_(subject.ids), actor_id=actor.id)
    cancel_many(uow, WHY, Message.person_id.in_(subject.ids))
    move_many(uow.session, TASK, Task, "cancel", Task.person_id.in_(subject.ids), ended_at=uow.now)
    uow.session.flush()


def _forget(uow: UnitOfWork, trace: Trace, subject: Subject) -> None:
    rows, mine = trace.rows, about(trace, subject)
    if trace.goes:
        uow.session.execute(sa.delete(rows).where(mine))
    elif trace.values:
        values = {name: _left(rows.c[name], value, subject) for name, value in trace.values.items()}
        uow.session.execute(sa.update(rows).where(mine).values(values))


def _left(column: sa.Column[Any], value: Any, subject: Subject) -> Any:
    if value is not OWN_ADDRESS:
        return value
    return sa.case(subject.pseudonyms, value=column, else_=column) if subject.pseudonyms else column


def _forget_activity(uow: UnitOfWork, subject: Subject) -> None:
    """What happened stays, what was said of it goes: numbers are kept, and words that the product itself writes."""
    trace = next(one for one in TRACES if one.table == "activity")
    found = uow.session.execute(sa.select(Activity.id, Activity.data).where(about(trace, subject))).all()
    rows = [{"id": id, "data": _silent(data), "trouble": ""} for id, data in found]
    if rows:
        uow.session.execute(sa.update(Activity), rows)


def _silent(data: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value if name in KEPT_WORDS else _numbers(value) for name, value in data.items()}
    return {name: value for name, value in kept.items() if value not in (None, "", [], {})}


def _numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return _silent(value)
    if isinstance(value, list):
        return [one for one in map(_numbers, value) if one is not None]
    return None if isinstance(value, str) else value


def _suppress(uow: UnitOfWork, subject: Subject) -> None:
    remember_erased(uow, subject.addresses)
    for email, address_id in subject.addresses.items():
        name = subject.pseudonyms[email]
        gone = {"email": name, "domain": name.partition("@")[2], "erased_at": uow.now, "needs_utf8": False}
        uow.session.execute(sa.update(Address).where(Address.id == address_id).values(gone))
    gone_people = {"erased_at": uow.now, "deleted_at": uow.now, "changed_at": uow.now}
    uow.session.execute(sa.update(Person).where(Person.id.in_(subject.ids)).values(gone_people))


def _tell(uow: UnitOfWork, actor: User, subject: Subject, erased: Erased) -> None:
    told = {"mails": erased.mails, "received": erased.received, "tasks": erased.tasks}
    uow.record_many("person.erased", _rows(actor, subject.people, told))


def _rows(actor: User, people: Iterable[Person], told: dict[str, int]) -> Iterable[dict[str, Any]]:
    for person in people:
        yield {"actor_id": actor.id, "team_id": person.team_id, "person_id": person.id, "data": told}
