"""The part of the search of people that asks what they did, and how they stand in a campaign."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.campaigns.listing import campaign_names
from sales_campaigns.enrollments.explaining.counting import ended_reasons
from sales_campaigns.people.engagement import DID, LONGEST, STANDINGS
from sales_campaigns.people.listing import Wanted
from web.numbers import row_of

DAYS = 30
DID_WORDS = (
    ("", "Anything"),
    ("opened", "Opened a mail"),
    ("clicked", "Followed a link"),
    ("replied", "Replied"),
    ("mailed", "Got a mail"),
    ("not_mailed", "Got no mail"),
    ("never_mailed", "Never got a mail"),
)
STANDING_WORDS = (
    ("", "Ever"),
    ("under_way", "Under way"),
    ("active", "On the way"),
    ("paused", "Paused"),
    ("held", "Held"),
    ("finished", "Finished"),
    ("ended", "Ended before its end"),
    ("over", "Finished or ended"),
)


def engagement_wanted(asked: Mapping[str, str], now: datetime) -> dict[str, Any]:
    """The fields of `Wanted`, from the address; what means nothing narrows nothing."""
    did, standing = asked.get("did", ""), asked.get("standing", "")
    return {
        "did": did if did in DID else "",
        "days": min(row_of(asked.get("days", "")), LONGEST) or DAYS,
        "as_of": now,
        "campaign_id": row_of(asked.get("campaign", "")) or None,
        "standing": standing if standing in STANDINGS else "",
        "ended_why": asked.get("why", "").strip()[:200],
    }


def search_fields(session: Session, actor: User, wanted: Wanted) -> dict[str, Any]:
    """What the form offers. `reasons` are those for which people ended in the campaign that was chosen."""
    names = campaign_names(session, actor)
    return {
        "campaign_options": [("", "Any campaign, or none"), *names.items()],
        "did_options": DID_WORDS,
        "standing_options": STANDING_WORDS,
        "reasons": ended_reasons(session, wanted.campaign_id) if wanted.campaign_id in names else [],
        "asks_more": bool(wanted.did or wanted.campaign_id),
    }
