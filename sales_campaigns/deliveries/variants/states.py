"""The lifecycle of an A/B test, as one table."""

from __future__ import annotations

from sales_campaigns.deliveries.variants.models import AbTestState as S
from sales_campaigns.lifecycle import Lifecycle

UNDECIDED = frozenset({S.RUNNING, S.WAITING})

AB_TEST = Lifecycle[S](
    name="test",
    moves={
        "begin": (frozenset({S.PLANNED}), S.RUNNING),
        # The rule: a tie, or too few, is for a person to decide; so is what a person was to decide anyway.
        "wait": (frozenset({S.RUNNING}), S.WAITING),
        "decide": (UNDECIDED, S.DECIDED),
        "lapse": (UNDECIDED, S.LAPSED),
    },
    sentences={
        S.PLANNED: "it has not begun.",
        S.RUNNING: "its variants are being tried.",
        S.WAITING: "it is over, and waits for somebody to choose the winner.",
        S.DECIDED: "its winner is chosen.",
        S.LAPSED: "its delivery ended before a winner was chosen.",
    },
)
