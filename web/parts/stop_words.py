"""What stands still, or should never be, in the words of the banners that every page shows while it is so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import request, url_for

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import may
from sales_campaigns.checkups.promises import broken_promises
from sales_campaigns.messages.models import Cause
from sales_campaigns.messages.stops.reasons import StopLine, about, stops_on
from web.filters import count_words, when_words
from web.request_scope import maybe_me, work

RELEASES = {
    Cause.STOPPED: "Let it go on",
    Cause.RESTORED: "Look and confirm",
    Cause.PAUSED: "Go on",
    Cause.LEAVE: "Look at the leave",
}


@dataclass(frozen=True, slots=True)
class Banner:
    """One sentence, what is beside it, and where to end it; without `link` somebody else has to.

    `kind` is "bad" for what must never be.
    """

    words: str
    beside: str
    href: str = ""
    link: str = ""
    kind: str = ""


def banners() -> list[Banner]:
    """What keeps mail of whoever is signed in from leaving, and for administrators what does not hold; one query, or
    three. The template asks for it, and only then.
    """
    user = maybe_me()
    if user is None:
        return []
    stops = [_banner(line, user) for line in stops_on(work().session, about(user))]
    return [*_broken(), *stops] if may(user, "manage_installation") else stops


def _broken() -> list[Banner]:
    """The rule: what must always be true is asked every minute, “with a banner”. Health says so by itself."""
    if request.endpoint == "health.index":
        return []
    return [
        Banner(
            f"This must never be: {count_words(one.count, *one.what)} {one.words}.",
            "",
            url_for("health.index"),
            "See what to do",
            "bad",
        )
        for one in broken_promises(work().session)
    ]


def words_of(line: StopLine) -> str:
    """ "Cleo Martin has stopped all sending." """
    why = line.stop.why
    return f"{why[:1].upper()}{why[1:]}."


def since_words(at: datetime, zone: str) -> str:
    return f"Since {when_words(at, zone)}"


def _banner(line: StopLine, user: User) -> Banner:
    kind, cause = line.stop.kind, line.stop.cause
    mine = kind != "instance" or may(user, "manage_installation")
    href = url_for("leave.index") if kind == "sender" else url_for("sending.index")
    waits = " Mail waits until somebody confirms." if cause is Cause.RESTORED else " Mail waits."
    return Banner(
        f"{words_of(line)}{waits}",
        f"{since_words(line.stop.at, user.zone)}.",
        href if mine else "",
        RELEASES[cause] if mine else "",
    )
