"""What a preparation warns of after it has counted, as questions to the rows."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.deliveries.models import Recipient
from sales_campaigns.deliveries.policies import Task
from sales_campaigns.deliveries.typology.collisions import on_the_way
from sales_campaigns.deliveries.typology.models import RuleKind, RuleScope
from sales_campaigns.deliveries.typology.rules import in_force
from sales_campaigns.people.models import Person


def collision_warnings(session: Session, task: Task) -> Iterator[str]:
    """The rule: campaign collision warns or excludes. Of those who get the mail, how many are in a campaign."""
    delivery = task.delivery
    scope = (session, delivery.team_id, delivery.name, RuleScope.DELIVERIES, RuleKind.COLLISION)
    for rule in in_force(*scope, task.settings.typology):
        if not rule.details.get("excludes") and (number := _colliding(session, delivery.id)):
            yield f"“{rule.name}”: {number:,} of them are on the way through a campaign."


def _colliding(session: Session, delivery_id: int) -> int:
    query = (
        sa.select(sa.func.count())
        .select_from(Recipient)
        .join(Person, Person.id == Recipient.person_id)
        .where(Recipient.delivery_id == delivery_id, on_the_way())
    )
    return session.scalar(query) or 0
