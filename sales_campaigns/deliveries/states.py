"""The lifecycle of a delivery, as one table."""

from __future__ import annotations

from sales_campaigns.deliveries.models import DeliveryState as S
from sales_campaigns.lifecycle import Lifecycle

EDITABLE = frozenset({S.EDITING, S.PREPARATION_FAILED, S.READY, S.AWAITING_CONFIRMATION})
CONFIRMED = frozenset({S.SCHEDULED, S.IN_PROGRESS, S.PAUSED})
GOES_ON = frozenset({S.IN_PROGRESS, S.PAUSED})
OVER = frozenset({S.STOPPED, S.FINISHED, S.EXPIRED})

DELIVERY = Lifecycle[S](
    name="delivery",
    moves={
        "prepare": (EDITABLE, S.PREPARING),
        "stop_preparing": (frozenset({S.PREPARING}), S.EDITING),
        "pass": (frozenset({S.PREPARING}), S.READY),
        "fail_preparation": (frozenset({S.PREPARING}), S.PREPARATION_FAILED),
        # What is prepared is prepared anew after any change: nobody confirms what nobody has counted.
        "edit": (EDITABLE - {S.EDITING}, S.EDITING),
        "await_confirmation": (frozenset({S.READY}), S.AWAITING_CONFIRMATION),
        "confirm": (frozenset({S.READY, S.AWAITING_CONFIRMATION}), S.SCHEDULED),
        "unschedule": (frozenset({S.SCHEDULED}), S.READY),
        # A series is started as a whole; each of its runs is a delivery that is prepared and confirmed by itself.
        "begin_series": (frozenset({S.EDITING}), S.IN_PROGRESS),
        "start": (frozenset({S.SCHEDULED}), S.IN_PROGRESS),
        "pause": (frozenset({S.IN_PROGRESS}), S.PAUSED),
        "resume": (frozenset({S.PAUSED}), S.IN_PROGRESS),
        "stop": (frozenset({S.IN_PROGRESS, S.PAUSED}), S.STOPPED),
        "finish": (frozenset({S.IN_PROGRESS, S.PAUSED}), S.FINISHED),
        # Mail that comes back later is tried again, and whoever sent it may still pause and stop that.
        "take_up_again": (frozenset({S.FINISHED}), S.IN_PROGRESS),
        "expire": (frozenset({S.AWAITING_CONFIRMATION, S.SCHEDULED}), S.EXPIRED),
    },
    sentences={
        S.EDITING: "it is being written and is not prepared.",
        S.PREPARING: "it is being prepared; nothing is sent.",
        S.PREPARATION_FAILED: "its preparation found an error.",
        S.READY: "it is prepared and not confirmed.",
        S.AWAITING_CONFIRMATION: "it is prepared and scheduled, and waits for somebody to confirm it.",
        S.SCHEDULED: "it is confirmed and waits for its date.",
        S.IN_PROGRESS: "it is being sent.",
        S.PAUSED: "it is paused.",
        S.STOPPED: "it was stopped, and that is final.",
        S.FINISHED: "it is finished.",
        S.EXPIRED: "its time ran out before it was confirmed.",
    },
)
