"""What the address of the queue narrows it to, the numbers beside that, and the links that narrow it further."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from flask import url_for

from sales_campaigns.tasks.models import Priority, TaskKind
from sales_campaigns.tasks.queue import counts, outcome_counts
from sales_campaigns.tasks.wanted import NOT_OVER, TO_DO, Group, Wanted
from web.numbers import row_of
from web.parts.days_typed import bounds_in
from web.request_scope import me, work

VIEWS = {
    "": ("To do", TO_DO),
    "upcoming": ("Upcoming", (Group.UPCOMING,)),
    "snoozed": ("Snoozed", (Group.SNOOZED,)),
    "done": ("Done", (Group.DONE,)),
    "due": ("Due", NOT_OVER),  # of the days that `due` names
}
NARROWING = ("show", "kind", "campaign", "priority", "owner", "outcome", "due", "from", "to")
KINDS = {
    TaskKind.EMAIL: "E-mail",
    TaskKind.CALL: "Call",
    TaskKind.INMAIL: "InMail",
    TaskKind.CUSTOM: "Custom",
}
DUE = {
    "today": "Due today",
    "tomorrow": "Due tomorrow",
    "both": "Due today or tomorrow",
    "week": "Due in the next 7 days",
    "days": "Due between two days",
}


def wanted_in(args: Mapping[str, str]) -> Wanted:
    """What the address asks for; words that mean nothing do not narrow the list."""
    owner = args.get("owner", "")
    since, until = bounds_in(args, work().now, me().zone) if _shown(args) == "due" else (None, None)
    return Wanted(
        groups=VIEWS.get(_shown(args), VIEWS[""])[1],
        assignee_id=None if owner == "all" else _number(owner) or me().id,
        kind=_one_of(TaskKind, args.get("kind")),
        campaign_id=_number(args.get("campaign", "")),
        priority=_one_of(Priority, args.get("priority")),
        outcome=args.get("outcome") or None,
        since=since,
        until=until,
    )


def narrowed(args: Mapping[str, str]) -> dict[str, Any]:
    """What the list is narrowed to, as its links carry it on; nothing else that an address may hold."""
    return {name: args[name] for name in (*NARROWING, "view") if args.get(name)}


def played(kept: Mapping[str, Any]) -> dict[str, Any]:
    """The part of that which the player goes by: it takes one's own tasks that are to be done."""
    return {name: value for name, value in kept.items() if name not in ("show", "owner", "outcome", "view")}


def of_campaign(args: Mapping[str, str], campaign_id: int) -> dict[str, str]:
    """The same on the Tasks tab of a campaign: everybody's, unless one teammate's are asked for."""
    return {**args, "campaign": str(campaign_id), "owner": args.get("owner") or "all"}


def counted(args: Mapping[str, str], campaign_id: int | None = None) -> dict[str, Any]:
    """The numbers of the page, and the links that narrow it; `campaign_id` where it is the tab of a campaign."""
    args = args if campaign_id is None else of_campaign(args, campaign_id)
    uow, wanted = work(), wanted_in(args)
    numbers = counts(uow.session, me(), wanted, uow.now)
    kept, link = narrowed(args), links_at(campaign_id)
    return {
        "counts": numbers,
        "Group": Group,
        "matching": numbers.of(wanted.groups, wanted.kind),
        "views": [
            {
                "label": label,
                "href": link(**{**kept, "show": name or None, "due": None}),
                "count": numbers.of(groups, wanted.kind),
                "current": groups == wanted.groups,
            }
            for name, (label, groups) in VIEWS.items()
            if name != "due"
        ],
        "kinds": [
            {
                "label": label,
                "href": link(**{**kept, "kind": kind}),
                "count": numbers.of(wanted.groups, kind),
                "current": kind == wanted.kind,
            }
            for kind, label in ((None, "All types"), *KINDS.items())
        ],
        "wanted": wanted,
        "args": kept,
        "play_args": played(kept),
        "days": list(DUE.items()),
        "here": link(),
        "of_campaign": campaign_id is not None,
    }


def links_at(campaign_id: int | None) -> Callable[..., str]:
    """Makes the addresses of the queue, or of a campaign's tab, from what the list is narrowed to."""

    def link(**query: Any) -> str:
        if campaign_id is None:
            return url_for("tasks.index", **query)
        kept = {name: value for name, value in query.items() if name != "campaign"}
        return url_for("campaign_tasks.index", campaign_id=campaign_id, **kept)

    return link


def outcomes_shown(args: Mapping[str, str]) -> list[tuple[str, int]]:
    """(outcome, number of the last 30 days) for the list of what is done; elsewhere nothing has an outcome."""
    if _shown(args) != "done":
        return []
    uow = work()
    found = outcome_counts(uow.session, me(), wanted_in(args), uow.now - timedelta(days=30))
    return list(found.items())


def _shown(args: Mapping[str, str]) -> str:
    return "due" if args.get("due") in DUE else args.get("show", "")


def _number(written: str) -> int | None:
    return row_of(written) or None


def _one_of(kinds: Any, written: str | None) -> Any:
    return kinds(written) if written in set(kinds) else None
