"""Simulate: the calendar of every send and task for these people, before anybody is added."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, request, url_for

from sales_campaigns.campaigns.listing import campaign_of
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.campaigns.simulation import Simulation
from sales_campaigns.campaigns.versions import newest
from sales_campaigns.enrollments.foreseeing import Foreseen, Question, foresee_campaign
from sales_campaigns.errors import Invalid
from sales_campaigns.people.groups import groups_of
from sales_campaigns.tasks.capacity import capacity_of, choose_capacity
from web.answers import answer, go
from web.numbers import whole_numbers
from web.pages.campaigns.day_bars import drawing_of
from web.pages.campaigns.simulate_words import CAUSES, bottleneck_words
from web.request_scope import me, work

pages = Blueprint("simulate", __name__, url_prefix="/campaigns/<int:campaign_id>/simulate")
ASKED = ("people", "group", "number", "start", "zone", "delay", "limit")
SOME = 100  # people, where nobody was chosen
COLUMNS = ("person", "day", "step", "type", "kind", "at", "local", "zone", "done", "variant", "moved")


@pages.get("")
def index(campaign_id: int) -> tuple[str, int]:
    campaign = campaign_of(work().session, me(), campaign_id)
    found, problems = None, {}
    try:
        found = _foreseen(campaign) if newest(work().session, campaign).steps else None
    except Invalid as refusal:
        problems = dict(refusal.problems)
    return _shown(campaign, found, problems), 422 if problems else 200


@pages.get("/entries.csv")
def as_csv(campaign_id: int) -> Response:
    found = _foreseen(campaign_of(work().session, me(), campaign_id))
    return _download(found, _rows(found.simulation), "text/csv", "csv")


@pages.get("/entries.json")
def as_json(campaign_id: int) -> Response:
    found = _foreseen(campaign_of(work().session, me(), campaign_id))
    return _download(found, found.simulation.written(), "application/json", "json")


@pages.post("/capacity")
def capacity(campaign_id: int) -> Response | tuple[str, int]:
    """How many tasks a day the user gets done; it counts for every forecast."""
    campaign = campaign_of(work().session, me(), campaign_id)
    try:
        choose_capacity(work(), me(), typed := request.form.get("tasks_a_day", ""))
    except Invalid as refusal:
        return _shown(campaign, None, dict(refusal.problems), typed), 422
    return go(f"{url_for('simulate.index', campaign_id=campaign_id)}?{urlencode(_kept())}")


def _shown(
    campaign: Campaign, found: Foreseen | None, problems: Mapping[str, str], capacity_typed: str | None = None
) -> str:
    session, typed = work().session, request.args
    return answer(
        "simulate/index.html",
        "simulate/_result.html",
        campaign=campaign,
        found=found,
        drawing=drawing_of(found.days, found.limit) if found else None,
        bottleneck=bottleneck_words(found, me().first_name or me().name) if found else "",
        causes=CAUSES,
        changes=newest(session, campaign).number != campaign.version,
        problems=problems,
        typed={"number": "" if _chosen(typed) else str(SOME), "zone": me().zone, "start": _now(), **typed},
        kept=_kept(),
        group_options=[("", "Nobody in particular"), *_groups()],
        own=capacity_of(session, me(), work().now),
        capacity_typed=capacity_typed,
    )


def _kept() -> dict[str, str]:
    """What was asked, for the addresses of the page."""
    return {name: request.args[name] for name in ASKED if request.args.get(name)}


def _groups() -> Iterator[tuple[int, str]]:
    for line in groups_of(work().session, me()):
        yield line.group.id, f"{line.group.name} ({line.words})"


def _foreseen(campaign: Campaign) -> Foreseen:
    """Raises Invalid by field for what cannot be read."""
    typed, problems = request.args, dict[str, str]()
    question = Question(
        start=_time(typed.get("start") or _now(), "start", problems),
        zone=typed.get("zone", "").strip() or me().zone,
        person_ids=whole_numbers(typed.get("people", "")),
        group_id=_number(typed, "group", problems) or None,
        number=_number(typed, "number", problems) or (0 if _chosen(typed) else SOME),
        task_delay_days=_number(typed, "delay", problems),
        limit=_number(typed, "limit", problems) or None,
    )
    if problems:
        raise Invalid(problems)
    return foresee_campaign(work(), me(), campaign.id, question)


def _chosen(typed: Mapping[str, str]) -> bool:
    return any(typed.get(name) for name in ("people", "group", "number"))


def _now() -> str:
    return f"{work().now.astimezone(ZoneInfo(me().zone)):%Y-%m-%dT%H:%M}"


def _time(written: str, name: str, problems: dict[str, str]) -> datetime:
    try:
        found = datetime.fromisoformat(written.strip()).replace(tzinfo=None, microsecond=0)
    except ValueError:
        found = datetime.min  # noqa: DTZ901  refused below
    if not 2000 <= found.year <= 2100:
        problems[name] = "Write a date from 2000 to 2100 and a time of day."
    return found


def _number(typed: Mapping[str, str], name: str, problems: dict[str, str]) -> int:
    """0 for a blank field."""
    written = typed.get(name, "").strip()
    if written and not (written.isascii() and written.isdecimal() and len(written) < 7):
        problems[name] = "Write a whole number, or leave it empty."
        return 0
    return int(written or 0)


def _rows(simulation: Simulation) -> Iterator[str]:
    line = io.StringIO()
    writer = csv.writer(line)
    writer.writerow(COLUMNS)
    for entry in simulation.entries():
        moved = " ".join(move["why"] for move in entry["moved"])
        writer.writerow([*(entry.get(name, "") for name in COLUMNS[:-1]), moved])
        if line.tell() > 1 << 16:
            yield _emptied(line)
    yield _emptied(line)


def _emptied(line: io.StringIO) -> str:
    text = line.getvalue()
    line.seek(0)
    line.truncate()
    return text


def _download(found: Foreseen, pieces: Iterator[str], mimetype: str, ending: str) -> Response:
    response = Response(pieces, mimetype=mimetype)
    name = f"{found.campaign.name} simulated.{ending}"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response
