"""How long the logs of deliveries are kept: for administrators of the installation."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.deliveries.retention.models import Retention
from sales_campaigns.errors import Invalid
from sales_campaigns.unit_of_work import UnitOfWork

FIELDS = ("tracking_days", "exclusion_days", "sending_days")
LEAST, MOST = 30, 3_650  # days: before that late bounces may still change what is counted


def retention_of(session: Session) -> Retention | None:
    """None: everything is kept for ever, as it is unless somebody says otherwise."""
    return session.get(Retention, 1)


def change_retention(uow: UnitOfWork, actor: User, typed: Mapping[str, str]) -> None:
    """Days by field, "" for ever. Raises Invalid by field."""
    require(actor, "manage_installation")
    days = {name: _days(typed.get(name, "")) for name in FIELDS}
    wrong = {name for name, number in days.items() if number is not None and not LEAST <= number <= MOST}
    if wrong:
        words = f"Write a number of days from {LEAST} to {MOST:,}, or nothing to keep them for ever."
        raise Invalid(dict.fromkeys(sorted(wrong), words))
    row = retention_of(uow.session) or Retention(id=1)
    for name, number in days.items():
        setattr(row, name, number)
    row.changed_at = uow.now
    uow.session.add(row)
    uow.record("retention.changed", actor_id=actor.id, team_id=actor.team_id, data=days)


def _days(written: str) -> int | None:
    """None for nothing; 0 for what is no number."""
    said = written.strip()
    if not said:
        return None
    return int(said) if said.isdecimal() and len(said) < 7 else 0
