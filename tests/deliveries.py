"""Deliveries as tests tell them: prepared by the job, confirmed by Cleo, looked at as rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.deliveries.confirming import confirm
from sales_campaigns.deliveries.feeding import carry_on, due_deliveries
from sales_campaigns.deliveries.figures import Figures, figures_of
from sales_campaigns.deliveries.journal import journal_of
from sales_campaigns.deliveries.models import Delivery, Exclusion, Preparation, Recipient
from sales_campaigns.deliveries.preparing import prepare, prepare_chunk
from sales_campaigns.people.models import Person
from tests.builders import a_delivery
from tests.conftest import Work


def prepared(work: Work, actor: User, *, chunk: int = 50_000, **fields: Any) -> int:
    """Made by this user and prepared to its end; its id."""
    with work() as uow:
        delivery_id = a_delivery(uow, actor, **fields).id
        prepare(uow, actor, delivery_id)
    finish_preparing(work, delivery_id, chunk)
    return delivery_id


def finish_preparing(work: Work, delivery_id: int, chunk: int = 50_000) -> int:
    """As the scheduler does it, a chunk a transaction; how many it took."""
    chunks = 0
    while True:
        with work() as uow:
            if not prepare_chunk(uow, delivery_id, chunk=chunk):
                return chunks
        chunks += 1


def confirmed(work: Work, actor: User, **fields: Any) -> int:
    delivery_id = prepared(work, actor, **fields)
    with work() as uow:
        confirm(uow, actor, delivery_id, reachable=True)
    return delivery_id


def let_jobs_run(work: Work, *, reachable: bool = True) -> None:
    """Everything that deliveries have to do now."""
    busy = True
    while busy:
        with work() as uow:
            due = due_deliveries(uow.session, uow.now)
        busy = False
        for delivery_id in due:
            with work() as uow:
                busy |= carry_on(uow, delivery_id, reachable=reachable)


def delivery(work: Work, delivery_id: int) -> Delivery:
    with work() as uow:
        return uow.session.get_one(Delivery, delivery_id)


def preparation(work: Work, delivery_id: int) -> Preparation:
    with work() as uow:
        return uow.session.get_one(Preparation, delivery_id)


def figures(work: Work, delivery_id: int) -> Figures:
    with work() as uow:
        return figures_of(uow.session, uow.session.get_one(Delivery, delivery_id))


def said(work: Work, delivery_id: int) -> list[str]:
    """The journal, "level: words" a line."""
    with work() as uow:
        return [f"{line.level}: {line.words}" for line in journal_of(uow.session, delivery_id)]


def excluded(work: Work, delivery_id: int) -> dict[str, str]:
    """Address as typed (or first name) → cause."""
    with work() as uow:
        rows = uow.session.execute(
            sa.select(Person, Exclusion.cause)
            .join(Exclusion, Exclusion.person_id == Person.id)
            .where(Exclusion.delivery_id == delivery_id)
        )
        return {person.email or person.first_name: cause for person, cause in rows}


def put_off(one: Recipient) -> int:
    """By how many seconds, for one of whom that is known."""
    assert one.after is not None
    return one.after


def recipients(work: Work, delivery_id: int) -> Sequence[Recipient]:
    with work() as uow:
        query = sa.select(Recipient).where(Recipient.delivery_id == delivery_id)
        return uow.session.scalars(query.order_by(Recipient.address_id)).all()
