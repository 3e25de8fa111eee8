"""The team's own rules of the sending policy: add, change, switch off, delete. For administrators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require, sees_every_team
from sales_campaigns.deliveries.typology.models import Of, Per, RuleKind, RuleScope, TypologyRule
from sales_campaigns.errors import Invalid, NotFound
from sales_campaigns.people.groups import group_of
from sales_campaigns.unit_of_work import UnitOfWork


def rules_of(session: Session, actor: User) -> Sequence[TypologyRule]:
    """The rules of the actor's team in the order in which they are asked."""
    kinds = {kind: place for place, kind in enumerate(RuleKind)}
    return session.scalars(
        sa.select(TypologyRule)
        .where(TypologyRule.team_id == actor.team_id)
        .order_by(sa.case(kinds, value=TypologyRule.kind), TypologyRule.place, TypologyRule.id)
    ).all()


def rule_of(session: Session, actor: User, rule_id: int) -> TypologyRule:
    """Raises NotFound for a rule of another team."""
    found = session.get(TypologyRule, rule_id)
    if found is None or (found.team_id != actor.team_id and not sees_every_team(actor)):
        raise NotFound
    return found


def add_rule(uow: UnitOfWork, actor: User, typed: Mapping[str, str]) -> TypologyRule:
    """Raises Invalid by field."""
    require(actor, "manage_team")
    values = _checked(uow.session, actor, typed, None)
    rule = TypologyRule(team_id=actor.team_id, changed_at=uow.now, active=True, **values)
    uow.session.add(rule)
    uow.session.flush()
    uow.record("rule.added", **_about(actor, rule))
    return rule


def change_rule(uow: UnitOfWork, actor: User, rule_id: int, typed: Mapping[str, str]) -> TypologyRule:
    """Its kind stays. What was excluded by it keeps its words in the log."""
    rule = rule_of(uow.session, actor, rule_id)
    require(actor, "manage_team")
    for name, value in _checked(uow.session, actor, {**typed, "kind": rule.kind.value}, rule).items():
        setattr(rule, name, value)
    rule.changed_at = uow.now
    uow.record("rule.changed", **_about(actor, rule))
    return rule


def switch_rule(uow: UnitOfWork, actor: User, rule_id: int) -> TypologyRule:
    """On where it was off, off where it was on."""
    rule = rule_of(uow.session, actor, rule_id)
    require(actor, "manage_team")
    rule.active, rule.changed_at = not rule.active, uow.now
    uow.record("rule.switched", **_about(actor, rule))
    return rule


def delete_rule(uow: UnitOfWork, actor: User, rule_id: int) -> str:
    rule = rule_of(uow.session, actor, rule_id)
    require(actor, "manage_team")
    uow.record("rule.deleted", **_about(actor, rule))
    uow.session.delete(rule)
    return rule.name


def _checked(
    session: Session, actor: User, typed: Mapping[str, str], known: TypologyRule | None
) -> dict[str, Any]:
    problems: dict[str, str] = {}
    kind = RuleKind(typed["kind"]) if typed.get("kind") in set(RuleKind) else RuleKind.FILTERING
    name = " ".join(typed.get("name", "").split())
    if not 0 < len(name) <= 120 or _taken(session, actor, name, known):
        problems["name"] = "Give it a name of 1 to 120 characters that no other rule has."
    place = _number(typed.get("place", "50"))
    if place is None or place > 10_000:
        problems["place"] = "The order is a number from 0 to 10,000; lower ones are asked first."
    scope = typed.get("scope", "")
    details = _details(session, actor, kind, typed, problems)
    if problems:
        raise Invalid(problems)
    return {
        "kind": kind,
        "name": name,
        "place": place,
        "scope": RuleScope(scope) if scope in set(RuleScope) else RuleScope.EVERY,
        "only_named": typed.get("only_named", "").strip()[:120],
        "typology": " ".join(typed.get("typology", "").split())[:80],
        "details": details,
    }


def _details(
    session: Session, actor: User, kind: RuleKind, typed: Mapping[str, str], problems: dict[str, str]
) -> dict[str, Any]:
    if kind is RuleKind.FILTERING:
        return _search(session, actor, typed, problems)
    if kind is RuleKind.COLLISION:
        return {"excludes": bool(typed.get("excludes"))}
    messages, span = _number(typed.get("messages", "")), "days" if kind is RuleKind.PRESSURE else "hours"
    length = _number(typed.get(span, ""))
    if not messages:
        problems["messages"] = "Write how many mails are allowed, 1 or more."
    if not length or length > 366:
        problems[span] = f"Write a number of {span} from 1 to 366."
    counted = _counted(typed) if kind is RuleKind.CAPACITY else _per(typed, problems)
    return {"messages": messages, span: length, **counted}


def _per(typed: Mapping[str, str], problems: dict[str, str]) -> dict[str, Any]:
    """Whose mails a rule of pressure counts."""
    if typed.get("per") != Per.COMPANY:
        return {}
    if typed.get("scope") != RuleScope.STEPS:
        problems["per"] = "Mails to one company are counted for campaign steps only: choose these."
    return {"per": Per.COMPANY.value}


def _counted(typed: Mapping[str, str]) -> dict[str, Any]:
    """Whose mails a capacity rule counts, and whether what is over it is left out."""
    of = typed.get("of", "")
    return {"excludes": bool(typed.get("excludes")), "of": of if of in set(Of) else Of.DELIVERY.value}


def _search(
    session: Session, actor: User, typed: Mapping[str, str], problems: dict[str, str]
) -> dict[str, Any]:
    """An empty search would leave everybody out."""
    words, group = typed.get("words", "").strip()[:200], _number(typed.get("group", ""))
    if not words and not group:
        problems["words"] = "Say whom it leaves out: words, a group, or both."
    if group:
        try:
            group_of(session, actor, group)
        except NotFound:
            problems["group"] = "This group is not there, or is not yours to see."
    return {"words": words, "group": group}


def _taken(session: Session, actor: User, name: str, known: TypologyRule | None) -> bool:
    team = known.team_id if known else actor.team_id
    found = session.scalar(
        sa.select(TypologyRule.id).where(TypologyRule.team_id == team, TypologyRule.name == name)
    )
    return found is not None and (known is None or found != known.id)


def _number(written: str) -> int | None:
    return int(written) if written.strip().isdecimal() and len(written.strip()) < 8 else None


def _about(actor: User, rule: TypologyRule) -> dict[str, Any]:
    return {"actor_id": actor.id, "team_id": rule.team_id, "data": {"rule": rule.id, "name": rule.name}}
