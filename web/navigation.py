"""Where the pages are: the rail, what administrators look after by subject, and what a page lies below."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app, request, url_for

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import may
from web.request_scope import settings


@dataclass(frozen=True)
class Link:
    """One entry of the navigation; with `separator` a heading. `short` is its name in the phone's bar."""

    label: str
    href: str = ""
    icon: str = ""
    short: str = ""
    count: int | None = None
    current: bool = False
    separator: str | None = None


@dataclass(frozen=True)
class Duty:
    """One page of administrators, and what it is for."""

    label: str
    endpoint: str
    action: str
    words: str
    icon: str


# (label, endpoint, icon, short name, what else lies there); a row without an endpoint is a heading.
RAIL: tuple[tuple[str, str, str, str, tuple[str, ...]], ...] = (
    ("Today", "today.index", "house", "Today", ()),
    ("Command Center", "tasks.index", "list-checks", "Tasks", ("/late",)),
    ("Replies", "replies.index", "reply", "Replies", ()),
    ("E-mails", "emails.index", "mail", "E-mails", ("/compose",)),
    ("Live Feed", "feed.index", "activity", "Feed", ()),
    ("Notices", "notices.index", "bell", "", ()),
    ("Calendar", "calendar.index", "calendar", "", ()),
    ("Analytics", "analytics.index", "chart-column", "", ()),
    ("Team", "team.index", "users", "", ()),
    ("Outreach", "", "", "", ()),
    ("Campaigns", "campaigns.index", "send", "", ("/enrollments", "/why")),
    (
        "Deliveries",
        "deliveries.index",
        "layers",
        "",
        ("/sending-policy", "/delivery-templates", "/test-profiles"),
    ),
    ("Templates", "templates.index", "layout-template", "", ("/snippets",)),
    ("People", "people.index", "users", "", ("/groups",)),
    ("Settings", "", "", "", ()),
    ("Mailbox", "mailbox.index", "inbox", "", ()),
    ("Leave", "leave.index", "calendar-clock", "", ()),
    ("Sending", "sending.index", "zap", "", ()),
    ("Mail catcher", "caught.index", "package", "", ()),
    ("Administration", "overview.index", "settings", "", ()),
)
# Of use only to some: endpoint → the action of the policy table.
FOR_SOME = {"team.index": "see_team", "overview.index": "manage_team"}

TEAM, ALL = "manage_team", "manage_installation"
DUTIES: dict[str, tuple[Duty, ...]] = {
    "People and rights": (
        Duty("Users", "users.index", TEAM, "Who signs in, with role, rights and mailbox.", "users"),
        Duty("Roles and rights", "policies.roles", TEAM, "Who may do what.", "shield-check"),
        Duty("Policies", "policies.index", TEAM, "Locks, sharing and limits of use.", "lock"),
        Duty("Audit log", "audit.index", "see_team", "Who did what, and when.", "history"),
    ),
    "Mail": (
        Duty("Channels", "channels.index", TEAM, "A relay for the verified addresses of reps.", "layers"),
        Duty("Mailboxes for all", "mailboxes_for_all.index", ALL, "Connected by one key.", "inbox"),
        Duty("Unsubscribing", "under_mails.index", TEAM, "What stands under every mail.", "ban"),
        Duty(
            "Quarantine", "quarantine.index", ALL, "Addresses that bounced; block and allow lists.", "mail-x"
        ),
        Duty("Retries", "retries.index", ALL, "When refused mail is tried again, and given up.", "repeat"),
        Duty("Bounce rules", "bounce_rules.index", ALL, "What a server's answer means.", "undo-2"),
        Duty("Blocked domains", "blocked_domains.index", ALL, "Where nobody is mailed.", "ban"),
        Duty("Domain limits", "domain_limits.index", ALL, "How many mails a domain gets a minute.", "clock"),
    ),
    "Days and calls": (
        Duty("Holidays", "holidays.index", TEAM, "Dates on which you differ.", "sun"),
        Duty("Schedules", "schedules.index", TEAM, "Days and hours under one name.", "clock"),
        Duty("Calls", "call_choices.index", TEAM, "Outcomes and reasons to choose.", "phone"),
    ),
    "Other programs": (
        Duty("CRM", "crm.index", TEAM, "Salesforce or HubSpot, in step with tasks.", "link"),
        Duty("Webhooks", "webhooks.index", TEAM, "Who is told what happens.", "zap"),
    ),
    "This installation": (
        Duty("Set-up", "setup.index", ALL, "The four steps of the first run.", "rocket"),
        Duty("Health", "health.index", ALL, "Whether time is kept and mail is late.", "activity"),
        Duty("Set aside", "set_aside.index", ALL, "What failed three times.", "triangle-alert"),
        Duty("Retention", "retention.index", ALL, "How long logs are kept.", "archive"),
        Duty("Personal data", "personal_data.index", ALL, "What is known of a person; erasing it.", "user"),
        Duty(
            "Workspace archive", "archive.index", ALL, "Everything in one file, to move or keep.", "package"
        ),
    ),
}


def duties_of(user: User) -> dict[str, list[Duty]]:
    """The pages of administrators that this user may open, by subject; subjects without any are left out."""
    mine = {name: [duty for duty in duties if may(user, duty.action)] for name, duties in DUTIES.items()}
    return {name: duties for name, duties in mine.items() if duties}


def rail_of(user: User, counts: dict[str, int]) -> list[Link]:
    """The entries of use to this user, with how many wait by endpoint."""
    links = [
        _link(*entry, counts.get(entry[1])) for entry in RAIL if not entry[1] or _is_open(entry[1], user)
    ]
    return links[:-1] if links[-1].separator else links  # nobody needs a heading with nothing under it


def above() -> list[dict[str, str]]:
    """What the page at hand lies below, although it does not say so itself: Administration, for its pages."""
    if request.endpoint == "overview.index" or not _of_administrators():
        return []
    return [{"label": "Administration", "href": url_for("overview.index")}]


def _is_open(endpoint: str, user: User) -> bool:
    """Whether there is such a page here, and whether it is of use to this user."""
    if endpoint == "caught.index":
        return settings().demo
    return endpoint in current_app.view_functions and (
        endpoint not in FOR_SOME or may(user, FOR_SOME[endpoint])
    )


def _link(label: str, endpoint: str, icon: str, short: str, also: tuple[str, ...], count: int | None) -> Link:
    if not endpoint:
        return Link(label, separator=label)
    href = url_for(endpoint)
    here = _of_administrators() if endpoint == "overview.index" else any(map(_lies_at, (href, *also)))
    return Link(label, href, icon, short or label, count=count, current=here)


def _of_administrators() -> bool:
    duties = [url_for(duty.endpoint) for group in DUTIES.values() for duty in group]
    return any(map(_lies_at, ("/admin", *duties)))


def _lies_at(href: str) -> bool:
    return request.path == href or (href != "/" and request.path.startswith(f"{href}/"))
