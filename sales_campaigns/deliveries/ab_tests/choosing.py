"""Choose the winner of a test by hand, before its time is over or after."""

from __future__ import annotations

from sales_campaigns.accounts.models import User
from sales_campaigns.deliveries.ab_tests.releasing import decide
from sales_campaigns.deliveries.confirming import require_start
from sales_campaigns.deliveries.listing import delivery_of
from sales_campaigns.deliveries.models import Delivery
from sales_campaigns.deliveries.states import DELIVERY, GOES_ON
from sales_campaigns.deliveries.variants.models import AbTest
from sales_campaigns.deliveries.variants.plan import LETTERS
from sales_campaigns.deliveries.variants.reading import ab_test_of, variants_of
from sales_campaigns.deliveries.variants.states import AB_TEST, UNDECIDED
from sales_campaigns.errors import IllegalMove, NotFound
from sales_campaigns.unit_of_work import UnitOfWork


def choose_winner(uow: UnitOfWork, actor: User, delivery_id: int, letter: str) -> int:
    """Let the rest have this variant; how many that are. It is sending, so it needs “start deliveries”.

    Raises NotAllowed with who can, NotFound for a variant that it has not, IllegalMove unless its test goes on.
    """
    delivery = delivery_of(uow.session, actor, delivery_id, lock=True)
    require_start(uow.session, actor)
    test = _undecided(uow, delivery)
    if letter not in {LETTERS[0], *(one.key for one in variants_of(uow.session, delivery.id))}:
        raise NotFound(f"This delivery has no variant {letter[:1]}.")
    return decide(uow, delivery, test, letter, "", actor)


def _undecided(uow: UnitOfWork, delivery: Delivery) -> AbTest:
    test = ab_test_of(uow.session, delivery.id)
    if test is None:
        raise IllegalMove("This delivery has no A/B test.")
    if delivery.state not in GOES_ON:
        raise IllegalMove(f"No winner can be chosen: {DELIVERY.sentences[delivery.state]}")
    if test.state not in UNDECIDED:
        raise IllegalMove(f"No winner can be chosen: {AB_TEST.sentences[test.state]}")
    return test
