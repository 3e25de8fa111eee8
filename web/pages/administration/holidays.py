"""A team's own holidays, for administrators: dates more or less than the public ones, and where they are used."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from flask import Blueprint, Response, make_response, request, url_for

from sales_campaigns.absence.keeping_holidays import drop_holiday, keep_holiday
from sales_campaigns.accounts.roles import require
from sales_campaigns.calendars.own_holidays import own_holidays_seen
from sales_campaigns.campaigns.holiday_use import campaigns_by_place
from sales_campaigns.errors import Invalid
from web.answers import go, page
from web.filters import count_words, day_words
from web.request_scope import me, work

pages = Blueprint("holidays", __name__, url_prefix="/admin/holidays")
KINDS = (("free", "A holiday of ours"), ("worked", "Worked on, although it is a public holiday"))


@pages.get("")
def index() -> Response:
    require(me(), "see_team")
    return _page()


@pages.post("")
def keep() -> Response:
    require(me(), "manage_team")
    typed = request.form
    try:
        row, people = keep_holiday(
            work(),
            me(),
            typed.get("place", ""),
            _day(typed.get("day", "")),
            free=typed.get("kind") != "worked",
            name=typed.get("name", ""),
        )
    except Invalid as refusal:
        return _page(typed, refusal.problems)
    what = "is a holiday" if row.free else "is worked on"
    words = f"{day_words(row.day)} {what} in {row.place}.{_planned(people)}"
    return go(url_for(".index"), words, url_for(".drop", holiday_id=row.id))


@pages.post("/<int:holiday_id>/drop")
def drop(holiday_id: int) -> Response:
    row, people = drop_holiday(work(), me(), holiday_id)
    return go(url_for(".index"), f"{day_words(row.day)} is as it is in public again.{_planned(people)}")


def _planned(people: int) -> str:
    return f" {count_words(people, 'person is', 'people are')} planned anew." if people else ""


def _day(written: str) -> date:
    try:
        return date.fromisoformat(written.strip())
    except ValueError:
        raise Invalid({"day": "Give a date."}) from None


def _page(typed: Mapping[str, str] | None = None, problems: Mapping[str, str] | None = None) -> Response:
    session = work().session
    used = campaigns_by_place(session, me())
    shown = page(
        "holidays/index.html",
        lines=own_holidays_seen(session, me()),
        used=used,
        kinds=KINDS,
        typed=typed or {"place": me().country or next(iter(used), ""), "kind": "free"},
        problems=problems or {},
    )
    return make_response(shown, 422 if problems else 200)
