"""One judgement for all feedback: what servers answer at once, and what they report later."""

from __future__ import annotations

from collections.abc import Sequence

from sales_campaigns.messages.feedback.qualifying import Answered, Qualified, qualify
from sales_campaigns.messages.feedback.rules import note_unknown, rules_in_force
from sales_campaigns.unit_of_work import UnitOfWork


def judge(uow: UnitOfWork, answers: Sequence[Answered]) -> list[Qualified]:
    """Type and reason of each, by the rules in force; what no rule fits is queued *to qualify*."""
    if not answers:
        return []
    rules = rules_in_force(uow.session)
    judged = [qualify(rules, one) for one in answers]
    note_unknown(uow, [answer for answer, found in zip(answers, judged, strict=True) if not found.known])
    return judged
