"""The Tasks tab of a campaign: everybody's tasks of it, worked like those of the queue."""

from __future__ import annotations

from flask import Blueprint, request

from sales_campaigns.campaigns.listing import campaign_of
from web.answers import answer
from web.parts.task_list import listed
from web.request_scope import me, work

pages = Blueprint("campaign_tasks", __name__, url_prefix="/campaigns/<int:campaign_id>")


@pages.get("/tasks")
def index(campaign_id: int) -> str:
    """The rule: completing is possible from the campaign's Tasks tab too."""
    return answer(
        "campaign_tasks/index.html",
        "tasks/_list.html",
        campaign=campaign_of(work().session, me(), campaign_id),
        campaigns=[],
        saved=None,
        **listed(request.args, campaign_id),
    )
