"""What every page shows around itself: the navigation, who is signed in, notices, the demo's banner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, get_flashed_messages, request, url_for

from web.request_scope import house, maybe_me, settings
from web.security import nonce


@dataclass(frozen=True)
class Link:
    label: str
    href: str = ""
    count: int | None = None
    current: bool = False
    separator: bool = False


# (label, endpoint); a row without an endpoint is a heading. A page that does not exist yet is left out.
RAIL = (
    ("Today", "today.index"),
    ("Command Center", "tasks.index"),
    ("E-mails", "emails.index"),
    ("Live Feed", "feed.index"),
    ("Outreach", ""),
    ("Campaigns", "campaigns.index"),
    ("Templates", "templates.index"),
    ("People", "people.index"),
    ("Mail catcher", "caught.index"),
    ("Settings", ""),
    ("Mailbox", "mailbox.index"),
    ("Users", "users.index"),
)


def install(app: Flask) -> None:
    app.context_processor(_frame)
    app.jinja_env.globals["csp_nonce"] = nonce


def _frame() -> dict[str, Any]:
    user = maybe_me()
    return {
        "me": user,
        "nav": _rail() if user else [],
        "notices": get_flashed_messages(category_filter=["notice"]),
        "demo_banner": _banner(),
        "theme": request.cookies.get("theme", ""),
        "now": house().clock.now(),
        "zone": user.zone if user else "UTC",
    }


def _rail() -> list[Link]:
    known = current_app.view_functions
    links = []
    for label, endpoint in RAIL:
        if not endpoint:
            links.append(Link(label, separator=True))
        elif endpoint in known:
            here = request.blueprint == endpoint.partition(".")[0]
            links.append(Link(label, url_for(endpoint), current=here))
    return links


def _banner() -> str:
    if settings().demo_speed > 1:
        return f"Demo: time runs {settings().demo_speed:,.0f} times as fast. All mail stays on this machine."
    if settings().demo:
        return "Demo: all mail stays on this machine and is shown under Mail catcher."
    return ""
