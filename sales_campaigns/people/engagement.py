"""Whom a search finds by what became of mails to them, and by how they stand in a campaign: conditions on Person.

Mails and campaigns lie above people, so their tables are known here by name, as foreign keys know them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa

from sales_campaigns.database import UtcDateTime
from sales_campaigns.people.models import Person

MESSAGE = sa.table(
    "message",
    sa.column("id", sa.Integer),
    sa.column("person_id", sa.Integer),
    sa.column("sent_at", UtcDateTime()),
    sa.column("proof", sa.Boolean),
)
EVENT = sa.table(
    "tracking_event",
    sa.column("message_id", sa.Integer),
    sa.column("kind", sa.String),
    sa.column("at", UtcDateTime()),
    sa.column("machine", sa.String),
)
RECEIVED = sa.table(
    "received_mail",
    sa.column("person_id", sa.Integer),
    sa.column("kind", sa.String),
    sa.column("at", UtcDateTime()),
)
ENROLLMENT = sa.table(
    "enrollment",
    sa.column("person_id", sa.Integer),
    sa.column("campaign_id", sa.Integer),
    sa.column("state", sa.String),
    sa.column("why", sa.String),
)
TABLES = (MESSAGE, EVENT, RECEIVED, ENROLLMENT)
LONGEST = 3650  # days
# How somebody stands in a campaign: the states of an enrollment, and two that several of them have in common.
STANDINGS: dict[str, tuple[str, ...]] = {
    "under_way": ("active", "paused", "held"),
    "active": ("active",),
    "paused": ("paused",),
    "held": ("held",),
    "finished": ("finished",),
    "ended": ("ended",),
    "over": ("finished", "ended"),
}
Condition = sa.ColumnElement[bool]


def noticed(*kinds: str) -> Callable[[datetime], Condition]:
    """Somebody did one of these since then. The rule: machines are left out."""

    def condition(since: datetime) -> Condition:
        found = sa.select(MESSAGE.c.person_id).join(EVENT, EVENT.c.message_id == MESSAGE.c.id)
        return Person.id.in_(found.where(EVENT.c.at >= since, EVENT.c.machine == "", EVENT.c.kind.in_(kinds)))

    return condition


def replied(since: datetime) -> Condition:
    """The rule: automatic replies are no replies."""
    found = sa.select(RECEIVED.c.person_id).where(RECEIVED.c.kind == "reply", RECEIVED.c.at >= since)
    return Person.id.in_(found)


def mailed(since: datetime | None = None) -> Condition:
    """A mail to them left, tests apart; ever, or since then."""
    mine = sa.exists().where(
        MESSAGE.c.person_id == Person.id, MESSAGE.c.sent_at.is_not(None), ~MESSAGE.c.proof
    )
    return mine if since is None else mine.where(MESSAGE.c.sent_at >= since)


# What a search may ask for; a click implies an open.
DID: dict[str, Callable[[datetime], Condition]] = {
    "opened": noticed("open", "mirror", "click"),
    "clicked": noticed("click"),
    "replied": replied,
    "mailed": mailed,
    "not_mailed": lambda since: ~mailed(since),
    "never_mailed": lambda _since: ~mailed(),
}


def did_lately(did: str, days: int, now: datetime) -> Condition:
    """`did` is a name of DID, in the last so many days before `now`."""
    return DID[did](now - timedelta(days=days))


def stands_in(campaign_id: int, standing: str = "", ended_why: str = "") -> Condition:
    """In the campaign now or once; `standing` is a name of STANDINGS, `ended_why` words of the reason of the end."""
    mine = [ENROLLMENT.c.person_id == Person.id, ENROLLMENT.c.campaign_id == campaign_id]
    if standing:
        mine.append(ENROLLMENT.c.state.in_(STANDINGS[standing]))
    if ended_why:
        mine += [ENROLLMENT.c.state == "ended", ENROLLMENT.c.why.icontains(ended_why, autoescape=True)]
    return sa.exists().where(*mine)
