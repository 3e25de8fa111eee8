"""The rules in force for one delivery or step: those built in, and the team's own in their order."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.deliveries.typology.models import RuleKind, RuleScope, TypologyRule
from sales_campaigns.people.listing import Wanted, matching
from sales_campaigns.people.searches import resolved
from sales_campaigns.people.suppression import CAUSES, SENTENCES, Cause

# The causes that preparation adds to those of an address and of the team's filtering rules, in order.
LATER = {
    "duplicate": "Somebody else of this delivery has the same address and gets the mail.",
    "field_missing": "Lacks a field that this mail needs.",
}
BUILT_IN = {**SENTENCES, **LATER}


def rules_about_people(session: Session, team_id: int, name: str, scope: RuleScope) -> tuple[Cause, ...]:
    """Address filters, then the team's filtering rules: each a condition over Person ⟕ Address.

    The same ones judge a million people at preparation and one person who joins a campaign step.
    """
    own = in_force(session, team_id, name, scope, RuleKind.FILTERING)
    return (*CAUSES, *(_filter(session, rule) for rule in own))


def in_force(
    session: Session, team_id: int, name: str, scope: RuleScope, kind: RuleKind
) -> Sequence[TypologyRule]:
    """The active rules of this kind for a delivery of this name, lowest place first."""
    found = session.scalars(
        sa.select(TypologyRule)
        .where(
            TypologyRule.team_id == team_id,
            TypologyRule.kind == kind,
            TypologyRule.active,
            TypologyRule.scope.in_({RuleScope.EVERY, scope}),
        )
        .order_by(TypologyRule.place, TypologyRule.id)
    )
    return [rule for rule in found if rule.only_named.lower() in name.lower()]


def key_of(rule: TypologyRule) -> str:
    """Its name among the causes."""
    return f"rule_{rule.id}"


def sentences(session: Session, team_id: int) -> dict[str, str]:
    """Cause → sentence, the team's own rules among them."""
    return {**BUILT_IN, **own_sentences(session, team_id)}


def own_sentences(session: Session, team_id: int) -> dict[str, str]:
    own = session.scalars(sa.select(TypologyRule).where(TypologyRule.team_id == team_id))
    return {key_of(rule): _sentence(rule) for rule in own}


def _filter(session: Session, rule: TypologyRule) -> Cause:
    wanted = Wanted(
        words=rule.details.get("words", ""),
        owner_id=rule.details.get("owner") or None,
        group_id=rule.details.get("group") or None,
    )
    return Cause(key_of(rule), _sentence(rule), sa.and_(*matching(rule.team_id, resolved(session, wanted))))


def _sentence(rule: TypologyRule) -> str:
    details = rule.details
    if rule.kind is RuleKind.PRESSURE:
        return f"“{rule.name}”: over {details['messages']} mails to this address in {details['days']} days."
    if rule.kind is RuleKind.CAPACITY:
        return f"“{rule.name}”: more than the {details['messages']:,} that it lets leave."
    return f"The rule “{rule.name}” leaves this person out."
