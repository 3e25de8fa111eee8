"""What every page shows around itself: the navigation, who is signed in, notices, the demo's banner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Flask, g, get_flashed_messages, request, url_for

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.policies import lock_on
from sales_campaigns.messages.incoming.reading import waiting
from sales_campaigns.notices.reading import unseen
from web.answers import is_htmx
from web.filters import zone_words
from web.navigation import Link, above, rail_of
from web.parts.stop_words import banners
from web.request_scope import house, maybe_me, me, settings, work
from web.security import nonce


@dataclass(frozen=True)
class Me:
    """Who is signed in, as the frame shows it."""

    name: str
    initials: str
    team: str
    zone: str


def install(app: Flask) -> None:
    app.context_processor(_frame)
    app.jinja_env.globals["above"] = above


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
        "tokens_url": url_for("tokens.index"),
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


def _rail(user: User) -> list[Link]:
    """A part of a page shows no rail, so nothing is counted for it."""
    counts = {}
    if not is_htmx():
        counts = {"replies.index": waiting(work().session, user)[0], "notices.index": _unseen()}
    return rail_of(user, counts)


def _banner() -> str:
    if settings().demo_speed > 1:
        return f"Demo: time runs {settings().demo_speed:,.0f} times as fast. All mail stays on this machine."
    if settings().demo:
        return "Demo: all mail stays on this machine and is shown under Mail catcher."
    return ""
