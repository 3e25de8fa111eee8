"""Which limits a mail has to keep: those of its mailbox or channel, of the ramp, and of its recipient's domain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.channels.models import identity_behind
from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.accounts.ramps import ramp_of
from sales_campaigns.messages.models import DomainLimit
from sales_campaigns.messages.pace.buckets import Limits
from sales_campaigns.messages.pace.pacing import Limit, domain_limit, limits_of, ramp_limit, relay_limits

EVERY_OTHER = "*"


@dataclass(frozen=True, slots=True)
class Times:
    """`now` is business time, `machine_now` machine time; `speed`: business seconds of one machine second."""

    now: datetime
    machine_now: datetime
    speed: float


def limits_for(
    session: Session,
    mails: Sequence[tuple[Mailbox, User, str]],
    times: Times,
    *,
    domains_limited: bool = True,
) -> list[Limits]:
    """For each (mailbox, its sender, address of the recipient) the buckets it draws from; one query, and none where
    it is known that no domain has a limit.
    """
    asked = domains_limited and mails
    known = {row.domain: row for row in session.scalars(sa.select(DomainLimit))} if asked else {}
    sharing = {box: sender for box, sender, _ in mails}
    by_box = {box: dict(_of_mailbox(box, sender, times)) for box, sender in sharing.items()}
    if not known:
        return [by_box[box] for box, _, _ in mails]
    return [{**by_box[box], **_of_domain(known, box, email)} for box, _, email in mails]


def _of_mailbox(box: Mailbox, sender: User, times: Times) -> Iterator[tuple[str, Limit]]:
    yield from _of_its_way(box)
    ramp = ramp_of(box)
    if ramp is None:
        return
    today = times.now.astimezone(ZoneInfo(sender.zone))
    most = ramp.on(today.date())
    if most is not None:
        yield f"mailbox:{box.id}:ramp:{today:%Y-%m-%d}", ramp_limit(most, _this_time_tomorrow(today, times))


def _of_its_way(box: Mailbox) -> Iterator[tuple[str, Limit]]:
    """Behind a channel its limits, which all who send through it share, and the mailbox's own."""
    identity = identity_behind(box)
    own = limits_of(box.provider, box.per_minute) if identity is None else relay_limits(box.per_minute)
    for limit in own:
        yield f"mailbox:{box.id}:{limit.name}", limit
    if identity is not None:
        channel = identity.channel
        for limit in relay_limits(channel.per_minute, channel.per_day):
            yield f"channel:{channel.id}:{limit.name}", limit


def _this_time_tomorrow(today: datetime, times: Times) -> datetime:
    """On the sender's clock, so that nothing leaves at midnight; in machine time."""
    wait = (today + timedelta(days=1)).astimezone(times.now.tzinfo) - times.now
    return times.machine_now + wait / times.speed


def _of_domain(known: dict[str, DomainLimit], box: Mailbox, email: str) -> Limits:
    domain = email.rpartition("@")[2].lower()
    row = known.get(domain) or known.get(EVERY_OTHER)
    if row is None or not (box.bulk_lane or row.one_to_one):
        return {}
    return {f"domain:{domain}": domain_limit(domain, row.per_minute)}
