"""What must always be true of the whole installation: asked every minute, shown on every page of administrators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.checkups.models import KeptFinding
from sales_campaigns.clock import machine_now
from sales_campaigns.deliveries.balance import deliveries_out_of_balance
from sales_campaigns.enrollments.launches.balance import launches_out_of_balance
from sales_campaigns.messages.invariants import PROMISES, Finding, findings
from sales_campaigns.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Balance:
    """A promise about so many rows that they are counted once a minute, and not for every page.

    `count(session, now)` is the number of `what` for which it does not hold.
    """

    name: str
    what: tuple[str, str]
    words: str
    fix: str
    count: Callable[[Session, datetime], int]


BALANCES = (
    Balance(
        "launches_out_of_balance",
        ("launch", "launches"),
        "whose people are neither started nor left out with a cause",
        "This is a defect: report it with the log.",
        lambda session, _now: launches_out_of_balance(session),
    ),
    Balance(
        "deliveries_out_of_balance",
        ("delivery", "deliveries"),
        "whose messages and exclusions are not as many as were targeted",
        "Compute the stats of the newest deliveries again: that says which figure is wrong. Then report it.",
        deliveries_out_of_balance,
    ),
)
NAMES = (*(one.name for one in PROMISES), *(one.name for one in BALANCES))


def count_imbalances(session: Session, now: datetime) -> dict[str, int]:
    """Name → number, of each balance that does not hold. One query each; `now` is business time."""
    counts = {one.name: one.count(session, now) for one in BALANCES}
    return {name: count for name, count in counts.items() if count}


def keep_imbalances(uow: UnitOfWork, counts: Mapping[str, int]) -> None:
    """Until they are counted next."""
    if _kept(uow.session) == counts:
        return
    uow.session.execute(sa.delete(KeptFinding))
    uow.session.add_all(KeptFinding(name=name, count=n, at=machine_now()) for name, n in counts.items())


def broken_promises(session: Session) -> list[Finding]:
    """What does not hold: of mails in hand as of now, of balances as they were counted last. Two small queries."""
    kept = _kept(session)
    balances = [
        Finding(one.name, kept[one.name], one.words, one.fix, one.what)
        for one in BALANCES
        if one.name in kept
    ]
    return [*findings(session, machine_now()), *balances]


def _kept(session: Session) -> dict[str, int]:
    rows = session.execute(sa.select(KeptFinding.name, KeptFinding.count))
    return {name: count for name, count in rows}  # noqa: C416
