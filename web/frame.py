"""What every page shows around itself: the navigation, who is signed in, notices, the demo's banner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, g, get_flashed_messages, request, url_for

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.policies import lock_on
from sales_campaigns.accounts.roles import may
from sales_campaigns.messages.incoming.reading import waiting
from sales_campaigns.notices.reading import unseen
from web.answers import is_htmx
from web.filters import zone_words
from web.parts.stop_words import banners
from web.request_scope import house, maybe_me, me, settings, work
from web.security import nonce


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
class Me:
    """Who is signed in, as the frame shows it."""

    name: str
    initials: str
    team: str
    zone: str


# (label, endpoint, icon, short name); a row without an endpoint is a heading.
RAIL = (
    ("Today", "today.index", "house", "Today"),
    ("Command Center", "tasks.index", "list-checks", "Tasks"),
    ("Replies", "replies.index", "reply", "Replies"),
    ("E-mails", "emails.index", "mail", "E-mails"),
    ("Live Feed", "feed.index", "activity", "Feed"),
    ("Notices", "notices.index", "bell", ""),
    ("Calendar", "calendar.index", "calendar", ""),
    ("Analytics", "analytics.index", "chart-column", ""),
    ("Team", "team.index", "users", ""),
    ("Outreach", "", "", ""),
    ("Campaigns", "campaigns.index", "send", ""),
    ("Deliveries", "deliveries.index", "layers", ""),
    ("Templates", "templates.index", "layout-template", ""),
    ("People", "people.index", "users", ""),
    ("Settings", "", "", ""),
    ("Mailbox", "mailbox.index", "inbox", ""),
    ("Leave", "leave.index", "calendar", ""),
    ("Sending", "sending.index", "zap", ""),
    ("API tokens", "tokens.index", "link", ""),
    ("Mail catcher", "caught.index", "package", ""),
    ("Administration", "", "", ""),
    ("Holidays", "holidays.index", "sun", ""),
    ("Schedules", "schedules.index", "clock", ""),
    ("Calls", "call_choices.index", "phone", ""),
    ("Unsubscribing", "under_mails.index", "ban", ""),
    ("Users", "users.index", "shield-check", ""),
    ("Policies", "policies.index", "lock", ""),
    ("Channels", "channels.index", "layers", ""),
    ("CRM", "crm.index", "link", ""),
    ("Blocked domains", "blocked_domains.index", "ban", ""),
    ("Domain limits", "domain_limits.index", "clock", ""),
    ("Quarantine", "quarantine.index", "shield-check", ""),
    ("Retention", "retention.index", "archive", ""),
    ("Personal data", "personal_data.index", "user", ""),
    ("Webhooks", "webhooks.index", "zap", ""),
    ("Audit log", "audit.index", "history", ""),
    ("Health", "health.index", "activity", ""),
)
FOR_ADMINISTRATORS = frozenset(
    {
        "health.index",
        "blocked_domains.index",
        "domain_limits.index",
        "quarantine.index",
        "retention.index",
        "personal_data.index",
    }
)
FOR_TEAM_ADMINISTRATORS = frozenset(
    {
        "users.index",
        "holidays.index",
        "schedules.index",
        "call_choices.index",
        "policies.index",
        "channels.index",
        "under_mails.index",
        "crm.index",
        "webhooks.index",
    }
)


def install(app: Flask) -> None:
    app.context_processor(_frame)


def _frame() -> dict[str, Any]:
    user = maybe_me()
    return {
        "me": _me(user) if user else None,
        "user": user,
        "nav": _rail(user) if user else [],
        "notices": get_flashed_messages(category_filter=["notice"]),
        "demo_banner": _banner(),
        "stop_banners": banners,
        "unseen": _unseen() if user and not is_htmx() else 0,
        "csp_nonce": nonce(),
        "theme": request.cookies.get("theme", ""),
        "now": house().clock.now(),
        "zone": user.zone if user else "UTC",
        "settings_url": url_for("profile.index"),
        "lock_on": _lock_on,
        "sign_out_url": url_for("sign_in.sign_out"),
    }


def _unseen() -> int:
    """Counted once a request: the title and the rail show it."""
    if "unseen" not in g:
        g.unseen = unseen(work().session, me())
    return int(g.unseen)


def _lock_on(action: str) -> str:
    """Why whoever is signed in may not do this for now, in words; "" when nothing is locked."""
    return lock_on(work().session, me(), action)


def initials_of(name: str) -> str:
    """At most two letters: of the first and the last word."""
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


def _me(user: User) -> Me:
    return Me(user.name, initials_of(user.name), user.team.name, zone_words(user.zone))


def _is_open(endpoint: str, user: User) -> bool:
    """Whether there is such a page here, and whether it is of use to this user."""
    if endpoint == "caught.index":
        return settings().demo
    if endpoint in FOR_TEAM_ADMINISTRATORS:
        return may(user, "manage_team")
    if endpoint in {"team.index", "audit.index"}:
        return may(user, "see_team")
    if endpoint in FOR_ADMINISTRATORS:
        return may(user, "manage_installation")
    return endpoint in current_app.view_functions


def _rail(user: User) -> list[Link]:
    """A part of a page shows no rail, so nothing is counted for it."""
    counts = {}
    if not is_htmx():
        counts = {"replies.index": waiting(work().session, user)[0], "notices.index": _unseen()}
    links = [
        _link(label, endpoint, icon, short, counts.get(endpoint))
        for label, endpoint, icon, short in RAIL
        if not endpoint or _is_open(endpoint, user)
    ]
    return links[:-1] if links[-1].separator else links  # nobody needs a heading with nothing under it


def _link(label: str, endpoint: str, icon: str, short: str, count: int | None) -> Link:
    if not endpoint:
        return Link(label, separator=label)
    href = url_for(endpoint)
    here = request.path == href or (href != "/" and request.path.startswith(f"{href}/"))
    return Link(label, href, icon, short or label, count=count, current=here)


def _banner() -> str:
    if settings().demo_speed > 1:
        return f"Demo: time runs {settings().demo_speed:,.0f} times as fast. All mail stays on this machine."
    if settings().demo:
        return "Demo: all mail stays on this machine and is shown under Mail catcher."
    return ""
