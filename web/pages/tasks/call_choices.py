"""The outcomes and reasons of calls, for administrators of the team: one list each, at most 15 lines."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, request, url_for

from sales_campaigns.accounts.roles import require
from sales_campaigns.errors import Invalid
from sales_campaigns.tasks.call_choices import change_choices, choices_of
from sales_campaigns.tasks.models import ChoiceKind, Tone
from sales_campaigns.tasks.outcomes import LIMIT, Choice
from web.answers import go, page
from web.request_scope import me, work

pages = Blueprint("call_choices", __name__, url_prefix="/settings/calls")
TITLES = {ChoiceKind.OUTCOME: "Outcomes", ChoiceKind.REASON: "Reasons"}


@pages.get("")
def index() -> str:
    require(me(), "manage_team")
    return _page({}, {})


@pages.post("")
def change() -> Response | tuple[str, int]:
    require(me(), "manage_team")
    reasons = request.form.get("list") == ChoiceKind.REASON
    chosen = ChoiceKind.REASON if reasons else ChoiceKind.OUTCOME
    typed = _typed()
    try:
        change_choices(work(), me(), chosen, typed)
    except Invalid as error:
        filled = [one for one in typed if one.name.strip()]
        return _page({chosen: filled}, {chosen: error.problems}), 422
    return go(url_for(".index"), f"{TITLES[chosen]} saved.")


def _page(typed: Mapping[ChoiceKind, list[Choice]], problems: Mapping[ChoiceKind, Mapping[str, str]]) -> str:
    kept = choices_of(work().session, me().team_id)
    return page(
        "call_choices/index.html",
        lists=[
            {
                "kind": kind.value,
                "title": title,
                "lines": _padded(typed.get(kind, list(kept[kind]))),
                "problems": problems.get(kind, {}),
            }
            for kind, title in TITLES.items()
        ],
        tones=[(tone.value, tone.value.capitalize()) for tone in Tone],
        limit=LIMIT,
    )


def _padded(lines: list[Choice]) -> list[Choice]:
    """With empty lines to fill in, as far as the limit goes."""
    return lines + [Choice("")] * max(LIMIT - len(lines), 0)


def _typed() -> list[Choice]:
    form = request.form
    names, tones = form.getlist("name"), form.getlist("tone")
    reached = set(form.getlist("reached"))
    return [
        Choice(name, str(place) in reached, tone if tone in set(Tone) else Tone.NEUTRAL.value)
        for place, (name, tone) in enumerate(zip(names, tones or ["neutral"] * len(names), strict=False))
    ]
