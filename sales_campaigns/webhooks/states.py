"""The lifecycle of a call, as a table."""

from __future__ import annotations

from sales_campaigns.lifecycle import Lifecycle
from sales_campaigns.webhooks.models import CallState as C

CALL = Lifecycle[C](
    name="webhook call",
    moves={
        "take": (frozenset({C.WAITING}), C.TAKEN),
        "give_up": (frozenset({C.WAITING}), C.GIVEN_UP),
        "replay": (frozenset({C.TAKEN, C.GIVEN_UP}), C.WAITING),
    },
    sentences={
        C.WAITING: "it waits for its next try.",
        C.TAKEN: "the other side has taken it.",
        C.GIVEN_UP: "it was tried for three days, and given up.",
    },
)
