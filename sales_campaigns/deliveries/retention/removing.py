"""Remove the old rows of logs, few at a time. Before the first row of a delivery goes, what they count is kept.

The rule: “retention settings”, off by default. Only of single deliveries that are over: campaigns and conversations
look back at their mails for as long as they like. A mail that something refers to stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from sales_campaigns.deliveries.figures import causes_of, engagement_of_delivery, fates_of, field_missing_of
from sales_campaigns.deliveries.models import Delivery, DeliveryKind, Exclusion, KeptFigures
from sales_campaigns.deliveries.retention.keeping import retention_of
from sales_campaigns.deliveries.retention.models import Retention
from sales_campaigns.deliveries.states import OVER
from sales_campaigns.deliveries.variants.figures import keep_figures
from sales_campaigns.deliveries.variants.reading import ab_test_of
from sales_campaigns.messages.incoming.models import ReceivedMail
from sales_campaigns.messages.models import Draft, Message
from sales_campaigns.tracking.models import TrackingEvent
from sales_campaigns.unit_of_work import UnitOfWork

BATCH = 500
# Rows that refer to a message and keep it; of them no more is known here than these columns.
ABOVE = (
    ("task", "message_id"),
    ("task", "origin_id"),
    ("step_run", "message_id"),
    ("mailbox_draft", "message_id"),
)


@dataclass(frozen=True, slots=True)
class Log:
    """`days` and `removed` name columns of Retention and KeptFigures."""

    days: str
    removed: str
    rows: type[Any]
    of_delivery: Callable[[], sa.ColumnElement[bool]]
    keep: Callable[[UnitOfWork, Delivery, KeptFigures], None]


def remove_old(uow: UnitOfWork, batch: int = BATCH) -> int:
    """One batch of each log; how many rows."""
    settings = retention_of(uow.session)
    return sum(_remove(uow, settings, log, batch) for log in LOGS) if settings else 0


def _remove(uow: UnitOfWork, settings: Retention, log: Log, batch: int) -> int:
    days = getattr(settings, log.days)
    if days is None:
        return 0
    old = _old(uow.now - timedelta(days=days))
    rows = sa.select(log.rows.id, Delivery.id).join(Delivery, log.of_delivery()).where(*old)
    if log.rows is Message:
        rows = rows.where(*_free())
    found = uow.session.execute(rows.order_by(Delivery.id, log.rows.id).limit(batch)).all()
    for delivery_id in sorted({delivery_id for _, delivery_id in found}):
        _keep(uow, uow.session.get_one(Delivery, delivery_id), log)
    uow.session.execute(
        sa.delete(log.rows)
        .where(log.rows.id.in_([id for id, _ in found]))
        .execution_options(synchronize_session=False)
    )
    return len(found)


def _old(before: datetime) -> list[sa.ColumnElement[bool]]:
    """Of a campaign's step and of a rep's mails nothing is removed."""
    kinds = (DeliveryKind.SINGLE, DeliveryKind.CONTINUOUS)
    standing_alone = (Delivery.kind.in_(kinds), Delivery.campaign_id.is_(None))
    return [*standing_alone, Delivery.state.in_(OVER), Delivery.ended_at < before]


def _keep(uow: UnitOfWork, delivery: Delivery, log: Log) -> None:
    """Once a log: what is counted now is what it will be."""
    kept = uow.session.get(KeptFigures, delivery.id)
    if kept is None:
        kept = KeptFigures(delivery_id=delivery.id, fates={}, field_missing=0, causes={}, engagement={})
        uow.session.add(kept)
    if getattr(kept, log.removed) is None:
        log.keep(uow, delivery, kept)
        setattr(kept, log.removed, uow.now)
        uow.session.flush()


def _keep_tracking(uow: UnitOfWork, delivery: Delivery, kept: KeptFigures) -> None:
    kept.engagement = asdict(engagement_of_delivery(uow.session, delivery))
    test = ab_test_of(uow.session, delivery.id)
    if test is not None:
        keep_figures(uow.session, test)


def _keep_exclusions(uow: UnitOfWork, delivery: Delivery, kept: KeptFigures) -> None:
    kept.causes = causes_of(uow.session, delivery)


def _keep_sending(uow: UnitOfWork, delivery: Delivery, kept: KeptFigures) -> None:
    """What was noticed of a mail goes with it, so it is kept too."""
    if kept.tracking_removed_at is None:
        _keep_tracking(uow, delivery, kept)
        kept.tracking_removed_at = uow.now
    kept.fates = fates_of(uow.session, delivery.id)
    kept.field_missing = field_missing_of(uow.session, delivery.id)


def _free() -> Iterator[sa.ColumnElement[bool]]:
    """Nothing refers to the message."""
    for table, column in ABOVE:
        rows = sa.table(table, sa.column(column))
        yield ~sa.exists().select_from(rows).where(rows.c[column] == Message.id).correlate(Message)
    later = sa.orm.aliased(Message)
    yield ~sa.exists().where(later.follows_id == Message.id)
    yield ~sa.exists().where(
        sa.or_(ReceivedMail.answers_id == Message.id, ReceivedMail.answer_id == Message.id)
    )
    yield ~sa.exists().where(Draft.answers_id == Message.id)


LOGS = (
    Log(
        "tracking_days",
        "tracking_removed_at",
        TrackingEvent,
        lambda: sa.exists().where(Message.id == TrackingEvent.message_id, Message.delivery_id == Delivery.id),
        _keep_tracking,
    ),
    Log(
        "exclusion_days",
        "exclusions_removed_at",
        Exclusion,
        lambda: Delivery.id == Exclusion.delivery_id,
        _keep_exclusions,
    ),
    Log(
        "sending_days",
        "sending_removed_at",
        Message,
        lambda: Delivery.id == Message.delivery_id,
        _keep_sending,
    ),
)
