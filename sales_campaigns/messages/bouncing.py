"""A mail that came back after it was taken: its message failed after all, and a bad address is quarantined."""

from __future__ import annotations

import sqlalchemy as sa

from sales_campaigns.messages.bounce_kinds import Bounce, bounce_of
from sales_campaigns.messages.gate import about
from sales_campaigns.messages.incoming.reports import Report, ReportKind
from sales_campaigns.messages.models import Attempt, Message, MessageState
from sales_campaigns.messages.states import LEFT, MESSAGE
from sales_campaigns.people.models import Address
from sales_campaigns.unit_of_work import UnitOfWork


def take_report(uow: UnitOfWork, message: Message, report: Report) -> Bounce | None:
    """What a server reports about a message, which the caller has locked; None when it changes nothing.

    Feedback is idempotent: a message that failed already stays as it is. A delay changes the words that are shown
    and starts no retry of ours; a rep's own mailbox never sends again by itself.
    """
    if message.state not in LEFT | {MessageState.UNCERTAIN}:
        return None
    if report.kind is ReportKind.DELAYED:
        message.words = f"the receiving server has not taken it yet: {report.words}"
        return None
    if report.kind is not ReportKind.FAILED:
        return None
    bounce = bounce_of(report)
    _fail(uow, message, report, bounce)
    if bounce.for_good:
        _quarantine(uow, message.email, report.words)
    return bounce


def _fail(uow: UnitOfWork, message: Message, report: Report, bounce: Bounce) -> None:
    uow.session.add(
        Attempt(
            message_id=message.id,
            number=message.attempts,
            at=uow.now,
            outcome="bounce",
            code=report.code,
            enhanced=report.enhanced or None,
            words=report.words,
        )
    )
    told = {"reason": bounce.reason, "words": report.words, "late": True}
    uow.move(
        MESSAGE,
        message,
        "fail",
        about={**about(message), "data": told},
        failure=bounce.failure,
        reason=bounce.reason,
        words=report.words,
        ended_at=uow.now,
    )


def _quarantine(uow: UnitOfWork, email: str, words: str) -> None:
    """The address that the mail went to, also when the person has another one by now."""
    uow.session.execute(
        sa.update(Address)
        .where(Address.email == email.lower(), Address.quarantined_at.is_(None))
        .values(quarantined_at=uow.now, trouble=words)
        .execution_options(synchronize_session="fetch")
    )
