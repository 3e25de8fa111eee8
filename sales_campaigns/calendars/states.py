"""The lifecycle of a leave, as one table."""

from __future__ import annotations

from sales_campaigns.calendars.models import LeaveState as S
from sales_campaigns.lifecycle import Lifecycle

COUNTS = frozenset({S.PLANNED, S.CURRENT, S.OVER})

LEAVE = Lifecycle[S](
    name="leave",
    moves={
        "begin": (frozenset({S.PLANNED}), S.CURRENT),
        "end": (frozenset({S.CURRENT}), S.OVER),
        "cancel": (frozenset({S.PLANNED, S.CURRENT}), S.CANCELLED),
    },
    sentences={
        S.PLANNED: "it is still to come.",
        S.CURRENT: "it is under way.",
        S.OVER: "it is over.",
        S.CANCELLED: "it was cancelled.",
    },
)
