"""What holds for a team, for its administrators: content lockdown, sharing, limits; and who may do what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request, url_for

from sales_campaigns.accounts.models import Role
from sales_campaigns.accounts.policies import LAUNCHES_PER_DAY, MAILS_PER_DAY, change_policy, policy_of
from sales_campaigns.accounts.roles import POLICY, require
from sales_campaigns.content.template_list import categories_of
from sales_campaigns.errors import Invalid
from sales_campaigns.people.groups import categories_of as group_categories
from web.answers import go, page
from web.request_scope import me, settings, work

pages = Blueprint("policies", __name__, url_prefix="/admin")
# Each action of the policy table as an administrator would say it.
ACTIONS = {
    "work_tasks": "Work on tasks, write and answer mails",
    "edit_people": "Add, change, import, group and unsubscribe people",
    "edit_templates": "Write templates, unless they are locked",
    "edit_campaigns": "Make and change campaigns, unless they are locked",
    "launch": "Launch one's own people, within the limits",
    "launch_many": "Launch more people than the limit, and people of teammates",
    "change_for_others": "Put a changed campaign into force for people of teammates",
    "prepare_deliveries": "Write and prepare deliveries",
    "start_deliveries": "Confirm deliveries",
    "resubscribe": "Let somebody in again who has unsubscribed",
    "see_team": "See the team's work, its queues and its audit log",
    "manage_team": "Users, policies, holidays and calls of the own team",
    "manage_installation": "Stop all sending, block domains, health; every team",
}
RIGHTS = {"can_prepare": "prepare deliveries", "can_start": "start deliveries"}


@pages.get("/policies")
def index() -> str:
    require(me(), "manage_team")
    return _page(_kept(), {})


@pages.post("/policies")
def change() -> Response | tuple[str, int]:
    require(me(), "manage_team")
    try:
        change_policy(work(), me(), request.form)
    except Invalid as refusal:
        return _page(request.form, refusal.problems), 422
    return go(url_for(".index"), "Saved. It holds for your team from now on.")


@pages.get("/roles")
def roles() -> str:
    require(me(), "manage_team")
    lines = [
        (words, [role.value in POLICY[action][0] for role in Role], RIGHTS.get(POLICY[action][1] or "", ""))
        for action, words in ACTIONS.items()
    ]
    return page("policies/roles.html", lines=lines)


def _kept() -> dict[str, Any]:
    """As the form would have been typed."""
    kept = policy_of(work().session, me().team_id)
    if kept is None:
        return {}
    locks = {name: "1" for name in ("templates_locked", "campaigns_locked") if getattr(kept, name)}
    return {
        **locks,
        "guarded_categories": "\n".join(kept.guarded_categories),
        "people_per_launch": kept.people_per_launch or "",
        "launches_per_day": kept.launches_per_day,
        "mails_per_day": kept.mails_per_day,
    }


def _page(typed: Mapping[str, Any], problems: Mapping[str, str]) -> str:
    return page(
        "policies/index.html",
        typed=typed,
        problems=problems,
        usual={"people": settings().launch_limit, "launches": LAUNCHES_PER_DAY, "mails": MAILS_PER_DAY},
        categories=sorted({*categories_of(work().session, me()), *group_categories(work().session, me())}),
    )
