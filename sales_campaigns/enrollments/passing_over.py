"""Steps that are left out for a person: the launch began after them, or somebody jumped past them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from sales_campaigns.campaigns.models import Step
from sales_campaigns.enrollments.models import StepRun, StepRunState
from sales_campaigns.unit_of_work import UnitOfWork


def pass_over(uow: UnitOfWork, steps: Mapping[int, Sequence[Step]], at: datetime, why: str) -> None:
    """Record these steps of each enrollment, which have no run, as skipped. They delay and lend nothing."""
    rows = [
        {
            "enrollment_id": enrollment_id,
            "step_id": step.id,
            "step_key": step.key,
            "is_task": step.is_task,
            "state": StepRunState.SKIPPED,
            "own_date": at.date(),
            "due_at": at,
            "over_at": at,
            "why": why[:200],
            "passed_over": True,
        }
        for enrollment_id, left_out in steps.items()
        for step in left_out
    ]
    if rows:
        uow.session.execute(sa.insert(StepRun), rows)


def place_of(step: Step) -> str:
    """day 3, step 1"""
    return f"day {step.day}, step {step.number}"
