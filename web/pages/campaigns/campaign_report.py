"""The report of a campaign: its funnel step by step, versions and variants side by side, by rep, and by hour."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flask import Blueprint, Response, request

from sales_campaigns.campaigns.listing import campaign_of
from sales_campaigns.campaigns.step_deliveries import step_deliveries
from sales_campaigns.enrollments.explaining.figures import Figures, figures_of
from sales_campaigns.enrollments.explaining.funnels import Funnel
from web.answers import page
from web.filters import WEEKDAYS
from web.parts.bar_charts import LAYERS, by_hour, by_weekday
from web.parts.csv_files import csv_file
from web.parts.variant_lines import MEASURES, varied_steps
from web.request_scope import me, work

pages = Blueprint("campaign_report", __name__, url_prefix="/campaigns/<int:campaign_id>/report")
# A column of the funnel: its heading, the figure, and what it is a share of. People, each counted once.
COLUMNS = (
    ("Reached", "reached", ""),
    ("Waiting", "waiting", ""),
    ("Sent", "sent", ""),
    ("Delivered", "delivered", "sent"),
    ("Done by hand", "done", ""),
    ("Opened", "opened", "delivered"),
    ("Clicked", "clicked", "delivered"),
    ("Replied", "replied", "delivered"),
    ("Opted out", "opted_out", "delivered"),
    ("Bounced or failed", "failed", "reached"),
    ("Skipped", "skipped", "reached"),
)
# Of mails alone: a variant, a rep.
OF_MAILS = tuple(column for column in COLUMNS if {"sent", "delivered"} & set(column[1:]))
SHADES = 4
IN_A_FILE = tuple(vars(Funnel()))


@pages.get("")
def index(campaign_id: int) -> str:
    campaign = campaign_of(work().session, me(), campaign_id)
    found = figures_of(work().session, campaign)
    measure = request.args.get("by", "")
    measure = measure if measure in MEASURES else "replied"
    return page(
        "campaign_report/index.html",
        campaign=campaign,
        found=found,
        columns=COLUMNS,
        deliveries=step_deliveries(work().session, campaign),
        of_mails=OF_MAILS,
        weekdays=WEEKDAYS,
        hours=_hours(found),
        shade=_shader(found.hours),
        compared=any(len(one.versions) > 1 for one in found.steps),
        varied=varied_steps(found.steps, measure),
        measure=measure,
        measures=MEASURES,
        charts=[by_weekday(found.moments), by_hour(found.moments)],
        layers=LAYERS,
    )


@pages.get("/figures.csv")
def as_file(campaign_id: int) -> Response:
    """Every figure of the page, a line each: of steps, their versions and variants, of reps, and of hours."""
    campaign = campaign_of(work().session, me(), campaign_id)
    found = figures_of(work().session, campaign)
    rows = [[*names, *(getattr(funnel, name) for name in IN_A_FILE)] for names, funnel in _lines(found)]
    heads = ["What", "Of", "Which", *(name.replace("_", " ") for name in IN_A_FILE)]
    return csv_file(f"{campaign.name} report", heads, rows)


def _lines(found: Figures) -> Iterator[tuple[tuple[str, str, str], Funnel]]:
    for one in found.steps:
        place = f"day {one.step.day}, step {one.step.number}" if one.step else "no longer there"
        yield ("step", place, one.title), one.funnel
        for number, funnel in one.versions.items():
            yield ("version", place, str(number)), funnel
        for letter, funnel in one.variants.items():
            yield ("variant", place, letter), funnel
    for rep in found.reps:
        yield ("rep", "", rep.name), rep.funnel
    for (day, hour), funnel in sorted(found.moments.items()):
        yield ("hour", WEEKDAYS[day], f"{hour:02d}:00"), funnel


def _hours(found: Figures) -> range:
    """From the first to the last hour in which any mail was due."""
    used = [hour for _, hour in found.hours]
    return range(min(used, default=0), max(used, default=-1) + 1)


def _shader(hours: Mapping[tuple[int, int], int]) -> Mapping[tuple[int, int], int]:
    """1 to 4, by the share of the busiest hour."""
    most = max(hours.values(), default=0)
    return {at: -(-number * SHADES // most) for at, number in hours.items() if number}
