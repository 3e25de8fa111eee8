"""The figures of a delivery: functions of its rows, so that computing them again changes nothing."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.deliveries.models import Delivery, Exclusion, KeptFigures, Preparation, Recipient
from sales_campaigns.deliveries.states import OVER
from sales_campaigns.messages.feedback.fates import Fate, fate_of
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.tracking.figures import Engagement, engagement_of


@dataclass(frozen=True, slots=True)
class Figures:
    """Numbers of recipients. Targeted = to deliver + excluded; to deliver = handed + cancelled + uncertain + to come.

    `relayed` are those whose delivery is to be reported yet; `sent` are delivered as far as is known.
    """

    to_deliver: int
    excluded: int
    relayed: int
    sent: int
    failed: int
    cancelled: int
    uncertain: int
    in_flight: int
    to_come: int
    field_missing: int  # of those cancelled: what no longer rendered when the mail was made

    @property
    def targeted(self) -> int:
        return self.to_deliver + self.excluded

    @property
    def handed(self) -> int:
        """Handed = relayed + sent + failed after hand-off."""
        return self.relayed + self.sent + self.failed

    @property
    def over(self) -> int:
        """Those of whom nothing more is expected."""
        return self.handed + self.cancelled + self.uncertain


def figures_of(session: Session, delivery: Delivery) -> Figures:
    """From messages, recipients and exclusions: few queries, whatever the size. Of removed rows, what is kept."""
    kept = kept_of(session, delivery, "sending_removed_at")
    counts = dict(kept.fates) if kept else fates_of(session, delivery.id)
    waiting = _number(session, Recipient.delivery_id == delivery.id)
    ended = delivery.state in OVER
    cancelled = counts.get(Fate.CANCELLED, 0)
    to_come = counts.get(Fate.WAITS, 0) + (0 if ended else waiting)
    return Figures(
        to_deliver=sum(counts.values()) + waiting,
        excluded=sum(causes_of(session, delivery).values()),
        relayed=counts.get(Fate.RELAYED, 0),
        sent=counts.get(Fate.SENT, 0),
        failed=counts.get(Fate.FAILED, 0),
        cancelled=cancelled + (waiting if ended else 0),
        uncertain=counts.get(Fate.UNCERTAIN, 0),
        in_flight=counts.get(Fate.IN_FLIGHT, 0),
        to_come=to_come,
        field_missing=_missing(session, delivery, kept) if cancelled else 0,
    )


def engagement_of_delivery(session: Session, delivery: Delivery) -> Engagement:
    """What was noticed of its mails: distinct recipients."""
    kept = kept_of(session, delivery, "tracking_removed_at")
    return (
        Engagement(**kept.engagement) if kept else engagement_of(session, Message.delivery_id == delivery.id)
    )


def kept_of(session: Session, delivery: Delivery, log: str) -> KeptFigures | None:
    """What is kept, where rows of this log were removed; `log` names the column that says since when."""
    kept = session.get(KeptFigures, delivery.id)
    return kept if kept is not None and getattr(kept, log) is not None else None


def percent(part: int, whole: int) -> str:
    """The rule: a zero denominator prints “–”."""
    return f"{100 * part / whole:.1f} %" if whole else "–"


def preparation_of(session: Session, delivery: Delivery) -> Preparation | None:
    return session.get(Preparation, delivery.id)


def causes_of(session: Session, delivery: Delivery) -> dict[str, int]:
    """Cause → number of exclusions, the most frequent first, from the rows while they are there."""
    kept = kept_of(session, delivery, "exclusions_removed_at")
    if kept is not None:
        return dict(sorted(kept.causes.items(), key=lambda one: (-one[1], one[0])))
    rows = session.execute(
        sa.select(Exclusion.cause, sa.func.count())
        .where(Exclusion.delivery_id == delivery.id)
        .group_by(Exclusion.cause)
        .order_by(sa.func.count().desc(), Exclusion.cause)
    )
    return {cause: number for cause, number in rows}  # noqa: C416


def _missing(session: Session, delivery: Delivery, kept: KeptFigures | None) -> int:
    return kept.field_missing if kept else field_missing_of(session, delivery.id)


def fates_of(session: Session, delivery_id: int) -> dict[str, int]:
    """Fate → recipients, from the rows. First attempts only: a retry that a person began is not another recipient."""
    rows = session.execute(
        sa.select(fate := fate_of(), sa.func.count())
        .where(Message.delivery_id == delivery_id, ~Message.proof, Message.attempt == 1)
        .group_by(fate)
    )
    return {found: number for found, number in rows}  # noqa: C416


def field_missing_of(session: Session, delivery_id: int) -> int:
    """How many were cancelled because the mail no longer rendered, from the rows."""
    query = sa.select(sa.func.count()).where(
        Message.delivery_id == delivery_id,
        ~Message.proof,
        Message.state == MessageState.CANCELLED,
        Message.reason == "field_missing",
    )
    return session.scalar(query) or 0


def _number(session: Session, *where: sa.ColumnElement[bool]) -> int:
    return session.scalar(sa.select(sa.func.count()).where(*where)) or 0
