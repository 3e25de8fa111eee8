"""What became of each variant in the test part, and how it is judged: functions of the rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.deliveries.models import Recipient
from sales_campaigns.deliveries.variants.models import AbTest
from sales_campaigns.deliveries.variants.plan import Measure
from sales_campaigns.messages.feedback.fates import Fate, fate_of
from sales_campaigns.messages.models import Message
from sales_campaigns.tracking.figures import engagement_by
from sales_campaigns.tracking.winner import Sample


@dataclass(frozen=True, slots=True)
class VariantFigures:
    """Numbers of people of the test part. `people` = those whose mail is to come + what became of the others."""

    people: int = 0
    handed: int = 0
    delivered: int = 0
    failed: int = 0
    opened: int = 0
    clicked: int = 0
    replied: int = 0
    opted_out: int = 0

    def sample(self, measure: Measure) -> Sample:
        return Sample(self.delivered, min(getattr(self, measure.value), self.delivered))


def variant_figures(session: Session, test: AbTest) -> dict[str, VariantFigures]:
    """Letter → its figures; four queries, whatever the size. Once rows were removed, what was kept then."""
    if test.kept:
        return {letter: VariantFigures(**kept) for letter, kept in sorted(test.kept.items())}
    waiting, fates = _waiting(session, test.delivery_id), _fates(session, test.delivery_id)
    seen = engagement_by(session, Message.variant, Message.delivery_id == test.delivery_id)
    return {
        letter: VariantFigures(
            people=waiting.get(letter, 0) + sum(fates.get(letter, {}).values()),
            handed=sum(fates.get(letter, {}).get(fate, 0) for fate in (Fate.RELAYED, Fate.SENT, Fate.FAILED)),
            delivered=fates.get(letter, {}).get(Fate.SENT, 0),
            failed=fates.get(letter, {}).get(Fate.FAILED, 0),
            **({name: getattr(seen[letter], name) for name in _NOTICED} if letter in seen else {}),
        )
        for letter in sorted((waiting.keys() | fates.keys()) - {""})
    }


def keep_figures(session: Session, test: AbTest) -> None:
    """Before the first row goes: what is counted now is what it will be."""
    if not test.kept:
        test.kept = {letter: asdict(one) for letter, one in variant_figures(session, test).items()}


def rest_of(session: Session, delivery_id: int) -> int:
    """How many wait for the winner."""
    query = sa.select(sa.func.count()).where(Recipient.delivery_id == delivery_id, Recipient.after.is_(None))
    return session.scalar(query) or 0


_NOTICED = ("opened", "clicked", "replied", "opted_out")


def _waiting(session: Session, delivery_id: int) -> dict[str, int]:
    rows = session.execute(
        sa.select(Recipient.variant, sa.func.count())
        .where(Recipient.delivery_id == delivery_id)
        .group_by(Recipient.variant)
    )
    return {letter: number for letter, number in rows}  # noqa: C416


def _fates(session: Session, delivery_id: int) -> Mapping[str, dict[str, Any]]:
    """Letter → fate → people. First attempts only, as in the figures of the delivery."""
    rows = session.execute(
        sa.select(Message.variant, fate := fate_of(), sa.func.count())
        .where(Message.delivery_id == delivery_id, ~Message.proof, Message.attempt == 1)
        .group_by(Message.variant, fate)
    )
    found: dict[str, dict[str, Any]] = {}
    for letter, name, number in rows:
        found.setdefault(letter, {})[name] = number
    return found
