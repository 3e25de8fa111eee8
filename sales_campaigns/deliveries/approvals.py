"""Approvals before a confirmation: content and target, by named reviewers; one suffices, nothing leaves until then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.deliveries.journal import note
from sales_campaigns.deliveries.listing import about, delivery_of
from sales_campaigns.deliveries.models import Approval, ApprovalKind, Delivery, DeliveryState, Level
from sales_campaigns.deliveries.setups import hash_of
from sales_campaigns.errors import IllegalMove, Invalid, NotAllowed, NotFound
from sales_campaigns.unit_of_work import UnitOfWork

DEADLINE = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class ApprovalLine:
    """One reviewer's answer; `counts` is false when the delivery was changed after it."""

    approval: Approval
    reviewer: str
    counts: bool


def ask_approval(
    uow: UnitOfWork, actor: User, delivery_id: int, kind: ApprovalKind, reviewer_ids: Sequence[int]
) -> Delivery:
    """Ask these users of the team; a reviewer asked before is asked again. Raises Invalid({"reviewers": …})."""
    delivery = delivery_of(uow.session, actor, delivery_id, lock=True)
    require(actor, "prepare_deliveries")
    known = set(
        uow.session.scalars(
            sa.select(User.id).where(User.id.in_(reviewer_ids), User.team_id == delivery.team_id, User.active)
        )
    )
    if not known:
        raise Invalid({"reviewers": "Choose at least one reviewer of the team."})
    uow.session.execute(
        sa.delete(Approval).where(
            Approval.delivery_id == delivery.id, Approval.kind == kind, Approval.reviewer_id.in_(known)
        )
    )
    for reviewer in sorted(known):
        uow.session.add(
            Approval(
                delivery_id=delivery.id,
                kind=kind,
                reviewer_id=reviewer,
                asked_at=uow.now,
                due_at=uow.now + DEADLINE,
            )
        )
    uow.session.flush()
    uow.record("delivery.approval_asked", **about(delivery, actor))
    note(uow, delivery.id, f"{actor.name} asks {len(known)} to approve the {kind.value}.")
    return delivery


def answer_approval(
    uow: UnitOfWork, actor: User, delivery_id: int, kind: ApprovalKind, *, granted: bool, comment: str = ""
) -> Approval:
    """The reviewer's own answer for what the delivery is now. A target is approved once it is prepared."""
    delivery = delivery_of(uow.session, actor, delivery_id, lock=True)
    found = uow.session.scalar(
        sa.select(Approval).where(
            Approval.delivery_id == delivery.id, Approval.kind == kind, Approval.reviewer_id == actor.id
        )
    )
    if found is None:
        raise NotAllowed(f"Only those who were asked may approve: {_names(uow.session, delivery, kind)}.")
    if kind is ApprovalKind.TARGET and delivery.state not in _PREPARED:
        raise IllegalMove("Prepare it first: nobody knows yet who is targeted.")
    found.granted, found.comment, found.answered_at = granted, comment.strip()[:2000], uow.now
    found.inputs = hash_of(uow.session, delivery)
    said = "approves" if granted else "refuses"
    note(uow, delivery.id, f"{actor.name} {said} the {kind.value}.", Level.INFO if granted else Level.WARNING)
    uow.record("delivery.approval_answered", **about(delivery, actor))
    return found


def approvals_of(session: Session, delivery: Delivery) -> list[ApprovalLine]:
    rows = session.execute(
        sa.select(Approval, User)
        .join(User, User.id == Approval.reviewer_id)
        .where(Approval.delivery_id == delivery.id)
        .order_by(Approval.kind, Approval.id)
    ).all()
    inputs = hash_of(session, delivery) if rows else ""
    return [ApprovalLine(row, user.name, row.inputs == inputs) for row, user in rows]


def missing_approval(session: Session, delivery: Delivery) -> str:
    """Why it cannot be confirmed yet, "" when every kind that was asked for is granted for what it is now."""
    lines = approvals_of(session, delivery)
    for kind in ApprovalKind:
        asked = [line for line in lines if line.approval.kind is kind]
        if asked and not any(line.approval.granted and line.counts for line in asked):
            return f"The {kind.value} is not approved yet. {', '.join(line.reviewer for line in asked)} can."
    return ""


_PREPARED = {DeliveryState.READY, DeliveryState.AWAITING_CONFIRMATION}


def _names(session: Session, delivery: Delivery, kind: ApprovalKind) -> str:
    asked = [line.reviewer for line in approvals_of(session, delivery) if line.approval.kind is kind]
    if not asked:
        raise NotFound("Nobody was asked to approve this.")
    return ", ".join(asked)
