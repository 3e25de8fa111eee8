"""Two campaigns, or two periods, side by side: the same figures of both, and the difference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from flask import Blueprint, request

from sales_campaigns.analytics.periods import Period, last_days
from sales_campaigns.analytics.reading import campaign_names, figures_by_campaign, figures_of_team
from sales_campaigns.analytics.report import NOTHING, Activity, change, percent
from sales_campaigns.campaigns.listing import campaign_of
from sales_campaigns.errors import Invalid
from sales_campaigns.tasks.days import local_date
from web.answers import page
from web.numbers import row_of
from web.request_scope import me, work

pages = Blueprint("compare", __name__, url_prefix="/analytics/compare")
DAYS = 30
LONGEST = 366 * 3
YEARS = range(2000, 2101)
# (heading, small print, field): unique counts people, total counts mails.
FIGURES = (
    ("Sent", "total", "sent"),
    ("Written to", "unique", "people"),
    ("Opened", "unique", "openers"),
    ("Opens", "total", "opens"),
    ("Clicked", "unique", "clickers"),
    ("Clicks", "total", "clicks"),
    ("Replied", "unique", "repliers"),
    ("Replies", "total", "replies"),
    ("Bounced", "total", "bounced"),
    ("Added", "people", "launched"),
)
RATES = (
    ("Opened", "of the people written to", "open_rate"),
    ("Clicked", "of the people written to", "click_rate"),
    ("Replied", "of the people written to", "reply_rate"),
    ("Bounced", "of the mails handed over", "bounce_rate"),
)
Typed = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Side:
    """A campaign, or with None the whole team, in a period; and what came of it."""

    campaign_id: int | None
    period: Period
    figures: Activity


@pages.get("")
def index() -> tuple[str, int]:
    typed = _typed(request.args)
    problems = {**_problems(typed, "a"), **_problems(typed, "b")}
    sides = None if problems else (_side(typed, "a"), _side(typed, "b"))
    shown = page(
        "analytics/compare.html",
        typed=typed,
        problems=problems,
        sides=sides,
        names=campaign_names(work().session, me()),
        figures=FIGURES,
        rates=RATES,
        change=change,
        percent=percent,
    )
    return shown, 422 if problems else 200


def _typed(given: Typed) -> dict[str, str]:
    """What was asked for; what was not is this campaign, the last thirty days beside the thirty before."""
    now = last_days(local_date(work().now, me().zone), DAYS)
    same = given.get("b", given.get("a", "")) == given.get("a", "")
    then = now.before if same else now
    usual = {
        "a": "",
        "b": given.get("a", ""),
        "a_from": now.first.isoformat(),
        "a_to": now.last.isoformat(),
        "b_from": then.first.isoformat(),
        "b_to": then.last.isoformat(),
    }
    return {name: given.get(name, words) for name, words in usual.items()}


def _problems(typed: Typed, side: str) -> dict[str, str]:
    try:
        _period(typed, side)
    except Invalid as refusal:
        return dict(refusal.problems)
    return {}


def _period(typed: Typed, side: str) -> Period:
    try:
        first, last = (date.fromisoformat(typed[f"{side}_{end}"]) for end in ("from", "to"))
    except ValueError:
        raise Invalid({f"{side}_from": "Write two dates, such as 2026-11-01 and 2026-11-30."}) from None
    known = first.year in YEARS and last.year in YEARS
    if not known or not 0 <= (last - first).days < LONGEST:
        raise Invalid(
            {f"{side}_to": "The last day is not before the first, and at most three years after it."}
        )
    return Period(first, last)


def _side(typed: Typed, side: str) -> Side:
    session, period = work().session, _period(typed, side)
    if not row_of(typed[side]):
        return Side(None, period, figures_of_team(session, me(), period))
    campaign = campaign_of(session, me(), row_of(typed[side]))
    found = figures_by_campaign(session, me(), period, None)
    return Side(campaign.id, period, found.get(campaign.id, NOTHING))
