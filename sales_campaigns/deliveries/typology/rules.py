"""The rules in force for one delivery or step: those built in, and the team's own in their order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.deliveries.typology.collisions import on_the_way
from sales_campaigns.deliveries.typology.models import Per, RuleKind, RuleScope, TypologyRule
from sales_campaigns.deliveries.typology.windows import Pressure
from sales_campaigns.people.listing import Wanted, matching
from sales_campaigns.people.searches import resolved
from sales_campaigns.people.suppression import CAUSES, SENTENCES, Cause

# The causes that preparation adds to those of an address and of the team's filtering rules, in order.
LATER = {
    "duplicate": "Somebody else of this delivery has the same address and gets the mail.",
    "field_missing": "Lacks a field that this mail needs.",
}
BUILT_IN = {**SENTENCES, **LATER}
# Asked some five times for each chunk of a preparation.
_IN_FORCE = (
    sa.select(TypologyRule)
    .where(
        TypologyRule.team_id == sa.bindparam("team"),
        TypologyRule.kind == sa.bindparam("kind"),
        TypologyRule.active,
        sa.or_(TypologyRule.scope == RuleScope.EVERY, TypologyRule.scope == sa.bindparam("scope")),
        sa.or_(TypologyRule.typology == "", TypologyRule.typology == sa.bindparam("typology")),
    )
    .order_by(TypologyRule.place, TypologyRule.id)
)


def rules_about_people(
    session: Session,
    team_id: int,
    name: str,
    scope: RuleScope,
    typology: str = "",
    joins: int | None = None,
) -> tuple[Cause, ...]:
    """Address filters, then the team's filtering and collision rules: each a condition over Person ⟕ Address.

    The same ones judge a million people at preparation and one person who `joins` a campaign.
    """
    collisions = in_force(session, team_id, name, scope, RuleKind.COLLISION, typology)
    strict = [rule for rule in collisions if rule.details.get("excludes")]
    return (
        *CAUSES,
        *filters_of(session, team_id, name, scope, typology),
        *(_collision(rule, joins) for rule in strict),
    )


def filters_of(
    session: Session, team_id: int, name: str, scope: RuleScope, typology: str = ""
) -> tuple[Cause, ...]:
    """The team's filtering rules alone, which hold for somebody who is on the way as well."""
    filters = in_force(session, team_id, name, scope, RuleKind.FILTERING, typology)
    return tuple(_filter(session, rule) for rule in filters)


def in_force(
    session: Session, team_id: int, name: str, scope: RuleScope, kind: RuleKind, typology: str = ""
) -> Sequence[TypologyRule]:
    """The active rules of this kind for a delivery of this name and typology, lowest place first."""
    given = {"team": team_id, "kind": kind, "scope": scope, "typology": typology}
    found = session.scalars(_IN_FORCE, given)
    return [rule for rule in found if rule.only_named.lower() in name.lower()]


def typologies(session: Session, team_id: int) -> Sequence[str]:
    """The names under which the team's rules are gathered."""
    named = sa.select(TypologyRule.typology).where(
        TypologyRule.team_id == team_id, TypologyRule.typology != ""
    )
    return session.scalars(named.distinct().order_by(TypologyRule.typology)).all()


def pressure_of(rule: TypologyRule) -> Pressure:
    details = rule.details
    company = details.get("per") == Per.COMPANY
    return Pressure(key_of(rule), details["messages"], timedelta(days=details["days"]), company)


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


def _collision(rule: TypologyRule, joins: int | None) -> Cause:
    return Cause(key_of(rule), _sentence(rule), on_the_way(joins))


def _sentence(rule: TypologyRule) -> str:
    details = rule.details
    if rule.kind is RuleKind.PRESSURE:
        whom = Per(details.get("per", Per.ADDRESS)).value
        return f"“{rule.name}”: over {details['messages']} mails to this {whom} in {details['days']} days."
    if rule.kind is RuleKind.CAPACITY:
        return f"“{rule.name}”: more than the {details['messages']:,} that it lets leave."
    if rule.kind is RuleKind.COLLISION:
        return f"“{rule.name}”: is on the way through a campaign."
    return f"The rule “{rule.name}” leaves this person out."
