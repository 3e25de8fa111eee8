"""A test begins with its delivery."""

from __future__ import annotations

from sales_campaigns.deliveries.journal import note
from sales_campaigns.deliveries.listing import about
from sales_campaigns.deliveries.models import Delivery
from sales_campaigns.deliveries.variants.figures import rest_of, variant_figures
from sales_campaigns.deliveries.variants.models import AbTestState
from sales_campaigns.deliveries.variants.reading import ab_test_of
from sales_campaigns.deliveries.variants.states import AB_TEST
from sales_campaigns.unit_of_work import UnitOfWork


def begin_test(uow: UnitOfWork, delivery: Delivery) -> None:
    """With the delivery. From now on its plan is locked."""
    test = ab_test_of(uow.session, delivery.id)
    if test is None or test.state is not AbTestState.PLANNED:
        return
    uow.move(AB_TEST, test, "begin", about=about(delivery))
    tried = ", ".join(
        f"{letter} by {one.people:,}" for letter, one in variant_figures(uow.session, test).items()
    )
    rest = rest_of(uow.session, delivery.id)
    note(uow, delivery.id, f"The A/B test begins: {tried}; {rest:,} wait for the winner.")
