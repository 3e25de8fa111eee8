"""The Live Feed: the page, its pushed stream, and the same by asking where no stream is to be had."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from flask import Blueprint, Response, current_app, request, url_for

from sales_campaigns.accounts.models import User
from sales_campaigns.live_feed import ABOUT, MINE, PAGE, TEAM, FeedLine, feed, fresh, lines_of
from sales_campaigns.unit_of_work import UnitOfWork
from web.answers import page
from web.numbers import whole
from web.parts.feed_lines import items_of
from web.parts.pushing import push
from web.request_scope import me, reading, work

pages = Blueprint("feed", __name__, url_prefix="/feed")
ABOUTS = (
    ("", "Everything"),
    ("mails", "Mails"),
    ("tasks", "Tasks"),
    ("campaigns", "Campaigns"),
    ("notes", "Notes"),
)
OVERLAP = 60  # seconds that are read again at every look: a row may be committed late


@pages.get("")
def index() -> str:
    uow, before = work(), request.args.get("before", type=whole)
    lines = feed(uow.session, me(), _scope(), about=_about(), before=before)
    older = (
        url_for(".index", scope=_scope(), about=_about() or None, before=lines[-1].id)
        if len(lines) == PAGE
        else ""
    )
    items = items_of(lines, uow.now, me().zone)
    shown = {"scope": _scope(), "about": _about(), "older": older, "live": before is None}
    return page("feed/index.html", items=items, abouts=ABOUTS, **shown)


@pages.get("/latest")
def latest() -> str:
    """The newest lines as a part: what the panel opens with, and asks for again where nothing is pushed."""
    lines = feed(work().session, me(), _scope(), about=_about(), limit=200)
    return _shown(lines, work(), me())


@pages.get("/stream")
def stream() -> Response:
    """What happens from now on; what the browser knows already it drops by its id."""
    return push(_news(me(), _scope(), _about()))


def _news(user: User, scope: str, about: str) -> Callable[[], Iterator[str]]:
    known: set[int] = set()

    def look() -> Iterator[str]:
        with reading() as uow:
            since = uow.now - uow.people_seconds(OVERLAP)
            found = fresh(uow.session, user, scope, since, about=about)
            new = lines_of(uow.session, [id for id in found if id not in known])
            known.clear()
            known.update(found)
            shown = _shown(new, uow, user) if new else ""
        if shown:
            yield shown

    return look


def _shown(lines: Sequence[FeedLine], uow: UnitOfWork, user: User) -> str:
    """Without what every page has around it: rendering that would take the notices away from the next page."""
    template = current_app.jinja_env.get_template("feed/_items.html")
    return template.render(items=items_of(lines, uow.now, user.zone))


def _scope() -> str:
    return TEAM if request.args.get("scope") == TEAM else MINE


def _about() -> str:
    wanted = request.args.get("about", "")
    return wanted if wanted in ABOUT else ""
