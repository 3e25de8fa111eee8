"""What a refusal at the hand-over means: the provider's judgement, made finer by the qualification rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sales_campaigns.errors import Outside, OutsideKind
from sales_campaigns.messages.feedback.counting import Trouble
from sales_campaigns.messages.feedback.judging import judge
from sales_campaigns.messages.feedback.qualifying import Answered, Qualified
from sales_campaigns.messages.feedback.reasons import Reason
from sales_campaigns.messages.outcomes import FailureType, MailboxEffect, Outcome, outcome_of
from sales_campaigns.ports import HandOver
from sales_campaigns.unit_of_work import UnitOfWork

_ABOUT_THE_ADDRESS = {OutsideKind.RECIPIENT, OutsideKind.TRANSIENT}


def outcomes_of(uow: UnitOfWork, hand_overs: Sequence[HandOver]) -> list[Outcome]:
    """One a refusal, in order. The rules are asked only about answers that concern the address."""
    asked = [one for one in hand_overs if _is_asked(one.refused)]
    found = dict(zip(map(id, asked), judge(uow, [_answered(one) for one in asked]), strict=True))
    return [_finer(outcome_of(one.refused), found.get(id(one))) for one in hand_overs]


def trouble_of(email: str, outcome: Outcome, words: str, *, lasted: bool) -> Trouble | None:
    """What the address has to answer for; None where it is innocent."""
    if outcome.event == "retry" and outcome.failure is not None:
        return Trouble(email, Qualified(outcome.failure, Reason(outcome.reason)), words, lasted)
    if outcome.bad_address:
        return Trouble(email, Qualified(FailureType.HARD, Reason(outcome.reason)), words)
    return None


def _is_asked(refused: Outside | None) -> bool:
    return refused is not None and refused.code is not None and refused.kind in _ABOUT_THE_ADDRESS


def _answered(one: HandOver) -> Answered:
    refused = one.refused
    assert refused is not None
    return Answered(refused.code, refused.enhanced or "", one.reply or refused.words)


def _finer(outcome: Outcome, found: Qualified | None) -> Outcome:
    """Where no rule fits, the provider's judgement stands: it knows at which command it was refused."""
    if found is None or not found.known or outcome.mailbox is not MailboxEffect.NONE:
        return outcome
    if found.for_good:
        return Outcome("fail", FailureType.HARD, found.reason.value, bad_address=True)
    return replace(
        outcome, event="retry", failure=found.failure, reason=found.reason.value, bad_address=False
    )
