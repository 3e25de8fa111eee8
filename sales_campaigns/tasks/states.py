"""The lifecycle of a task, as one table. Snoozing moves its dates only."""

from __future__ import annotations

from sales_campaigns.lifecycle import Lifecycle
from sales_campaigns.tasks.models import TaskState as S

OPEN = frozenset({S.OPEN})

TASK = Lifecycle[S](
    name="task",
    moves={
        "complete": (OPEN, S.COMPLETED),
        "skip": (OPEN, S.SKIPPED),
        "cancel": (OPEN, S.CANCELLED),
        "delete": (OPEN, S.CANCELLED),
        "reopen": (frozenset({S.COMPLETED, S.SKIPPED, S.CANCELLED}), S.OPEN),
    },
    sentences={
        S.OPEN: "it is open.",
        S.COMPLETED: "it is done already.",
        S.SKIPPED: "it was skipped.",
        S.CANCELLED: "it was deleted, its campaign ended for this person, or its mail cannot be delivered.",
    },
)
