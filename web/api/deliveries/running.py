"""A delivery on its way: prepare, confirm, pause, go on, stop; approvals, alarms, figures built anew."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from sales_campaigns.deliveries import confirming, pausing, preparing
from sales_campaigns.deliveries.alarms.criteria import Criterion
from sales_campaigns.deliveries.alarms.reading import alarms_of
from sales_campaigns.deliveries.approvals import answer_approval, approvals_of, ask_approval
from sales_campaigns.deliveries.computing import compute_stats
from sales_campaigns.deliveries.listing import delivery_of
from sales_campaigns.deliveries.models import ApprovalKind
from web.api.deliveries.deliveries import get_delivery
from web.api.deliveries.shapes import DeliveryWhole
from web.api.protocol.operations import Area
from web.api.protocol.shapes import Asked, Done, Ids, Note, Shown
from web.request_scope import me, settings, work

api = Area("deliveries", "")


class Reviewers(Asked):
    kind: ApprovalKind
    reviewers: Ids


class ApprovalAnswer(Asked):
    kind: ApprovalKind
    granted: bool
    comment: Note = ""


class Computed(Shown):
    changed: list[str] = Field(description="What was other than the rows say, and is mended.")


class AlarmShown(Shown):
    criterion: Criterion
    at: AwareDatetime
    words: str


class AlarmsShown(Shown):
    alarms: list[AlarmShown]


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


@api.post("/deliveries/<int:delivery_id>/compute")
def compute_delivery(delivery_id: int) -> Computed:
    """Build every figure from the rows; when all is well, nothing changes."""
    return Computed(changed=compute_stats(work(), me(), delivery_id))


@api.get("/deliveries/<int:delivery_id>/alarms")
def list_delivery_alarms(delivery_id: int) -> AlarmsShown:
    """What was told of it in the last day, the newest first."""
    delivery = delivery_of(work().session, me(), delivery_id)
    found = alarms_of(work().session, delivery.id, work().now)
    return AlarmsShown(alarms=[AlarmShown.model_validate(one) for one in found])


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
