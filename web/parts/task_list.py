"""A page of tasks as the queue and the Tasks tab of a campaign show it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sales_campaigns.people.listing import teammates
from sales_campaigns.tasks.queue import task_lines
from web.parts.task_buttons import snooze_options
from web.parts.task_filters import counted, links_at, narrowed, of_campaign, outcomes_shown, wanted_in
from web.parts.task_rows import groups_of
from web.parts.way_back import shown_there, way_back
from web.request_scope import me, work

OF_CAMPAIGN = re.compile(r"/campaigns/(\d{1,18})/tasks(?:\?|$)")


def listed(args: Mapping[str, str], campaign_id: int | None = None) -> dict[str, Any]:
    """What `tasks/_list.html` asks for, but for campaigns to choose from and saved views."""
    args = args if campaign_id is None else of_campaign(args, campaign_id)
    uow, wanted = work(), wanted_in(args)
    lines, after = task_lines(uow.session, me(), wanted, uow.now, after=args.get("after", ""))
    return {
        "groups": groups_of(lines, uow.now, me().id),
        "after": links_at(campaign_id)(**narrowed(args), after=after) if after else "",
        "my_id": me().id,
        "teammates": teammates(uow.session, me()),
        "snoozes": snooze_options(uow.now, me().zone),
        "outcomes": outcomes_shown(args),
        "shown": len(lines),
        **counted(args, campaign_id),
    }


def counted_there() -> dict[str, Any]:
    """The numbers and links of the page that a button stood on."""
    tab = OF_CAMPAIGN.match(way_back(""))
    return counted(shown_there(), int(tab[1]) if tab else None)
