"""Compute stats: every figure of a delivery built again from its rows. It must change nothing when all is well."""

from __future__ import annotations

from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.deliveries.figures import causes_of, figures_of
from sales_campaigns.deliveries.journal import note
from sales_campaigns.deliveries.listing import delivery_of
from sales_campaigns.deliveries.models import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    KeptFigures,
    Level,
    Preparation,
)
from sales_campaigns.errors import IllegalMove
from sales_campaigns.unit_of_work import UnitOfWork


def compute_stats(uow: UnitOfWork, actor: User, delivery_id: int) -> list[str]:
    """What was other than the rows say, in words; it is mended, and the journal tells. Nothing when all is well.

    Raises IllegalMove while it is being prepared, or before it ever was.
    """
    delivery = delivery_of(uow.session, actor, delivery_id, lock=True)
    require(actor, "prepare_deliveries")
    preparation = uow.session.get(Preparation, delivery.id, with_for_update=True)
    if preparation is None or preparation.ended_at is None or delivery.state is DeliveryState.PREPARING:
        raise IllegalMove("There are no figures yet: prepare it first.")
    changed = _mend(uow.session, delivery, preparation)
    preparation.computed_at = uow.now
    for words in changed:
        note(uow, delivery.id, f"Computed again from the rows: {words}", Level.WARNING)
    return changed


def _mend(session: Session, delivery: Delivery, preparation: Preparation) -> list[str]:
    """Where rows were removed their figures are those that were kept; there is nothing to compare them with.

    Nor with what the first run of a continuous delivery found: its rows grow with every other.
    """
    if delivery.kind is DeliveryKind.CONTINUOUS and delivery.starts_at is not None:
        return []
    kept = session.get(KeptFigures, delivery.id)
    if kept is not None and (kept.sending_removed_at or kept.exclusions_removed_at):
        return []
    figures, causes = figures_of(session, delivery), causes_of(session, delivery)
    found = {
        "to_deliver": figures.to_deliver,
        "excluded": figures.excluded,
        "targeted": figures.targeted,
    }
    before = {name: getattr(preparation, name) for name in found}
    if before == found and preparation.causes == causes:
        return []
    for name, number in found.items():
        setattr(preparation, name, number)
    preparation.causes = causes
    differing = [
        f"{name.replace('_', ' ')} was {before[name]:,} and is {number:,}."
        for name, number in found.items()
        if number != before[name]
    ]
    return differing or ["the causes of exclusions were other ones."]
