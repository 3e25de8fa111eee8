"""“Not now”: on the day that was agreed the person is added to the campaign again, or a task says why not."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.claims import claim
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.models import Comeback
from sales_campaigns.errors import IllegalMove, Invalid, NotAllowed, NotFound
from sales_campaigns.people.address_rows import insert_missing
from sales_campaigns.people.models import Person
from sales_campaigns.tasks.working import remind
from sales_campaigns.unit_of_work import UnitOfWork

BATCH = 50
REFUSALS = (IllegalMove, Invalid, NotAllowed, NotFound)


def come_back(uow: UnitOfWork, actor: User, person: Person, campaign_id: int, due_at: datetime) -> None:
    """Add the person to this campaign again then. A second wish for the same campaign moves the day."""
    values = {
        "team_id": person.team_id,
        "campaign_id": campaign_id,
        "person_id": person.id,
        "user_id": actor.id,
        "due_at": due_at,
        "outcome": "",
    }
    uow.session.execute(insert_missing(uow.session, Comeback), [values])
    uow.session.execute(
        sa.update(Comeback)
        .where(
            Comeback.campaign_id == campaign_id, Comeback.person_id == person.id, Comeback.done_at.is_(None)
        )
        .values(due_at=due_at, user_id=actor.id)
        .execution_options(synchronize_session=False)
    )
    data = {"until": due_at.isoformat()}
    about = {"team_id": person.team_id, "person_id": person.id, "campaign_id": campaign_id}
    uow.record("person.comes_back", actor_id=actor.id, **about, data=data)


def add_again_due(uow: UnitOfWork) -> int:
    """Add up to a batch of people whose day has come; how many were due."""
    due = (Comeback.done_at.is_(None), Comeback.due_at <= uow.now)
    order = (Comeback.due_at, Comeback.id)
    ids = claim(uow.session, Comeback, *due, order=order, limit=BATCH, values={"done_at": uow.now})
    if not ids:
        return 0
    for wish in uow.session.scalars(sa.select(Comeback).where(Comeback.id.in_(ids)).order_by(*order)).all():
        _add(uow, wish)
    return len(ids)


def next_comeback(session: Session, after: datetime) -> datetime | None:
    """The next day on which somebody is added again."""
    waits = (Comeback.done_at.is_(None), Comeback.due_at > after)
    return session.scalar(sa.select(sa.func.min(Comeback.due_at)).where(*waits))


def comebacks_of(session: Session, person: Person) -> list[tuple[Comeback, str]]:
    """What is still to come for this person, with the name of the campaign."""
    rows = session.execute(
        sa.select(Comeback, Campaign.name)
        .join(Campaign, Campaign.id == Comeback.campaign_id)
        .where(Comeback.person_id == person.id, Comeback.done_at.is_(None))
        .order_by(Comeback.due_at)
    )
    return [(wish, name) for wish, name in rows]


def _add(uow: UnitOfWork, wish: Comeback) -> None:
    """The launch of whoever wished it, with all its rules; what they refuse becomes a task with the reason."""
    actor = uow.session.get_one(User, wish.user_id)
    try:
        with uow.session.begin_nested():
            launch(uow, actor, Order(wish.campaign_id, [wish.person_id]))
        wish.outcome = "added"
    except REFUSALS as refusal:
        wish.outcome = str(refusal)
        _ask(uow, actor, wish)


def _ask(uow: UnitOfWork, actor: User, wish: Comeback) -> None:
    person = uow.session.get_one(Person, wish.person_id)
    campaign = uow.session.get_one(Campaign, wish.campaign_id)
    details = f"{person.name} was to be added to {campaign.name} again today: {wish.outcome}"
    name = f"Write to {person.name} again"[:300]
    remind(uow, actor, name=name, due_at=uow.now, person=person, details=details)
