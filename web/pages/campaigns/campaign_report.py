"""The report of a campaign: its funnel step by step, versions side by side, and at which hours mails are answered."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint

from sales_campaigns.campaigns.listing import campaign_of
from sales_campaigns.campaigns.step_deliveries import step_deliveries
from sales_campaigns.enrollments.explaining.figures import Figures, figures_of
from web.answers import page
from web.filters import WEEKDAYS
from web.request_scope import me, work

pages = Blueprint("campaign_report", __name__, url_prefix="/campaigns/<int:campaign_id>/report")
# A column of the funnel: its heading, the figure, and what it is a share of.
COLUMNS = (
    ("Reached", "reached", ""),
    ("Waiting", "waiting", ""),
    ("Sent", "sent", ""),
    ("Done by hand", "done", ""),
    ("Opened", "opened", "sent"),
    ("Clicked", "clicked", "sent"),
    ("Replied", "replied", "sent"),
    ("Bounced or failed", "failed", "reached"),
    ("Skipped", "skipped", "reached"),
)
SHADES = 4


@pages.get("")
def index(campaign_id: int) -> str:
    campaign = campaign_of(work().session, me(), campaign_id)
    found = figures_of(work().session, campaign)
    return page(
        "campaign_report/index.html",
        campaign=campaign,
        found=found,
        columns=COLUMNS,
        deliveries=step_deliveries(work().session, campaign),
        weekdays=WEEKDAYS,
        hours=_hours(found),
        shade=_shader(found.hours),
        compared=any(len(one.versions) > 1 for one in found.steps),
    )


def _hours(found: Figures) -> range:
    """From the first to the last hour in which any mail was due."""
    used = [hour for _, hour in found.hours]
    return range(min(used, default=0), max(used, default=-1) + 1)


def _shader(hours: Mapping[tuple[int, int], int]) -> Mapping[tuple[int, int], int]:
    """1 to 4, by the share of the busiest hour."""
    most = max(hours.values(), default=0)
    return {at: -(-number * SHADES // most) for at, number in hours.items() if number}
