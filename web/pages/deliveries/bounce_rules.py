"""The qualification table, for administrators: what servers' answers mean, what no rule fits, and a text to try."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, request, url_for

from sales_campaigns.accounts.roles import require
from sales_campaigns.errors import Invalid
from sales_campaigns.messages.feedback import rules
from sales_campaigns.messages.feedback.qualifying import qualify
from sales_campaigns.messages.feedback.reasons import REASONS
from sales_campaigns.messages.outcomes import FailureType
from web.answers import go, page
from web.parts.bounce_words import answer_of
from web.request_scope import me, work

pages = Blueprint("bounce_rules", __name__, url_prefix="/admin/bounce-rules")


@pages.get("")
def index() -> str:
    require(me(), "manage_installation")
    return _page({name: request.args.get(name, "") for name in ("text", "codes")}, {})


@pages.post("")
def save() -> Response | tuple[str, int]:
    require(me(), "manage_installation")
    number = request.values.get("number", None, int)
    try:
        rules.save_rule(work(), me(), request.values, number)
    except Invalid as refusal:
        return _page(request.form, refusal.problems, number), 422
    return go(url_for(".index"), "The rule is in force for what comes from now on.")


@pages.post("/delete")
def delete() -> Response:
    gone = rules.delete_rule(work(), me(), request.values.get("number", 0, int))
    return go(url_for(".index"), "The rule was deleted.", url_for(".save", **gone))


@pages.post("/restore")
def restore() -> Response:
    rules.restore_shipped(work(), me())
    return go(url_for(".index"), "The rules that come with the product are in force.")


@pages.post("/keep")
def keep() -> Response:
    kept = request.values.get("kept", "1") == "1"
    found = rules.keep_unqualified(work(), me(), request.values.get("id", 0, int), kept=kept)
    words = "It stays soft and not defined." if kept else "It is to be qualified again."
    return go(url_for(".index"), words, url_for(".keep", id=found.id, kept="0" if kept else "1"))


def _page(typed: Mapping[str, str], problems: Mapping[str, str], number: int | None = None) -> str:
    session, tried = work().session, request.args.get("try", "").strip()[:1000]
    in_force = rules.rules_in_force(session)
    number = number or request.args.get("edit", None, int)
    edited = in_force[number - 1] if number and 1 <= number <= len(in_force) else None
    if edited and not problems:
        typed = {
            "text": edited.text,
            "codes": edited.codes,
            "failure": edited.failure,
            "reason": edited.reason,
        }
        typed = {**typed, "place": str(_place(number or 0))}
    return page(
        "bounce_rules/index.html",
        rules=in_force,
        own=bool(rules.rule_rows(session)),
        unknown=rules.to_qualify(session),
        tried=tried,
        answer=qualify(in_force, answer_of(tried)) if tried else None,
        number=number if edited else None,
        typed=typed,
        problems=problems,
        failures=[(one.value, one.value.capitalize()) for one in FailureType],
        reasons=[(one.value, words) for one, (_, words) in REASONS.items()],
        reason_words={one: words for one, (_, words) in REASONS.items()},
    )


def _place(number: int) -> int:
    rows = rules.rule_rows(work().session)
    return rows[number - 1].place if rows else number * 10
