"""The lifecycles of an enrollment and of a step run, as two tables."""

from __future__ import annotations

from sales_campaigns.enrollments.models import EnrollmentState as E
from sales_campaigns.enrollments.models import StepRunState as R
from sales_campaigns.lifecycle import Lifecycle

UNDER_WAY = frozenset({E.ACTIVE, E.PAUSED, E.HELD})
WAITING = frozenset({R.PLANNED, R.SCHEDULED, R.TASK_OPEN})
OVER = frozenset({R.DONE, R.SKIPPED, R.FAILED})

ENROLLMENT = Lifecycle[E](
    name="enrollment",
    moves={
        "pause": (frozenset({E.ACTIVE}), E.PAUSED),
        "hold": (frozenset({E.ACTIVE, E.PAUSED}), E.HELD),
        "resume": (frozenset({E.PAUSED, E.HELD}), E.ACTIVE),
        "finish": (frozenset({E.ACTIVE}), E.FINISHED),
        "go_on": (frozenset({E.FINISHED}), E.ACTIVE),
        "end": (UNDER_WAY, E.ENDED),
        # A new address: whoever left because mail came back goes on at the step that failed.
        "readdress": (frozenset({E.ENDED, E.FINISHED}), E.ACTIVE),
        # A restart or a move is undone.
        "take_back": (frozenset({E.ENDED}), E.ACTIVE),
    },
    sentences={
        E.ACTIVE: "the person is on the way through the campaign.",
        E.PAUSED: "it is paused; nothing is sent and no task opens.",
        E.HELD: "it is held until somebody decides.",
        E.FINISHED: "every step is over.",
        E.ENDED: "it has ended.",
    },
)

STEP_RUN = Lifecycle[R](
    name="step",
    moves={
        "open": (frozenset({R.PLANNED}), R.TASK_OPEN),
        "finish": (WAITING, R.DONE),
        "skip": (WAITING, R.SKIPPED),
        "fail": (WAITING, R.FAILED),
        "cancel": (WAITING, R.CANCELLED),
        "bounce": (frozenset({R.DONE}), R.FAILED),
        "take_up_again": (frozenset({R.FAILED}), R.CANCELLED),
        "repeat": (OVER, R.CANCELLED),  # somebody jumped back: it is to happen once more
        "as_done": (frozenset({R.CANCELLED}), R.DONE),  # such a jump is undone
        "as_skipped": (frozenset({R.CANCELLED}), R.SKIPPED),
        "as_failed": (frozenset({R.CANCELLED}), R.FAILED),
        # What waited when an act ended it waits again: the act is undone.
        "as_planned": (frozenset({R.CANCELLED}), R.PLANNED),
        "as_scheduled": (frozenset({R.CANCELLED}), R.SCHEDULED),
        "as_task_open": (frozenset({R.CANCELLED}), R.TASK_OPEN),
        "reopen": (frozenset({R.DONE, R.SKIPPED}), R.TASK_OPEN),
    },
    sentences={
        R.PLANNED: "its task has not opened yet.",
        R.SCHEDULED: "its mail waits for its time.",
        R.TASK_OPEN: "its task is open.",
        R.DONE: "it is done.",
        R.SKIPPED: "it was skipped.",
        R.FAILED: "its mail failed.",
        R.CANCELLED: "it was cancelled.",
    },
)
