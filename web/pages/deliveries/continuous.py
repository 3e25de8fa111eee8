"""A continuous delivery: whom its runs take and when, its runs, and what it said from when on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, request, url_for

from sales_campaigns.accounts.roles import may, require
from sales_campaigns.deliveries.confirming import who_can_start
from sales_campaigns.deliveries.continuous import choosing, releasing
from sales_campaigns.deliveries.continuous.reading import increment_of, increments_of, intake_of
from sales_campaigns.deliveries.continuous.rewriting import versions_of
from sales_campaigns.deliveries.incremental import Incremental, ceiling_of
from sales_campaigns.deliveries.listing import delivery_of
from sales_campaigns.deliveries.models import Delivery
from sales_campaigns.deliveries.setups import incremental_of, setup_of
from sales_campaigns.deliveries.states import CONFIRMED, EDITABLE
from sales_campaigns.errors import Invalid
from sales_campaigns.people.zones import zone_names
from web.answers import go, page
from web.filters import count_words
from web.pages.deliveries import continuous_form as form
from web.pages.deliveries import series_form
from web.pages.deliveries.continuous_words import INCREMENTS
from web.pages.deliveries.delivery_words import STATES
from web.pages.deliveries.series_words import rhythm_words
from web.request_scope import me, settings, work

pages = Blueprint("continuous", __name__, url_prefix="/deliveries/<int:delivery_id>/continuous")


@pages.get("")
def index(delivery_id: int) -> str:
    """The rule as a form while it may be changed, and the runs of one that has begun."""
    return _shown(delivery_id, None, {})


@pages.post("")
def choose(delivery_id: int) -> Response | tuple[str, int]:
    delivery = delivery_of(work().session, me(), delivery_id)
    require(me(), "prepare_deliveries")
    begun = intake_of(work().session, delivery) is not None
    try:
        choosing.choose_incremental(work(), me(), delivery_id, form.incremental_of(request.form))
    except Invalid as refusal:
        return _shown(delivery_id, series_form.as_typed(request.form), refusal.problems), 422
    words = "Saved: the next run has it." if begun else "Saved. Prepare it to see whom the first run takes."
    return go(_back(delivery_id) if begun else url_for("delivery.show", delivery_id=delivery_id), words)


@pages.post("/single")
def single(delivery_id: int) -> Response:
    choosing.make_single(work(), me(), delivery_id)
    return go(url_for("delivery.show", delivery_id=delivery_id), "It is a single delivery again.")


@pages.get("/reset")
def ask_reset(delivery_id: int) -> str:
    """The rule: history can be reset, and the page says what will happen."""
    delivery = delivery_of(work().session, me(), delivery_id)
    reset = choosing.reset_of(work(), delivery)
    wanted, intake = incremental_of(setup_of(work().session, delivery)), intake_of(work().session, delivery)
    assert wanted is not None and intake is not None
    return page(
        "delivery/reset.html",
        delivery=delivery,
        reset=reset,
        wanted=wanted,
        ceiling=ceiling_of(wanted, intake.largest),
        may_start=may(me(), "start_deliveries"),
        who_can=who_can_start(work().session, delivery.team_id),
    )


@pages.post("/reset")
def reset(delivery_id: int) -> Response:
    choosing.reset_history(work(), me(), delivery_id)
    return go(_back(delivery_id), "The history is reset: the next run takes people again.")


@pages.get("/runs/<int:number>")
def ask(delivery_id: int, number: int) -> str:
    """The question of a dialog, for browsers without scripts."""
    delivery = delivery_of(work().session, me(), delivery_id)
    one = increment_of(work().session, delivery, number)
    return page("delivery/ask_run.html", delivery=delivery, one=one)


@pages.post("/runs/<int:number>/confirm")
def confirm(delivery_id: int, number: int) -> Response:
    allowed = settings().bulk_allowed
    found = releasing.confirm_increment(work(), me(), delivery_id, number, reachable=allowed)
    people = count_words(found.to_deliver, "person gets", "people get")
    return go(_back(delivery_id), f"Confirmed: {people} the mail.")


@pages.post("/runs/<int:number>/drop")
def drop(delivery_id: int, number: int) -> Response:
    releasing.drop_increment(work(), me(), delivery_id, number)
    return go(_back(delivery_id), f"Run {number} was dropped: nobody of it gets the mail.")


def _back(delivery_id: int) -> str:
    return url_for("continuous.index", delivery_id=delivery_id)


def _shown(delivery_id: int, typed: Mapping[str, Any] | None, problems: Mapping[str, str]) -> str:
    session, user = work().session, me()
    delivery = delivery_of(session, user, delivery_id)
    wanted = incremental_of(setup_of(session, delivery))
    since = _since(delivery, wanted)
    before = form.shown(wanted, since) if wanted else form.blank(user.zone, _today(user.zone))
    return page(
        "delivery/continuous.html",
        delivery=delivery,
        look=STATES[delivery.state],
        wanted=wanted,
        rhythm=rhythm_words(wanted.recurrence) if wanted else "",
        whom=form.whom_words(wanted, since) if wanted else "",
        intake=intake_of(session, delivery),
        runs=increments_of(session, delivery),
        outcomes=INCREMENTS,
        versions=versions_of(session, delivery),
        typed=before if typed is None else typed,
        problems=problems,
        form=form,
        rule_form=series_form,
        zones=zone_names(),
        **_rights(delivery, wanted),
    )


def _rights(delivery: Delivery, wanted: Incremental | None) -> dict[str, Any]:
    user = me()
    starts, prepares = may(user, "start_deliveries"), may(user, "prepare_deliveries")
    confirmed = delivery.state in CONFIRMED
    open_to_change = delivery.state in EDITABLE or (confirmed and wanted is not None)
    return {
        "may_start": starts,
        "may_choose": open_to_change and (starts if confirmed else prepares),
        "may_undo": wanted is not None and delivery.state in EDITABLE and prepares,
        "editable": open_to_change,
        "who_can": who_can_start(work().session, delivery.team_id),
    }


def _since(delivery: Delivery, wanted: Incremental | None) -> str:
    """From when on the next run looks, as the wall clock of the rule's zone."""
    intake = intake_of(work().session, delivery)
    if wanted is None:
        return ""
    return choosing.looks_from(intake, wanted) if intake else wanted.since


def _today(zone: str) -> str:
    return work().now.astimezone(ZoneInfo(zone)).date().isoformat()
