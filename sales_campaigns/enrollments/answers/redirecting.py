"""Somebody has another address: what is under way, and mail that has not left, goes there from now on."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from sales_campaigns.accounts.models import User
from sales_campaigns.activity import append_many
from sales_campaigns.enrollments.models import Enrollment
from sales_campaigns.enrollments.states import UNDER_WAY
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.messages.queueing import cancel_many
from sales_campaigns.messages.states import WAITING
from sales_campaigns.messages.telling import about
from sales_campaigns.people.models import Person
from sales_campaigns.unit_of_work import UnitOfWork

HAS_IT = "the new address of the person has this mail already"
# Its bytes are not fixed: the gate writes to the address that the person has by then.
NOT_GATED = WAITING | {MessageState.CLAIMED}


def lock_mails(uow: UnitOfWork, person_ids: Iterable[int]) -> None:
    """Before anything of these people is written: the gate locks a mail first, and its person after it."""
    mine = (Message.person_id.in_(list(person_ids)), Message.state.in_(NOT_GATED))
    uow.session.execute(sa.select(Message.id).where(*mine).order_by(Message.id).with_for_update())


def redirect(uow: UnitOfWork, actor: User, person: Person) -> None:
    """The rule: waiting mail and later steps go to the new address; what the gate has let through goes as it is.

    Without an address the steps ahead are left out, and the gate cancels what waits. Call `lock_mails` first.
    """
    email = person.email.lower() if person.address_id else ""
    under_way = (Enrollment.person_id == person.id, Enrollment.state.in_(UNDER_WAY))
    uow.session.execute(sa.update(Enrollment).where(*under_way).values(email=email))
    if email:
        _redirect_mails(uow, actor, person, email)
    uow.session.expire_all()


def _redirect_mails(uow: UnitOfWork, actor: User, person: Person, email: str) -> None:
    """The rule: unique (delivery, occasion, address, attempt). What the new address has got is not sent twice."""
    mine = (Message.person_id == person.id, Message.state.in_(NOT_GATED), ~Message.proof)
    elsewhere = (*mine, Message.email != email)
    twin = aliased(Message)
    same = (getattr(twin, name) == getattr(Message, name) for name in ("delivery_id", "occasion", "attempt"))
    cancel_many(uow, HAS_IT, *elsewhere, sa.exists().where(twin.email == email, *same))
    waiting = uow.session.scalars(sa.select(Message).where(*elsewhere).order_by(Message.id)).all()
    told = [_told(actor, message, email) for message in waiting]
    change = sa.update(Message).where(*elsewhere).values(email=email)
    uow.session.execute(change.execution_options(synchronize_session=False))
    append_many(uow.session, uow.now, "message.redirected", told)


def _told(actor: User, message: Message, email: str) -> dict[str, object]:
    words = f"it goes to {email} and no longer to {message.email}"
    return {**about(message), "actor_id": actor.id, "data": {"words": words}}
