"""The figures of a delivery: functions of its rows, so that computing them again changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any

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

    def __add__(self, other: Figures) -> Figures:
        return Figures(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))

    @property
    def handed(self) -> int:
        """Handed = relayed + sent + failed after hand-off."""
        return self.relayed + self.sent + self.failed

    @property
    def over(self) -> int:
        """Those of whom nothing more is expected."""
        return self.handed + self.cancelled + self.uncertain


NOTHING = Figures(0, 0, 0, 0, 0, 0, 0, 0, 0, 0)


def figures_of(session: Session, delivery: Delivery) -> Figures:
    """From messages, recipients and exclusions: a few queries, whatever the size. Of removed rows, what is kept."""
    found = figures_by(session, sa.select(Delivery.id).where(Delivery.id == delivery.id))
    return found.get(delivery.id, NOTHING)


def figures_by(session: Session, those: sa.Select[Any]) -> dict[int, Figures]:
    """Delivery → its figures, of every delivery whose id `those` selects and that has any; as many queries as for one.

    Whoever waited in a delivery that is over does not get the mail any more.
    """
    kept = _kept(session, those)
    fates, missing = _fates(session, those, kept)
    excluded = {**_number_by(session, Exclusion, those), **_kept_causes(kept)}
    waiting = _number_by(session, Recipient, those)
    over = set(
        session.scalars(sa.select(Delivery.id).where(Delivery.id.in_(those), Delivery.state.in_(OVER)))
    )
    return {
        id: _figures(
            fates.get(id, {}), waiting.get(id, 0), excluded.get(id, 0), missing.get(id, 0), ended=id in over
        )
        for id in fates.keys() | waiting.keys() | excluded.keys()
    }


def _figures(
    counts: Mapping[str, int], waiting: int, excluded: int, field_missing: int, *, ended: bool
) -> Figures:
    return Figures(
        to_deliver=sum(counts.values()) + waiting,
        excluded=excluded,
        relayed=counts.get(Fate.RELAYED, 0),
        sent=counts.get(Fate.SENT, 0),
        failed=counts.get(Fate.FAILED, 0),
        cancelled=counts.get(Fate.CANCELLED, 0) + (waiting if ended else 0),
        uncertain=counts.get(Fate.UNCERTAIN, 0),
        in_flight=counts.get(Fate.IN_FLIGHT, 0),
        to_come=counts.get(Fate.WAITS, 0) + (0 if ended else waiting),
        field_missing=field_missing,
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


def fates_of(session: Session, delivery_id: int) -> dict[str, int]:
    """Fate → recipients, from the rows."""
    return _by_fate(session, _one(delivery_id)).get(delivery_id, {})


def field_missing_of(session: Session, delivery_id: int) -> int:
    """How many were cancelled because the mail no longer rendered, from the rows."""
    return _field_missing(session, _one(delivery_id)).get(delivery_id, 0)


def _one(delivery_id: int) -> sa.Select[Any]:
    return sa.select(Delivery.id).where(Delivery.id == delivery_id)


def _kept(session: Session, those: sa.Select[Any]) -> Sequence[KeptFigures]:
    """What is kept of deliveries some of whose rows were removed."""
    return session.scalars(sa.select(KeptFigures).where(KeptFigures.delivery_id.in_(those))).all()


def _kept_causes(kept: Sequence[KeptFigures]) -> dict[int, int]:
    return {one.delivery_id: sum(one.causes.values()) for one in kept if one.exclusions_removed_at}


def _fates(
    session: Session, those: sa.Select[Any], kept: Sequence[KeptFigures]
) -> tuple[dict[int, Mapping[str, int]], dict[int, int]]:
    """Delivery → fate → recipients, and delivery → those whose mail no longer rendered."""
    removed = [one for one in kept if one.sending_removed_at]
    fates: dict[int, Mapping[str, int]] = {**_by_fate(session, those)}
    fates.update((one.delivery_id, one.fates) for one in removed)
    cancelled = any(Fate.CANCELLED in counts for counts in fates.values())
    missing = _field_missing(session, those) if cancelled else {}
    return fates, {**missing, **{one.delivery_id: one.field_missing for one in removed}}


def _by_fate(session: Session, those: sa.Select[Any]) -> dict[int, dict[str, int]]:
    """First attempts only: a retry that a person began is not another recipient."""
    rows = session.execute(
        sa.select(Message.delivery_id, fate := fate_of(), sa.func.count())
        .where(Message.delivery_id.in_(those), ~Message.proof, Message.attempt == 1)
        .group_by(Message.delivery_id, fate)
    )
    found: dict[int, dict[str, int]] = {}
    for delivery_id, name, number in rows:
        found.setdefault(delivery_id, {})[name] = number
    return found


def _field_missing(session: Session, those: sa.Select[Any]) -> dict[int, int]:
    cancelled = (Message.state == MessageState.CANCELLED, Message.reason == "field_missing")
    return _number_by(session, Message, those, ~Message.proof, *cancelled)


def _number_by(
    session: Session, model: Any, those: sa.Select[Any], *where: sa.ColumnElement[bool]
) -> dict[int, int]:
    rows = session.execute(
        sa.select(model.delivery_id, sa.func.count())
        .where(model.delivery_id.in_(those), *where)
        .group_by(model.delivery_id)
    )
    return {delivery_id: number for delivery_id, number in rows}  # noqa: C416
