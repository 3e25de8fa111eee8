"""The lifecycles of a connection and of what stands in the CRM, as tables."""

from __future__ import annotations

from sales_campaigns.crm.models import ConnectionState as C
from sales_campaigns.crm.models import RecordState as R
from sales_campaigns.lifecycle import Lifecycle

CONNECTION = Lifecycle[C](
    name="crm connection",
    moves={
        "connect": (frozenset(C), C.CONNECTED),
        "lose": (frozenset({C.CONNECTED}), C.LOST),
        "end": (frozenset({C.NEW, C.CONNECTED, C.LOST}), C.ENDED),
    },
    sentences={
        C.NEW: "nobody has signed in to the CRM yet.",
        C.CONNECTED: "it is connected.",
        C.LOST: "the CRM no longer lets us in. Connect it again.",
        C.ENDED: "it was disconnected.",
    },
)

RECORD = Lifecycle[R](
    name="crm record",
    moves={
        "change": (frozenset(R), R.WAITING),
        "agree": (frozenset({R.WAITING}), R.AGREED),
        "wait": (frozenset({R.WAITING}), R.WAITING),
        "fail": (frozenset({R.WAITING}), R.FAILED),
        "retry": (frozenset({R.FAILED}), R.WAITING),
    },
    sentences={
        R.WAITING: "it waits to be written.",
        R.AGREED: "both sides agree.",
        R.FAILED: "the CRM refused it.",
    },
)
