"""The lifecycle of a campaign, as one table."""

from __future__ import annotations

from sales_campaigns.campaigns.models import CampaignState as C
from sales_campaigns.lifecycle import Lifecycle

CAMPAIGN = Lifecycle[C](
    name="campaign",
    moves={
        "launch": (frozenset({C.DRAFT, C.ACTIVE}), C.ACTIVE),
        "pause": (frozenset({C.ACTIVE}), C.PAUSED),
        "resume": (frozenset({C.PAUSED}), C.ACTIVE),
        "archive": (frozenset({C.DRAFT, C.ACTIVE, C.PAUSED}), C.ARCHIVED),
        # One that was launched before comes back paused: nothing leaves until somebody resumes it.
        "restore": (frozenset({C.ARCHIVED}), C.PAUSED),
        "restore_draft": (frozenset({C.ARCHIVED}), C.DRAFT),
    },
    sentences={
        C.DRAFT: "it is a draft; nobody was added yet.",
        C.ACTIVE: "it is running.",
        C.PAUSED: "it is paused; nothing is sent and no task opens.",
        C.ARCHIVED: "it is archived. Restore it first.",
    },
)
