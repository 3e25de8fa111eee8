"""Named schedules, for administrators: days, hours, holidays and zone, and which campaigns pick them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, make_response, request, url_for

from sales_campaigns.absence.keeping_schedules import (
    TypedSchedule,
    add_schedule,
    change_schedule,
    drop_schedule,
)
from sales_campaigns.accounts.roles import require
from sales_campaigns.calendars.models import Schedule
from sales_campaigns.calendars.schedules import schedule_of, schedules_seen
from sales_campaigns.campaigns.schedule_use import campaigns_by_schedule
from sales_campaigns.campaigns.stored_settings import clock
from sales_campaigns.errors import Invalid
from web.answers import go, page
from web.filters import count_words
from web.request_scope import me, work

pages = Blueprint("schedules", __name__, url_prefix="/admin/schedules")
DAYS = (("1", "Mon"), ("2", "Tue"), ("3", "Wed"), ("4", "Thu"), ("5", "Fri"), ("6", "Sat"), ("7", "Sun"))
NEW = {"days": tuple("12345"), "opens": "08:00", "closes": "18:00"}


@pages.get("")
def index() -> Response:
    require(me(), "see_team")
    return _index()


@pages.post("")
def add() -> Response:
    require(me(), "manage_team")
    try:
        row = add_schedule(work(), me(), _typed())
    except Invalid as refusal:
        return _index(_shown(_typed()), refusal.problems)
    return go(url_for(".index"), f"Campaigns can pick “{row.name}” now.")


@pages.get("/<int:schedule_id>")
def form(schedule_id: int) -> Response:
    row = schedule_of(work().session, me(), schedule_id)
    require(me(), "see_team")
    return _form(row, _stored(row))


@pages.post("/<int:schedule_id>")
def change(schedule_id: int) -> Response:
    row = schedule_of(work().session, me(), schedule_id)
    try:
        row, people = change_schedule(work(), me(), schedule_id, _typed())
    except Invalid as refusal:
        return _form(row, _shown(_typed()), refusal.problems)
    anew = f" {count_words(people, 'person is', 'people are')} planned anew." if people else ""
    return go(url_for(".index"), f"“{row.name}” is saved.{anew}")


@pages.post("/<int:schedule_id>/drop")
def drop(schedule_id: int) -> Response:
    row = drop_schedule(work(), me(), schedule_id)
    return go(url_for(".index"), f"“{row.name}” is taken out.")


def _typed() -> TypedSchedule:
    typed = request.form
    others = {name: typed.get(name, "") for name in ("name", "zone", "place", "opens", "closes")}
    return TypedSchedule(days=tuple(typed.getlist("days")), **others)


def _shown(typed: TypedSchedule) -> dict[str, Any]:
    return {name: getattr(typed, name) for name in TypedSchedule.__dataclass_fields__}


def _stored(row: Schedule) -> dict[str, Any]:
    hours = {
        "opens": clock(row.opens) if row.opens else "",
        "closes": clock(row.closes) if row.closes else "",
    }
    return {"name": row.name, "days": tuple(row.days), "zone": row.zone, "place": row.place, **hours}


def _index(typed: Mapping[str, Any] | None = None, problems: Mapping[str, str] | None = None) -> Response:
    session = work().session
    shown = page(
        "schedules/index.html",
        rows=[(row, _stored(row)) for row in schedules_seen(session, me())],
        used=campaigns_by_schedule(session, me()),
        days=DAYS,
        typed=typed or {"place": me().country, **NEW},
        problems=problems or {},
    )
    return make_response(shown, 422 if problems else 200)


def _form(row: Schedule, typed: Mapping[str, Any], problems: Mapping[str, str] | None = None) -> Response:
    used = campaigns_by_schedule(work().session, me()).get((row.team_id, row.name), [])
    shown = page("schedules/form.html", row=row, used=used, days=DAYS, typed=typed, problems=problems or {})
    return make_response(shown, 422 if problems else 200)
