"""A series: the page on which a delivery becomes one, and its runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard

from flask import Blueprint, Response, request, url_for

from sales_campaigns.accounts.roles import may
from sales_campaigns.deliveries.confirming import who_can_start
from sales_campaigns.deliveries.executions import periods_of
from sales_campaigns.deliveries.inputs import START_WORDS, StartBy
from sales_campaigns.deliveries.listing import delivery_of
from sales_campaigns.deliveries.models import DeliverySetup, DeliveryState
from sales_campaigns.deliveries.recurrence import recurrence_from
from sales_campaigns.deliveries.runs import Aggregation, Series
from sales_campaigns.deliveries.series import runs_of, series_of, start_series
from sales_campaigns.deliveries.setups import settings_of, setup_of
from sales_campaigns.errors import Invalid
from sales_campaigns.people.zones import zone_names
from web.answers import go, page
from web.pages.deliveries import series_form
from web.pages.deliveries.delivery_words import STATES
from web.pages.deliveries.series_words import OUTCOMES, rhythm_words
from web.request_scope import me, work

pages = Blueprint("series", __name__, url_prefix="/deliveries/<int:delivery_id>/series")


@pages.get("")
def index(delivery_id: int) -> str:
    """The form for one that is being written; the rhythm and the runs of one that is a series."""
    return _shown(delivery_id, None, {})


@pages.post("")
def start(delivery_id: int) -> Response | tuple[str, int]:
    delivery_of(work().session, me(), delivery_id)
    grouped, asks = series_form.aggregation_of(request.form), "asks" in request.form
    try:
        rule = series_form.recurrence_of(request.form)
        start_series(work(), me(), delivery_id, rule, aggregation=grouped, asks=asks)
    except Invalid as refusal:
        return _shown(delivery_id, series_form.as_typed(request.form), refusal.problems), 422
    return go(url_for(".index", delivery_id=delivery_id), "The series has begun.")


def _shown(delivery_id: int, typed: Mapping[str, Any] | None, problems: Mapping[str, str]) -> str:
    session = work().session
    delivery = delivery_of(session, me(), delivery_id)
    setup, series = setup_of(session, delivery), series_of(session, delivery_id)
    return page(
        "delivery/series.html",
        delivery=delivery,
        look=STATES[delivery.state],
        states=STATES,
        outcomes=OUTCOMES,
        rhythm=rhythm_words(recurrence_from(series.recurrence)) if series else "",
        start_words=_start_words(setup, series),
        runs=runs_of(session, delivery_id) if series else [],
        periods=periods_of(session, series) if _is_grouped(series) else [],
        typed=_blank(setup) if typed is None else typed,
        problems=problems,
        rule_form=series_form,
        zones=zone_names(),
        may_begin=may(me(), "start_deliveries") and delivery.state is DeliveryState.EDITING,
        series=series,
        who_can=who_can_start(session, delivery.team_id),
    )


def _blank(setup: DeliverySetup) -> dict[str, Any]:
    by_person = settings_of(setup).start_by is StartBy.PERSON
    return {**series_form.blank(me().zone), "asks": by_person}


def _is_grouped(series: Series | None) -> TypeGuard[Series]:
    return series is not None and series.aggregation is not Aggregation.NONE


def _start_words(setup: DeliverySetup, series: Series | None) -> str:
    if series is None:
        return START_WORDS[settings_of(setup).start_by]
    return "A person confirms each run" if series.asks else "Each run starts by itself"
