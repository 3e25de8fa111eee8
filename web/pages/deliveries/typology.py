"""The sending policy: the rules that are built in, and the team's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request, url_for

from sales_campaigns.accounts.holders import require_or_name, who_may
from sales_campaigns.accounts.roles import may
from sales_campaigns.deliveries.typology.keeping import (
    add_rule,
    change_rule,
    delete_rule,
    rule_of,
    rules_of,
    switch_rule,
)
from sales_campaigns.deliveries.typology.models import RuleKind, TypologyRule
from sales_campaigns.deliveries.typology.rules import BUILT_IN
from sales_campaigns.errors import Invalid
from sales_campaigns.people.groups import groups_of
from web.answers import go, page
from web.request_scope import me, work

pages = Blueprint("typology", __name__, url_prefix="/sending-policy")
KINDS = {
    RuleKind.FILTERING: "Filtering: leaves people out whom a search finds",
    RuleKind.COLLISION: "Campaign collision: who is on the way through a campaign",
    RuleKind.PRESSURE: "Pressure: not too many mails to one address, or to one company",
    RuleKind.CAPACITY: "Capacity: not too many mails at once",
}
COUNTED = {
    "delivery": "of the delivery",
    "mailbox": "of its mailbox, whatever they belong to",
    "domain": "of all mailboxes of the sending domain",
}
PER = {"address": "to one address", "company": "to one company, by campaign steps"}
SCOPES = {"every": "Deliveries and campaign steps", "deliveries": "Deliveries", "steps": "Campaign steps"}


@pages.get("")
def index() -> str:
    return page(
        "typology/index.html",
        rules=rules_of(work().session, me()),
        built_in=BUILT_IN,
        scopes=SCOPES,
        may_change=may(me(), "manage_team"),
        about=_about,
    )


@pages.get("/new")
def new() -> str:
    require_or_name(work().session, me(), "manage_team")
    return _form({"kind": request.args.get("kind", "filtering"), "place": 50, "scope": "every"}, {})


@pages.post("")
def add() -> Response | tuple[str, int]:
    try:
        rule = add_rule(work(), me(), request.form)
    except Invalid as refusal:
        return _form(request.form, refusal.problems), 422
    return go(url_for(".index"), f"“{rule.name}” is in force for what is prepared from now on.")


@pages.get("/<int:rule_id>")
def edit(rule_id: int) -> str:
    rule = rule_of(work().session, me(), rule_id)
    return _form(_typed(rule), {}, rule)


@pages.post("/<int:rule_id>")
def save(rule_id: int) -> Response | tuple[str, int]:
    rule = rule_of(work().session, me(), rule_id)
    try:
        change_rule(work(), me(), rule_id, request.form)
    except Invalid as refusal:
        return _form({**request.form, "kind": rule.kind.value}, refusal.problems, rule), 422
    return go(url_for(".index"), "Saved.")


@pages.post("/<int:rule_id>/switch")
def switch(rule_id: int) -> Response:
    rule = switch_rule(work(), me(), rule_id)
    words = f"“{rule.name}” is {'on' if rule.active else 'off'}."
    return go(url_for(".index"), words, url_for(".switch", rule_id=rule_id))


@pages.post("/<int:rule_id>/delete")
def delete(rule_id: int) -> Response:
    name = delete_rule(work(), me(), rule_id)
    return go(url_for(".index"), f"“{name}” was deleted. Logs keep what it left out.")


def _form(typed: Mapping[str, Any], problems: Mapping[str, str], rule: TypologyRule | None = None) -> str:
    groups = groups_of(work().session, me())
    return page(
        "typology/form.html",
        rule=rule,
        typed=typed,
        problems=problems,
        kinds=[(kind.value, words) for kind, words in KINDS.items()],
        scopes=list(SCOPES.items()),
        counted=list(COUNTED.items()),
        per=list(PER.items()),
        may_change=may(me(), "manage_team"),
        who_can=who_may(work().session, "manage_team", me().team_id),
        groups=[("", "No group"), *((line.group.id, line.group.name) for line in groups)],
    )


def _typed(rule: TypologyRule) -> dict[str, Any]:
    return {
        "kind": rule.kind.value,
        "name": rule.name,
        "place": rule.place,
        "scope": rule.scope.value,
        "only_named": rule.only_named,
        "typology": rule.typology,
        **rule.details,
    }


def _about(rule: TypologyRule) -> str:
    """What it does, in a sentence."""
    details = rule.details
    if rule.kind is RuleKind.COLLISION:
        does = "Leaves out" if details.get("excludes") else "Warns of"
        return f"{does} people who are on the way through a campaign."
    if rule.kind is RuleKind.PRESSURE:
        whom = details.get("per", "address")
        does = (
            "A delivery leaves the person out, a campaign step waits." if whom == "address" else "Steps wait."
        )
        return f"At most {details['messages']} mails to one {whom} in any {details['days']} days. {does}"
    if rule.kind is RuleKind.CAPACITY:
        beyond = "the rest is left out" if details.get("excludes") else "the rest leaves later"
        whose = COUNTED[details.get("of", "delivery")]
        return f"At most {details['messages']:,} mails in {details['hours']} h, {whose}; {beyond}."
    words = f"found by “{details['words']}”" if details.get("words") else ""
    return "Leaves out people " + " and ".join(
        filter(None, [words, "in a group" if details.get("group") else ""])
    )
