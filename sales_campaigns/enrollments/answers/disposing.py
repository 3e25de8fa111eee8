"""Replies as work: interested, not now until a day, the wrong person, no; and what follows for the campaigns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.enrollments.answers.comebacks import come_back
from sales_campaigns.enrollments.ending import SUCCESS, end
from sales_campaigns.enrollments.holding import WROTE
from sales_campaigns.enrollments.models import Enrollment, EnrollmentState
from sales_campaigns.errors import Invalid
from sales_campaigns.messages.incoming.disposing import dispose
from sales_campaigns.messages.incoming.models import Disposal, ReceivedMail
from sales_campaigns.people.editing import create_person
from sales_campaigns.people.models import Person
from sales_campaigns.tasks.days import MORNING, at_local, local_date
from sales_campaigns.tasks.working import remind
from sales_campaigns.unit_of_work import UnitOfWork


def interested(uow: UnitOfWork, actor: User, mail: ReceivedMail) -> int:
    """What is under way ends with success; how many campaigns that were."""
    dispose(uow, actor, mail, Disposal.INTERESTED)
    return len(_end(uow, actor, mail, f"{SUCCESS}: interested, says {actor.name}"))


def said_no(uow: UnitOfWork, actor: User, mail: ReceivedMail) -> int:
    """What is under way ends; how many campaigns that were."""
    dispose(uow, actor, mail, Disposal.NO)
    return len(_end(uow, actor, mail, f"said no, says {actor.name}"))


def not_now(uow: UnitOfWork, actor: User, mail: ReceivedMail, day: date) -> datetime:
    """What is under way ends, and on that morning the person is added again; where no campaign was answered a
    task reminds of it. When that is. Raises Invalid for a day that is not to come.
    """
    if day <= local_date(uow.now, actor.zone):
        raise Invalid({"until": "Choose a day that is still to come."})
    due_at = at_local(day, MORNING, actor.zone)
    dispose(uow, actor, mail, Disposal.NOT_NOW, day.isoformat())
    person = _person(uow, mail)
    campaigns = _campaigns(uow, mail)
    _end(uow, actor, mail, f"not now, says {actor.name}")
    for campaign_id in campaigns:
        come_back(uow, actor, person, campaign_id, due_at)
    if not campaigns:
        remind(uow, actor, name=f"Write to {person.name} again"[:300], due_at=due_at, person=person)
    return due_at


def wrong_person(uow: UnitOfWork, actor: User, mail: ReceivedMail, typed: Mapping[str, str]) -> Person | None:
    """Who it is instead, if anybody was named: added to the people, of the same company. Raises Invalid."""
    person, instead = _person(uow, mail), None
    if any(typed.get(name, "").strip() for name in ("email", "first_name", "last_name")):
        wanted = {name: typed.get(name, "") for name in ("email", "first_name", "last_name")}
        instead = create_person(uow, actor, {**wanted, "company": person.company, "zone": person.zone})
    dispose(uow, actor, mail, Disposal.WRONG_PERSON, instead.name if instead else "")
    _end(uow, actor, mail, f"the wrong person, says {actor.name}")
    return instead


def _person(uow: UnitOfWork, mail: ReceivedMail) -> Person:
    return uow.session.get_one(Person, mail.person_id)


def _concerned(mail: ReceivedMail) -> sa.ColumnElement[bool]:
    """The campaign that was answered, and every other one that is held because the person wrote."""
    held = sa.and_(Enrollment.state == EnrollmentState.HELD, Enrollment.why == WROTE)
    answered = Enrollment.campaign_id == mail.campaign_id if mail.campaign_id else sa.false()
    return sa.and_(Enrollment.person_id == mail.person_id, sa.or_(held, answered))


def _end(uow: UnitOfWork, actor: User, mail: ReceivedMail, cause: str) -> list[int]:
    return end(uow, cause, _concerned(mail), actor_id=actor.id)


def _campaigns(uow: UnitOfWork, mail: ReceivedMail) -> list[int]:
    held = sa.select(Enrollment.campaign_id).where(
        _concerned(mail), Enrollment.state.in_({EnrollmentState.HELD, EnrollmentState.ACTIVE})
    )
    known = set(uow.session.scalars(held))
    return sorted(known | ({mail.campaign_id} if mail.campaign_id else set()))
