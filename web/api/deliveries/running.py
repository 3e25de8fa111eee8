"""A delivery on its way: prepare, confirm, pause, go on, stop; proofs and approvals."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from sales_campaigns.deliveries import confirming, pausing, preparing
from sales_campaigns.deliveries.approvals import answer_approval, approvals_of, ask_approval
from sales_campaigns.deliveries.listing import delivery_of
from sales_campaigns.deliveries.models import ApprovalKind
from sales_campaigns.deliveries.proofs import send_proofs
from web.api.deliveries.deliveries import get_delivery
from web.api.deliveries.shapes import DeliveryWhole
from web.api.protocol.operations import Area
from web.api.protocol.shapes import Asked, Done, Ids, Note, Shown
from web.request_scope import me, settings, work

api = Area("deliveries", "")


class Addresses(Asked):
    addresses: str = Field(max_length=40_000, description="E-mail addresses, with commas between them.")
    variants: list[Literal["A", "B", "C"]] = Field(
        default_factory=list, max_length=3, description="Of an A/B test, a proof each; empty for every one."
    )


class Reviewers(Asked):
    kind: ApprovalKind
    reviewers: Ids


class ApprovalAnswer(Asked):
    kind: ApprovalKind
    granted: bool
    comment: Note = ""


class ApprovalShown(Shown):
    kind: ApprovalKind
    reviewer_id: int
    reviewer: str
    asked_at: AwareDatetime
    due_at: AwareDatetime
    answered_at: AwareDatetime | None
    granted: bool
    comment: str
    counts: bool = Field(description="Whether it is about the delivery as it is now.")


class ApprovalsShown(Shown):
    approvals: list[ApprovalShown]


@api.post("/deliveries/<int:delivery_id>/prepare")
def prepare_delivery(delivery_id: int) -> DeliveryWhole:
    """Compute who gets it, who is left out and why. It goes on by itself; ask until it is no longer `preparing`."""
    preparing.prepare(work(), me(), delivery_id)
    return _now(delivery_id)


@api.post("/deliveries/<int:delivery_id>/prepare/stop")
def stop_preparing_delivery(delivery_id: int) -> DeliveryWhole:
    """Stop preparing. Nothing was sent."""
    preparing.stop_preparing(work(), me(), delivery_id)
    return _now(delivery_id)


@api.post("/deliveries/<int:delivery_id>/confirm")
def confirm_delivery(delivery_id: int) -> DeliveryWhole:
    """Let it leave, at once or at its date. Give it an Idempotency-Key, so that it may be sent again."""
    confirming.confirm(work(), me(), delivery_id, reachable=settings().bulk_allowed)
    return _now(delivery_id)


@api.post("/deliveries/<int:delivery_id>/ask-confirmation")
def ask_for_delivery_confirmation(delivery_id: int) -> DeliveryWhole:
    """Ask somebody with the right “start deliveries” to confirm it."""
    confirming.ask_confirmation(work(), me(), delivery_id)
    return _now(delivery_id)


@api.post("/deliveries/<int:delivery_id>/unschedule")
def unschedule_delivery(delivery_id: int) -> DeliveryWhole:
    """Take the confirmation back, before its date."""
    confirming.unschedule(work(), me(), delivery_id)
    return _now(delivery_id)


@api.post("/deliveries/<int:delivery_id>/pause")
def pause_delivery(delivery_id: int) -> DeliveryWhole:
    """Once this has answered, nothing new is handed over; `in_flight` of its figures is what still was."""
    pausing.pause(work(), me(), delivery_id)
    return _now(delivery_id)


@api.post("/deliveries/<int:delivery_id>/resume")
def resume_delivery(delivery_id: int) -> DeliveryWhole:
    """It goes on."""
    pausing.resume(work(), me(), delivery_id)
    return _now(delivery_id)


@api.post("/deliveries/<int:delivery_id>/stop")
def stop_delivery(delivery_id: int) -> Done:
    """Stop it for good. `count` is how many people do not get it."""
    return Done(words="Stopped for good.", count=pausing.stop(work(), me(), delivery_id))


@api.post("/deliveries/<int:delivery_id>/proofs", example={"addresses": "ana@example.com"})
def send_delivery_proofs(delivery_id: int, body: Addresses) -> Done:
    """Send it to other addresses, as the first person of the audience would get it."""
    count = send_proofs(work(), me(), delivery_id, body.addresses, variants=body.variants)
    return Done(words="On their way.", count=count)


@api.get("/deliveries/<int:delivery_id>/approvals")
def list_approvals(delivery_id: int) -> ApprovalsShown:
    """Who was asked, and what they said."""
    lines = approvals_of(work().session, delivery_of(work().session, me(), delivery_id))
    return ApprovalsShown(
        approvals=[
            ApprovalShown(
                reviewer=line.reviewer,
                counts=line.counts,
                **{name: getattr(line.approval, name) for name in OF_THE_ROW},
            )
            for line in lines
        ]
    )


@api.post("/deliveries/<int:delivery_id>/approvals", example={"kind": "content", "reviewers": [1]})
def ask_for_approval(delivery_id: int, body: Reviewers) -> ApprovalsShown:
    """Ask reviewers; it cannot be confirmed until one of them grants it."""
    ask_approval(work(), me(), delivery_id, body.kind, body.reviewers)
    work().session.flush()
    return list_approvals(delivery_id)


@api.post("/deliveries/<int:delivery_id>/approvals/answer", example={"kind": "content", "granted": True})
def answer_delivery_approval(delivery_id: int, body: ApprovalAnswer) -> ApprovalsShown:
    """Answer as a reviewer."""
    answer_approval(work(), me(), delivery_id, body.kind, granted=body.granted, comment=body.comment)
    work().session.flush()
    return list_approvals(delivery_id)


def _now(delivery_id: int) -> DeliveryWhole:
    work().session.flush()
    return get_delivery(delivery_id)


OF_THE_ROW = tuple(name for name in ApprovalShown.model_fields if name not in {"reviewer", "counts"})
