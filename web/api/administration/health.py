"""How an installation is: who keeps time, how late work is, and each mailbox's queue with what holds it up."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from sales_campaigns.accounts.roles import require
from sales_campaigns.api_access.scopes import Scope
from sales_campaigns.checkups.promises import broken_promises
from sales_campaigns.enrollments.explaining.health import Queue, health_of
from sales_campaigns.messages.explaining.waiting import WaitingGroup
from web.api.protocol.operations import Area
from web.api.protocol.shapes import Shown
from web.request_scope import me, work

api = Area("installation", "", Scope.ADMIN)


class ProcessShown(Shown):
    name: str
    kind: str
    started_at: AwareDatetime
    beat_at: AwareDatetime
    alive: bool


class HoldupShown(Shown):
    """Mails that wait for the same reason."""

    reason: str
    count: int
    oldest: AwareDatetime
    broken: bool = Field(description="Whether somebody must put something right.")


class QueueShown(Shown):
    mailbox_id: int
    address: str
    owner: str
    ahead: int
    due: int
    retrying: int
    in_flight: int
    uncertain: int
    holdups: list[HoldupShown]


class FindingShown(Shown):
    """Something that must never be."""

    name: str
    count: int
    words: str
    fix: str = Field(description="What to do.")


class HealthShown(Shown):
    keeps_time: bool
    processes: list[ProcessShown]
    lags: dict[str, float] = Field(description="Kind of work → seconds that its oldest is late.")
    reactions: int = Field(description="What happened and has not been followed up yet.")
    queues: list[QueueShown]
    broken_promises: list[FindingShown] = Field(
        description="What must never be and is; empty when all is well."
    )


@api.get("/health")
def get_health() -> HealthShown:
    """As things stand."""
    require(me(), "manage_installation")
    health = health_of(work().session, work().now, work().speed)
    return HealthShown(
        keeps_time=health.keeps_time,
        processes=[ProcessShown.model_validate(one) for one in health.processes],
        lags={kind: lag.total_seconds() for kind, lag in health.lags.items()},
        reactions=health.reactions,
        queues=[_queue(one) for one in health.queues],
        broken_promises=[FindingShown.model_validate(one) for one in broken_promises(work().session)],
    )


def _queue(one: Queue) -> QueueShown:
    names = ("owner", "ahead", "due", "retrying", "in_flight", "uncertain")
    return QueueShown(
        mailbox_id=one.mailbox.id,
        address=one.mailbox.address,
        **{name: getattr(one, name) for name in names},
        holdups=[_holdup(group) for group in one.groups],
    )


def _holdup(group: WaitingGroup) -> HoldupShown:
    return HoldupShown(
        reason=group.trace.sentence, count=group.count, oldest=group.oldest, broken=group.broken
    )
