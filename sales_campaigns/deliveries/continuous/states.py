"""The lifecycle of an increment, as one table."""

from __future__ import annotations

from sales_campaigns.deliveries.continuous.models import IncrementState as S
from sales_campaigns.lifecycle import Lifecycle

OPEN = frozenset({S.PREPARING, S.WAITING})

INCREMENT = Lifecycle[S](
    name="increment",
    moves={
        # The rule: one over its ceiling waits for a confirmation.
        "wait": (frozenset({S.PREPARING}), S.WAITING),
        "release": (OPEN, S.RELEASED),
        "drop": (frozenset({S.WAITING}), S.DROPPED),
        "fail": (frozenset({S.PREPARING}), S.FAILED),
    },
    sentences={
        S.PREPARING: "it is being prepared.",
        S.WAITING: "it waits for somebody to confirm it.",
        S.RELEASED: "its people get the mail.",
        S.DROPPED: "it was dropped: nobody of it got the mail.",
        S.FAILED: "it could not be prepared.",
    },
)
