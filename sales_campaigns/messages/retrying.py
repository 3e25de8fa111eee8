"""How often an installation tries again what was refused for now, and when an address is given up: read and changed.

The rule: “Retries of soft failures: 5 on the first day at least an hour apart, then daily, until validity (default
5 days) ends; all configurable.”
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import Instance, User
from sales_campaigns.accounts.roles import require
from sales_campaigns.errors import Invalid
from sales_campaigns.messages.retries import USUAL, RetryRule
from sales_campaigns.unit_of_work import UnitOfWork

USUAL_VALIDITY = timedelta(days=5)
# What is given as a number: the least and the most.
LIMITS = {
    "retry_first_day": (0, 100),
    "retry_minutes": (5, 24 * 60),
    "retry_hours": (1, 24 * 7),
    "validity_hours": (1, 24 * 60),
    "quarantine_errors": (1, 100),
}


def retry_rule(session: Session) -> RetryRule:
    columns = (Instance.retry_first_day, Instance.retry_minutes, Instance.retry_hours)
    found = session.execute(sa.select(*columns)).first()
    return RetryRule(*found) if found else USUAL


def usual_validity(session: Session) -> timedelta:
    """Of a mail whose delivery says nothing else: those of campaigns and of reps."""
    hours = session.scalar(sa.select(Instance.validity_hours))
    return timedelta(hours=hours) if hours else USUAL_VALIDITY


def retries_of(session: Session) -> dict[str, int | bool]:
    """By field, as they are changed."""
    row = session.get(Instance, 1) or Instance(**_usual())
    return {name: getattr(row, name) for name in (*LIMITS, "quarantine_lasting")}


def change_retries(uow: UnitOfWork, actor: User, typed: Mapping[str, str]) -> None:
    """Numbers by field, and `quarantine_lasting` "1" or "". For what fails from now on. Raises Invalid by field."""
    require(actor, "manage_installation")
    values: dict[str, int | bool] = {name: _number(typed.get(name, "")) for name in LIMITS}
    wrong = {
        name: f"Write a number from {least:,} to {most:,}."
        for name, (least, most) in LIMITS.items()
        if not least <= values[name] <= most
    }
    if wrong:
        raise Invalid(wrong)
    values["quarantine_lasting"] = bool(typed.get("quarantine_lasting"))
    row = uow.session.get(Instance, 1) or Instance(id=1)
    for name, value in values.items():
        setattr(row, name, value)
    uow.session.add(row)
    uow.record("retries.changed", actor_id=actor.id, team_id=actor.team_id, data=values)


def _usual() -> dict[str, int | bool]:
    hours = USUAL_VALIDITY // timedelta(hours=1)
    numbers = (USUAL.first_day, USUAL.minutes, USUAL.hours, hours, 5)
    return {**dict(zip(LIMITS, numbers, strict=True)), "quarantine_lasting": True}


def _number(written: str) -> int:
    """-1 for what is none."""
    said = written.strip()
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 7 else -1
