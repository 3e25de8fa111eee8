"""The sending policy: the team's own rules about who is left out and how much leaves."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, Field

from sales_campaigns.accounts.roles import require
from sales_campaigns.api_access.scopes import Scope
from sales_campaigns.deliveries.typology.keeping import (
    add_rule,
    change_rule,
    delete_rule,
    rule_of,
    rules_of,
    switch_rule,
)
from sales_campaigns.deliveries.typology.models import Of, Per, RuleKind, RuleScope, TypologyRule
from web.api.protocol.cursors import short_list
from web.api.protocol.operations import Area, Edits
from web.api.protocol.shapes import Asked, AskedPage, Id, Line, Page, Shown
from web.request_scope import me, work

api = Area("deliveries", "")
EXAMPLE = {"kind": "pressure", "name": "Not too often", "messages": 2, "days": 7}


class RuleTyped(Asked):
    """`words` and `group` for filtering; `messages`, `days` and `per` for pressure, by company for campaign steps only;
    `messages`, `hours` and `of` for capacity. `typology` limits it to deliveries that use this one.
    """

    kind: RuleKind
    name: Line
    place: int = Field(50, ge=0, le=999)
    scope: RuleScope = RuleScope.EVERY
    only_named: Line = ""
    words: Line = ""
    group: Id | None = None
    messages: int | None = Field(None, ge=1, le=10_000_000)
    days: int | None = Field(None, ge=1, le=3_650)
    hours: int | None = Field(None, ge=1, le=10_000)
    excludes: bool = False
    of: Of = Of.DELIVERY
    per: Per = Per.ADDRESS
    typology: Line = ""

    def typed(self) -> dict[str, str]:
        given = self.model_dump(mode="json", exclude_none=True)
        return {
            name: "1" if value is True else str(value) for name, value in given.items() if value is not False
        }


class RuleShown(Shown):
    id: int
    kind: RuleKind
    name: str
    place: int
    active: bool
    scope: RuleScope
    only_named: str
    typology: str
    details: dict[str, Any]
    changed_at: AwareDatetime


@api.get("/sending-rules")
def list_sending_rules(query: AskedPage) -> Page[RuleShown]:
    """The rules of your team, beside those that are built in."""
    found = rules_of(work().session, me())
    return short_list(found, lambda one: one.id, RuleShown.model_validate, query.after, query.limit)


@api.post("/sending-rules", status=201, scope=Scope.ADMIN, example=EXAMPLE)
def create_sending_rule(body: RuleTyped) -> RuleShown:
    """A new rule, for administrators of the team."""
    return _shown(add_rule(work(), me(), body.typed()))


@api.get("/sending-rules/<int:rule_id>")
def get_sending_rule(rule_id: int) -> RuleShown:
    """One rule."""
    return RuleShown.model_validate(rule_of(work().session, me(), rule_id))


@api.put(
    "/sending-rules/<int:rule_id>",
    edits=Edits(TypologyRule, get_sending_rule),
    scope=Scope.ADMIN,
    example=EXAMPLE,
)
def change_sending_rule(rule_id: int, body: RuleTyped) -> RuleShown:
    """Change it; its kind stays."""
    return _shown(change_rule(work(), me(), rule_id, body.typed()))


@api.post("/sending-rules/<int:rule_id>/switch", scope=Scope.ADMIN)
def switch_sending_rule(rule_id: int) -> RuleShown:
    """On, or off."""
    return _shown(switch_rule(work(), me(), rule_id))


@api.delete("/sending-rules/<int:rule_id>", scope=Scope.ADMIN)
def delete_sending_rule(rule_id: int) -> None:
    """Take it away; logs keep what it left out."""
    require(me(), "manage_team")
    delete_rule(work(), me(), rule_id)


def _shown(rule: TypologyRule) -> RuleShown:
    work().session.flush()
    return RuleShown.model_validate(rule)
