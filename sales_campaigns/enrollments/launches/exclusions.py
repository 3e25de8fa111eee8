"""Who a launch left out stands in the exclusion log of its first e-mail step, as in that of any other delivery."""

from __future__ import annotations

import sqlalchemy as sa

from sales_campaigns.campaigns.planner import StepKind
from sales_campaigns.deliveries.models import Delivery, Exclusion
from sales_campaigns.enrollments.launches.orders import Prepared
from sales_campaigns.enrollments.models import Launch
from sales_campaigns.unit_of_work import UnitOfWork


def write_exclusions(uow: UnitOfWork, prepared: Prepared, row: Launch) -> None:
    """The rule: preparing a step's delivery is the per-person check at launch. The launch is the occasion."""
    left_out = prepared.checked.excluded
    delivery_id = _first_delivery(uow, prepared)
    if not left_out or delivery_id is None:
        return
    shared = {"delivery_id": delivery_id, "occasion": row.id, "at": uow.now}
    rows = [
        {**shared, "person_id": one.person.id, "cause": one.cause, "words": one.words} for one in left_out
    ]
    uow.session.execute(sa.insert(Exclusion), rows)


def _first_delivery(uow: UnitOfWork, prepared: Prepared) -> int | None:
    """None for a campaign without an e-mail."""
    key = next((step.key for step in prepared.version.steps if step.kind is StepKind.EMAIL), None)
    query = sa.select(Delivery.id).where(
        Delivery.campaign_id == prepared.campaign.id, Delivery.step_key == key
    )
    return uow.session.scalar(query) if key else None
