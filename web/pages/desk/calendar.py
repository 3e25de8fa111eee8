"""The calendar: a week of sends and tasks per mailbox and rep, with leave and holidays."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Blueprint, request, url_for

from sales_campaigns.analytics.week import week_of
from sales_campaigns.calendars.models import LeaveKind
from sales_campaigns.tasks.days import local_date
from web.answers import page
from web.request_scope import me, work

pages = Blueprint("calendar", __name__, url_prefix="/calendar")
LEAVE = {
    LeaveKind.PAUSE: "On leave, paused",
    LeaveKind.SHIFT: "On leave, dates move",
    LeaveKind.HAND_OVER: "On leave, handed over",
}
WEEK = timedelta(days=7)
FAR = timedelta(days=3660)


@pages.get("")
def index() -> str:
    uow = work()
    today = local_date(uow.now, me().zone)
    monday = _monday(today)
    return page(
        "calendar/index.html",
        week=week_of(uow.session, me(), monday, uow.now),
        today=today,
        this_week=monday <= today < monday + WEEK,
        earlier=url_for(".index", week=(monday - WEEK).isoformat()),
        later=url_for(".index", week=(monday + WEEK).isoformat()),
        leave_words=LEAVE,
    )


def _monday(today: date) -> date:
    """The Monday of the week that is asked for; a date that is none, or is far away, is this week's."""
    try:
        wanted = date.fromisoformat(request.args.get("week", ""))
    except ValueError:
        wanted = today
    if abs(wanted - today) > FAR:
        wanted = today
    return wanted - timedelta(days=wanted.weekday())
