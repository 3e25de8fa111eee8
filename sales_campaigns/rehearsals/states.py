"""The lifecycle of a rehearsal, as one table."""

from __future__ import annotations

from sales_campaigns.lifecycle import Lifecycle
from sales_campaigns.rehearsals.models import RehearsalState as S

GOING_ON = frozenset({S.ASKED, S.RUNNING})

REHEARSAL = Lifecycle[S](
    name="rehearsal",
    moves={
        # Again by another process, when the one that played it died: nothing of it is left outside.
        "begin": (GOING_ON, S.RUNNING),
        "finish": (frozenset({S.RUNNING}), S.DONE),
        "fail": (frozenset({S.RUNNING}), S.FAILED),
        "stop": (GOING_ON, S.STOPPED),
    },
    sentences={
        S.ASKED: "it waits for its turn.",
        S.RUNNING: "it is being played.",
        S.DONE: "it is over.",
        S.FAILED: "it could not be played.",
        S.STOPPED: "it was stopped.",
    },
)
