"""The qualification table of this installation: read for the dispatcher, changed by administrators."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.errors import Invalid, NotFound
from sales_campaigns.messages.feedback.models import BounceRuleRow, UnknownBounce
from sales_campaigns.messages.feedback.qualifying import Answered, BounceRule, normalised, qualify
from sales_campaigns.messages.feedback.reasons import Reason
from sales_campaigns.messages.feedback.shipped_rules import SHIPPED
from sales_campaigns.messages.outcomes import FailureType
from sales_campaigns.people.address_rows import insert_missing
from sales_campaigns.unit_of_work import UnitOfWork

MOST_COUNTED = 100_000


def rules_in_force(session: Session) -> Sequence[BounceRule]:
    """In the order in which they are asked: one query."""
    own = [BounceRule(row.text, row.codes, row.failure, row.reason) for row in rule_rows(session)]
    return own or SHIPPED


def rule_rows(session: Session) -> Sequence[BounceRuleRow]:
    return session.scalars(sa.select(BounceRuleRow).order_by(BounceRuleRow.place, BounceRuleRow.id)).all()


def own_rules(uow: UnitOfWork, actor: User) -> Sequence[BounceRuleRow]:
    """The rows, made from the rules that come with the product when something is first changed."""
    require(actor, "manage_installation")
    if not rule_rows(uow.session):
        rows = (
            BounceRuleRow(
                place=number * 10, text=one.text, codes=one.codes, failure=one.failure, reason=one.reason
            )
            for number, one in enumerate(SHIPPED, 1)
        )
        uow.session.add_all(rows)
        uow.session.flush()
    return rule_rows(uow.session)


def save_rule(
    uow: UnitOfWork, actor: User, typed: Mapping[str, str], number: int | None = None
) -> BounceRuleRow:
    """Change rule `number` (counted from 1), or add one. Raises Invalid, NotFound for a number that is not there."""
    values = _checked(typed)
    rows = own_rules(uow, actor)
    if number is not None and not 1 <= number <= len(rows):
        raise NotFound("There is no such rule.")
    row = BounceRuleRow() if number is None else rows[number - 1]
    for name, value in values.items():
        setattr(row, name, value)
    uow.session.add(row)
    uow.session.flush()
    qualify_again(uow)
    uow.record("bounce_rule.saved", actor_id=actor.id, team_id=actor.team_id, data={"text": row.text[:200]})
    return row


def delete_rule(uow: UnitOfWork, actor: User, number: int) -> dict[str, Any]:
    """What it said, so that it can be put back."""
    rows = own_rules(uow, actor)
    if not 1 <= number <= len(rows):
        raise NotFound("There is no such rule.")
    if len(rows) == 1:
        raise Invalid(
            "The last rule cannot be deleted. Go back to the rules that come with the product instead."
        )
    row = rows[number - 1]
    uow.session.delete(row)
    uow.session.flush()
    uow.record("bounce_rule.deleted", actor_id=actor.id, team_id=actor.team_id, data={"text": row.text[:200]})
    return {
        "text": row.text,
        "codes": row.codes,
        "failure": row.failure.value,
        "reason": row.reason.value,
        "place": str(row.place),
    }


def restore_shipped(uow: UnitOfWork, actor: User) -> int:
    """Back to the rules that come with the product; how many own ones were dropped."""
    require(actor, "manage_installation")
    dropped = uow.session.execute(sa.delete(BounceRuleRow).returning(BounceRuleRow.id)).all()
    uow.record(
        "bounce_rule.restored", actor_id=actor.id, team_id=actor.team_id, data={"dropped": len(dropped)}
    )
    return len(dropped)


def to_qualify(session: Session, limit: int = 200) -> Sequence[UnknownBounce]:
    """The most frequent first."""
    waiting = sa.select(UnknownBounce).where(UnknownBounce.kept_at.is_(None))
    return session.scalars(waiting.order_by(UnknownBounce.count.desc(), UnknownBounce.id).limit(limit)).all()


def keep_unqualified(uow: UnitOfWork, actor: User, unknown_id: int, *, kept: bool = True) -> UnknownBounce:
    """Leave a text as it is, soft and not defined, and out of the queue; or back into it."""
    require(actor, "manage_installation")
    found = uow.session.get(UnknownBounce, unknown_id)
    if found is None:
        raise NotFound("This text is no longer there: a rule fits it by now.")
    found.kept_at = uow.now if kept else None
    return found


def note_unknown(uow: UnitOfWork, answers: Sequence[Answered]) -> None:
    """Queue texts that no rule fitted, grouped by what they have in common: two statements, whatever the number."""
    by_text = {normalised(one.words): one for one in answers}
    counts = Counter(normalised(one.words) for one in answers)
    by_text.pop("", None)
    if not by_text:
        return
    rows = [_unknown_row(uow, text, one) for text, one in sorted(by_text.items())]
    uow.session.execute(insert_missing(uow.session, UnknownBounce), rows)
    number = sa.case(*((UnknownBounce.text == text, counts[text]) for text in by_text), else_=0)
    capped = UnknownBounce.count + number
    uow.session.execute(
        sa.update(UnknownBounce)
        .where(UnknownBounce.text.in_(by_text))
        .values(count=sa.case((capped > MOST_COUNTED, MOST_COUNTED), else_=capped), last_at=uow.now)
        .execution_options(synchronize_session=False)
    )


def qualify_again(uow: UnitOfWork) -> int:
    """Take out of the queue what a rule fits by now; how many texts."""
    rules = rules_in_force(uow.session)
    waiting = uow.session.scalars(sa.select(UnknownBounce)).all()
    fitted = [
        one.id for one in waiting if qualify(rules, Answered(one.code, one.enhanced, one.example)).known
    ]
    uow.session.execute(sa.delete(UnknownBounce).where(UnknownBounce.id.in_(fitted)))
    return len(fitted)


def _unknown_row(uow: UnitOfWork, text: str, one: Answered) -> dict[str, object]:
    return {
        "text": text,
        "example": one.words[:1000],
        "code": one.code,
        "enhanced": one.enhanced[:12],
        "count": 0,
        "first_at": uow.now,
        "last_at": uow.now,
    }


def _checked(typed: Mapping[str, str]) -> dict[str, object]:
    text, codes = typed.get("text", "").strip(), " ".join(typed.get("codes", "").split())
    problems = {}
    if not text and not codes:
        problems["text"] = "Write a text to look for, or a code."
    if any(not one.replace(".", "").isdigit() for one in codes.split()) or len(codes) > 120:
        problems["codes"] = "Codes are such as 552 or 5.2.2, with spaces between."
    if typed.get("failure") not in list(FailureType):
        problems["failure"] = "Choose hard, soft or ignored."
    if typed.get("reason") not in list(Reason):
        problems["reason"] = "Choose a reason."
    place = typed.get("place", "").strip() or "5"
    if not place.isdecimal() or len(place) > 6:
        problems["place"] = "Give a number."
    if problems:
        raise Invalid(problems)
    kinds = {"failure": FailureType(typed["failure"]), "reason": Reason(typed["reason"])}
    return {"text": text, "codes": codes, "place": int(place), **kinds}
