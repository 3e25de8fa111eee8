"""Analytics: what I, the team and the content brought, unique and total, beside the period before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, Response, request, url_for

from sales_campaigns.accounts.roles import may, require
from sales_campaigns.analytics.periods import LENGTHS, Period, last_days
from sales_campaigns.analytics.reading import (
    campaign_names,
    figures_by_campaign,
    figures_by_template,
    figures_by_user,
)
from sales_campaigns.analytics.report import NOTHING, Activity, change, percent
from sales_campaigns.people.listing import owners
from sales_campaigns.tasks.days import local_date
from web.answers import page
from web.parts.csv_files import csv_file
from web.request_scope import me, work

pages = Blueprint("analytics", __name__, url_prefix="/analytics")
TABS = {"me": "Me", "team": "Team", "content": "Content"}
# (heading, small print, field): unique counts people, total counts mails.
COLUMNS = (
    ("Sent", "total", "sent"),
    ("Written to", "unique", "people"),
    ("Opened", "unique", "openers"),
    ("Clicked", "unique", "clickers"),
    ("Replied", "unique", "repliers"),
    ("Replies", "total", "replies"),
    ("Bounced", "total", "bounced"),
    ("Added", "", "launched"),
    ("Tasks", "", "tasks"),
    ("Calls", "", "calls"),
)
OF_CONTENT = COLUMNS[:8]
OF_TEMPLATES = COLUMNS[:7]
ONLY_IN_FILES = (
    ("Opens", "total", "opens"),
    ("Clicks", "total", "clicks"),
    ("Opens by machines", "not counted", "machine_opens"),
    ("Clicks by machines", "not counted", "machine_clicks"),
)


@dataclass(frozen=True)
class Line:
    """One row: whose or what, its figures now and before, and where it leads."""

    name: str
    now: Activity
    before: Activity
    href: str = ""


@pages.get("")
def index() -> str:
    tab, period = _tab("me"), _period()
    return page(
        "analytics/index.html",
        tab=tab,
        tabs=TABS,
        period=period,
        lengths=LENGTHS,
        lines=_lines(tab, period),
        columns=_columns(tab),
        templates=_of_templates(period) if tab == "content" else [],
        template_columns=OF_TEMPLATES,
        headings=[{"words": _heading(head, small), "number": True} for head, small, _ in COLUMNS],
        may_see_team=may(me(), "see_team"),
        percent=percent,
        change=change,
    )


@pages.get("/figures.csv")
def as_file() -> Response:
    tab, period = _tab("me"), _period()
    columns = (*_columns(tab), *ONLY_IN_FILES)
    heads = ["Name", *(_heading(head, small) for head, small, _ in columns), "From", "To"]
    days = period.first.isoformat(), period.last.isoformat()
    rows = (
        [line.name, *(getattr(line.now, field) for _, _, field in columns), *days]
        for line in _lines(tab, period)
    )
    return csv_file(f"analytics-{tab}", heads, rows)


def _heading(head: str, small: str) -> str:
    return f"{head} ({small})" if small else head


def _tab(default: str) -> str:
    wanted = request.args.get("tab", default)
    return wanted if wanted in TABS else default


def _period() -> Period:
    days = request.args.get("days", LENGTHS[1], int)
    return last_days(local_date(work().now, me().zone), days if days in LENGTHS else LENGTHS[1])


def _columns(tab: str) -> tuple[tuple[str, str, str], ...]:
    return COLUMNS if tab == "team" else OF_CONTENT


def _lines(tab: str, period: Period) -> list[Line]:
    return _of_team(period) if tab == "team" else _of_campaigns(period, me().id if tab == "me" else None)


def _of_team(period: Period) -> list[Line]:
    require(me(), "see_team")
    session = work().session
    now, before = (figures_by_user(session, me(), one) for one in (period, period.before))
    users = [user for user in owners(session, me()) if user.team_id == me().team_id]
    return [Line(user.name, now.get(user.id, NOTHING), before.get(user.id, NOTHING)) for user in users]


def _of_campaigns(period: Period, user_id: int | None) -> list[Line]:
    """Those in which anything happened in either period."""
    session = work().session
    now, before = (figures_by_campaign(session, me(), one, user_id) for one in (period, period.before))
    return [
        Line(
            name,
            now.get(id, NOTHING),
            before.get(id, NOTHING),
            url_for("campaign_report.index", campaign_id=id),
        )
        for id, name in campaign_names(session, me()).items()
        if id in now or id in before
    ]


def _of_templates(period: Period) -> list[Line]:
    now, before = (figures_by_template(work().session, me(), one) for one in (period, period.before))
    names: Mapping[str, None] = dict.fromkeys(sorted({*now, *before}))
    return [Line(name, now.get(name, NOTHING), before.get(name, NOTHING)) for name in names]
