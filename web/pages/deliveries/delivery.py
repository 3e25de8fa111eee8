"""One delivery: its dashboard, and what can be done with it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, request, url_for

from sales_campaigns.accounts.roles import may
from sales_campaigns.content.models import Wording
from sales_campaigns.deliveries import confirming, editing, pausing, preparing
from sales_campaigns.deliveries.alarms.reading import alarms_of
from sales_campaigns.deliveries.approvals import answer_approval, approvals_of, ask_approval, missing_approval
from sales_campaigns.deliveries.computing import compute_stats
from sales_campaigns.deliveries.continuous.models import IncrementState
from sales_campaigns.deliveries.continuous.reading import intake_of
from sales_campaigns.deliveries.continuous.running import open_increment
from sales_campaigns.deliveries.executions import totals_of
from sales_campaigns.deliveries.figures import (
    causes_of,
    engagement_of_delivery,
    figures_of,
    preparation_of,
)
from sales_campaigns.deliveries.journal import journal_of
from sales_campaigns.deliveries.listing import delivery_of, parent_of
from sales_campaigns.deliveries.models import (
    ApprovalKind,
    Delivery,
    DeliveryKind,
    DeliverySetup,
    DeliveryState,
    KeptFigures,
)
from sales_campaigns.deliveries.preparing import count_first
from sales_campaigns.deliveries.setups import audience_of, incremental_of, schedule_of, settings_of
from sales_campaigns.deliveries.typology.rules import sentences
from sales_campaigns.enrollments.launches.checking import SENTENCES
from sales_campaigns.errors import NotFound
from sales_campaigns.people.listing import owners
from web.answers import answer, go, is_htmx, page
from web.filters import count_words
from web.numbers import whole
from web.pages.deliveries.delivery_words import (
    STATES,
    audience_words,
    kpi_rows,
    progress_of,
    removed_words,
    settings_words,
    settled_words,
    when_it_leaves,
)
from web.pages.deliveries.series_words import rhythm_words
from web.pages.deliveries.variant_words import ab_context
from web.parts.figure_words import FIGURES
from web.request_scope import commit_now, house, me, settings, work

pages = Blueprint("delivery", __name__, url_prefix="/deliveries/<int:delivery_id>")
QUESTIONS = ("prepare", "confirm", "stop", "delete")


@pages.get("")
def show(delivery_id: int) -> Response:
    """The part asks for itself while something goes on; once that is over, the whole page is made anew."""
    context = _context(delivery_id)
    shown = make_response(answer("delivery/index.html", "delivery/_state.html", **context))
    if is_htmx() and context["delivery"].state not in _MOVING:
        shown.headers["HX-Refresh"] = "true"
    return shown


@pages.get("/ask/<do>")
def ask(delivery_id: int, do: str) -> str:
    """The question of a dialog, for browsers without scripts."""
    context = _context(delivery_id)
    if do not in QUESTIONS:
        raise NotFound
    return page("delivery/ask.html", do=do, **context)


@pages.post("/prepare")
def prepare(delivery_id: int) -> Response:
    preparing.prepare(work(), me(), delivery_id)
    return _back(delivery_id)


@pages.post("/prepare/stop")
def stop_preparing(delivery_id: int) -> Response:
    preparing.stop_preparing(work(), me(), delivery_id)
    return _back(delivery_id, "Preparing was stopped. Nothing was sent.")


@pages.post("/confirm")
def confirm(delivery_id: int) -> Response:
    delivery = confirming.confirm(work(), me(), delivery_id, reachable=settings().bulk_allowed)
    begun = delivery.state is DeliveryState.IN_PROGRESS
    return _back(
        delivery_id, "Confirmed: it is being sent." if begun else "Confirmed: it leaves at its date."
    )


@pages.post("/confirm/ask")
def ask_confirmation(delivery_id: int) -> Response:
    confirming.ask_confirmation(work(), me(), delivery_id)
    return _back(delivery_id, "It waits for somebody who may confirm it.")


@pages.post("/unschedule")
def unschedule(delivery_id: int) -> Response:
    confirming.unschedule(work(), me(), delivery_id)
    return _back(delivery_id, "The confirmation was taken back: nothing leaves.")


@pages.post("/pause")
def pause(delivery_id: int) -> Response:
    """Answers when nothing new can be handed over; the transaction stands before it waits."""
    pausing.pause(work(), me(), delivery_id)
    commit_now()
    words = "Paused: nothing new leaves." + _in_flight(delivery_id)
    return go(_address(delivery_id), words, url_for(".resume", delivery_id=delivery_id))


@pages.post("/resume")
def resume(delivery_id: int) -> Response:
    pausing.resume(work(), me(), delivery_id)
    return _back(delivery_id, "It goes on.")


@pages.post("/stop")
def stop(delivery_id: int) -> Response:
    left = pausing.stop(work(), me(), delivery_id)
    commit_now()
    words = f"Stopped for good: {count_words(left, 'person does', 'people do')} not get the mail."
    return _back(delivery_id, words + _in_flight(delivery_id))


@pages.post("/duplicate")
def duplicate(delivery_id: int) -> Response:
    copy = editing.duplicate(work(), me(), delivery_id)
    return go(url_for("deliveries.edit", delivery_id=copy.id), "This is the copy; its schedule is cleared.")


@pages.post("/delete")
def delete(delivery_id: int) -> Response:
    name = editing.delete(work(), me(), delivery_id)
    return go(url_for("deliveries.index"), f"“{name}” was deleted.")


@pages.post("/compute")
def compute(delivery_id: int) -> Response:
    """The rule: Compute stats builds every figure from the rows and must change nothing when all is well."""
    changed = compute_stats(work(), me(), delivery_id)
    words = "Computed again from the rows: nothing changed."
    return _back(delivery_id, f"Computed again from the rows: {' '.join(changed)}" if changed else words)


@pages.post("/approvals/<kind>")
def approvals(delivery_id: int, kind: str) -> Response:
    """Ask reviewers, or answer as one: `answer` is granted or refused."""
    delivery_of(work().session, me(), delivery_id)
    if kind not in set(ApprovalKind):
        raise NotFound
    said, wanted = request.form.get("answer", ""), ApprovalKind(kind)
    if said:
        comment = request.form.get("comment", "")
        answer_approval(work(), me(), delivery_id, wanted, granted=said == "granted", comment=comment)
        return _back(delivery_id, "Your answer is noted.")
    ask_approval(work(), me(), delivery_id, wanted, request.form.getlist("reviewer", type=whole))
    return _back(delivery_id, "They are asked; it cannot be confirmed until one of them grants it.")


def _address(delivery_id: int) -> str:
    return url_for("delivery.show", delivery_id=delivery_id)


def _back(delivery_id: int, words: str = "") -> Response:
    return go(_address(delivery_id), words)


def _in_flight(delivery_id: int) -> str:
    left = pausing.still_in_flight(house().reads, delivery_id)
    return f" Stopping, {left} in flight." if left else ""


def _context(delivery_id: int) -> dict[str, Any]:
    session, user = work().session, me()
    delivery = delivery_of(session, user, delivery_id)
    recurring = delivery.kind is DeliveryKind.RECURRING
    figures = totals_of(session, delivery) if recurring else figures_of(session, delivery)
    label, tone, sentence = STATES[delivery.state]
    return {
        "delivery": delivery,
        "state": delivery.state.value,
        "label": label,
        "tone": tone,
        "sentence": sentence,
        "figures": figures,
        "kpis": kpi_rows(figures, engagement_of_delivery(session, delivery), _address(delivery_id)),
        "settled": settled_words(delivery.valid_until, work().now, user.zone),
        "removed": removed_words(session.get(KeptFigures, delivery_id), user.zone),
        "progress": progress_of(figures),
        "preparation": preparation_of(session, delivery),
        "causes": causes_of(session, delivery),
        "sentences": {**SENTENCES, **sentences(session, delivery.team_id)},
        "meant": FIGURES,
        "alarms": alarms_of(session, delivery_id, work().now),
        "journal": journal_of(session, delivery_id, limit=100),
        "may_start": may(user, "start_deliveries"),
        "may_prepare": may(user, "prepare_deliveries"),
        "who_can": confirming.who_can_start(session, delivery.team_id),
        "parent": parent_of(session, delivery_id),
        **_runs_context(delivery),
        **ab_context(session, user, delivery, figures.to_deliver),
        **_setup_context(delivery),
    }


def _runs_context(delivery: Delivery) -> dict[str, Any]:
    """Of a continuous delivery that has begun: its next run, and one that waits for somebody."""
    intake, increment = intake_of(work().session, delivery), open_increment(work().session, delivery.id)
    return {
        "next_run": intake.run_at if intake else None,
        "waiting_run": increment if increment and increment.state is IncrementState.WAITING else None,
    }


def _setup_context(delivery: Delivery) -> dict[str, Any]:
    """What a step's delivery has not: the inputs, approvals and who reviews."""
    session = work().session
    setup = session.get(DeliverySetup, delivery.id)
    if setup is None:
        return {"setup": None}
    audience, schedule = audience_of(setup), schedule_of(setup)
    return {
        "setup": setup,
        "wording": session.get(Wording, setup.wording_id) if setup.wording_id else None,
        "audience": audience_words(session, audience),
        "people": count_first(session, delivery, work().now) if delivery.state in _COUNTED else 0,
        "leaves": when_it_leaves(schedule) + _and_then(setup),
        "at_once": not schedule.at,
        "decided": settings_words(settings_of(setup)),
        "approvals": approvals_of(session, delivery),
        "missing_approval": missing_approval(session, delivery),
        "reviewer_options": [(one.id, one.name) for one in owners(session, me())],
        "bulk_allowed": settings().bulk_allowed,
    }


def _and_then(setup: DeliverySetup) -> str:
    """What the runs of a continuous delivery do once it is confirmed."""
    wanted = incremental_of(setup)
    if wanted is None:
        return ""
    rhythm = rhythm_words(wanted.recurrence)
    return f"; then {rhythm[0].lower()}{rhythm[1:]}, whoever is found"


_MOVING = {DeliveryState.PREPARING, DeliveryState.IN_PROGRESS}
_COUNTED = {DeliveryState.EDITING, DeliveryState.PREPARATION_FAILED}
