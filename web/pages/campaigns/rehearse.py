"""Rehearse a campaign: choose people and what they do, watch weeks pass, and compare with what was simulated."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, request, url_for

from sales_campaigns.campaigns.listing import campaign_of
from sales_campaigns.content.html import for_frame
from sales_campaigns.errors import Invalid
from sales_campaigns.people.groups import groups_of
from sales_campaigns.rehearsals.asking import MOST, SAMPLE, Wanted, ask_rehearsal, stop_rehearsal
from sales_campaigns.rehearsals.models import RehearsalState
from sales_campaigns.rehearsals.presets import PRESETS
from sales_campaigns.rehearsals.reading import (
    latest_rehearsals,
    mail_of,
    rehearsal_of,
    thread_of,
)
from sales_campaigns.rehearsals.states import GOING_ON
from web.answers import answer, go, page
from web.numbers import row_of
from web.pages.campaigns.rehearsal_watch import watch
from web.request_scope import me, work

pages = Blueprint("rehearse", __name__, url_prefix="/campaigns/<int:campaign_id>/rehearse")
# The frame of a mail: nothing runs, nothing is fetched, and it is a stranger to our own pages.
FRAME_POLICY = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'"


@pages.get("")
def index(campaign_id: int) -> str:
    return _form(campaign_id, {"preset": "silent", "group": request.args.get("group", "")}, {})


@pages.post("")
def ask(campaign_id: int) -> Response | tuple[str, int]:
    try:
        asked = ask_rehearsal(work(), me(), campaign_id, _wanted(request.form))
    except Invalid as refusal:
        return _form(campaign_id, request.form, refusal.problems), 422
    return go(url_for("rehearse.show", campaign_id=campaign_id, rehearsal_id=asked.id))


@pages.get("/<int:rehearsal_id>")
def show(campaign_id: int, rehearsal_id: int) -> str:
    session = work().session
    found = rehearsal_of(session, me(), campaign_id, rehearsal_id)
    context: dict[str, Any] = {
        "campaign": campaign_of(session, me(), campaign_id),
        "found": found,
        "going_on": found.state in GOING_ON,
        "preset": PRESETS[found.preset],
    }
    if found.state is RehearsalState.DONE:
        context |= watch(session, found, request.args)
    return answer("rehearse/show.html", "rehearse/_state.html", **context)


@pages.post("/<int:rehearsal_id>/stop")
def stop(campaign_id: int, rehearsal_id: int) -> Response:
    stop_rehearsal(work(), me(), campaign_id, rehearsal_id)
    return go(url_for("rehearse.index", campaign_id=campaign_id), "The rehearsal is stopped.")


@pages.get("/<int:rehearsal_id>/mails/<int:mail_id>")
def mail(campaign_id: int, rehearsal_id: int, mail_id: int) -> str:
    session = work().session
    found = rehearsal_of(session, me(), campaign_id, rehearsal_id)
    shown = mail_of(session, found, mail_id)
    return page(
        "rehearse/mail.html",
        campaign=campaign_of(session, me(), campaign_id),
        found=found,
        mail=shown,
        thread=thread_of(session, found, shown),
    )


@pages.get("/<int:rehearsal_id>/mails/<int:mail_id>/frame")
def frame(campaign_id: int, rehearsal_id: int, mail_id: int) -> Response:
    session = work().session
    shown = mail_of(session, rehearsal_of(session, me(), campaign_id, rehearsal_id), mail_id)
    framed = Response(for_frame(shown.html), mimetype="text/html")
    framed.headers["Content-Security-Policy"] = FRAME_POLICY
    return framed


def _wanted(typed: Mapping[str, str]) -> Wanted:
    group = typed.get("group", "")
    if group and not row_of(group):
        raise Invalid({"group": "Choose one of the groups."})
    return Wanted(row_of(group) or None, typed.get("preset", ""), _start(typed.get("start", "")))


def _start(written: str) -> datetime | None:
    if not written.strip():
        return None
    try:
        wall = datetime.fromisoformat(written.strip()).replace(tzinfo=None)
    except ValueError:
        raise Invalid({"start": "Write a date and a time, such as 2026-12-01 09:00."}) from None
    if not 2000 <= wall.year <= 2100:
        raise Invalid({"start": "Write a date from 2000 to 2100."})
    return wall


def _form(campaign_id: int, typed: Mapping[str, str], problems: Mapping[str, str]) -> str:
    session = work().session
    campaign = campaign_of(session, me(), campaign_id)
    return page(
        "rehearse/index.html",
        campaign=campaign,
        people=[("", f"A sample of {SAMPLE} of my people"), *_groups()],
        scripts=[(key, preset.words, preset.small) for key, preset in PRESETS.items()],
        presets=PRESETS,
        rehearsals=latest_rehearsals(session, campaign.id),
        going_on=GOING_ON,
        most=MOST,
        typed=typed,
        problems=problems,
    )


def _groups() -> list[tuple[int, str]]:
    lines = groups_of(work().session, me())
    return [(line.group.id, f"{line.group.name} ({line.words})") for line in lines]
