"""The A/B test of a delivery: its plan, its variants and their words, and the choice of the winner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from sales_campaigns.accounts.roles import may
from sales_campaigns.content.html import to_text
from sales_campaigns.deliveries.ab_tests import varying
from sales_campaigns.deliveries.ab_tests.choosing import choose_winner
from sales_campaigns.deliveries.ab_tests.varying import VariantWords
from sales_campaigns.deliveries.confirming import who_can_start
from sales_campaigns.deliveries.figures import figures_of
from sales_campaigns.deliveries.listing import delivery_of
from sales_campaigns.deliveries.models import Delivery, DeliveryKind, DeliverySetup, DeliveryState
from sales_campaigns.deliveries.setups import setup_of
from sales_campaigns.deliveries.states import EDITABLE
from sales_campaigns.deliveries.variants.models import DeliveryVariant
from sales_campaigns.deliveries.variants.plan import CHOOSERS, LETTERS, MEASURES, Chooser, Measure, Plan
from sales_campaigns.deliveries.variants.reading import ab_test_of, contents_of, plan_of, variants_of
from sales_campaigns.errors import Invalid, NotFound
from web.answers import go, page
from web.filters import count_words
from web.numbers import row_of
from web.pages.deliveries.delivery_words import STATES
from web.pages.deliveries.variant_words import ab_context
from web.parts.writing import beside_the_words
from web.request_scope import me, work

pages = Blueprint("ab_test", __name__, url_prefix="/deliveries/<int:delivery_id>/ab-test")
LABELS = {
    "share": "Who tries them",
    "measure": "Judged by",
    "hours": "For how long",
    "floor": "Sooner",
    "chooser": "Who chooses",
    "own_text": "Another text than A",
    "subject": "Subject",
    "html": "Text",
    "text": "Plain text",
}


@pages.get("")
def index(delivery_id: int) -> str:
    """The plan and the variants of one that is being written; how they do once it has begun."""
    return _shown(delivery_id, None, {})


@pages.post("")
def plan(delivery_id: int) -> Response | tuple[str, int]:
    delivery_of(work().session, me(), delivery_id)
    try:
        varying.plan_test(work(), me(), delivery_id, _plan(request.form))
    except Invalid as refusal:
        return _shown(delivery_id, request.form, refusal.problems), 422
    return go(url_for(".index", delivery_id=delivery_id), "Saved. Prepare it to see who tries what.")


@pages.post("/variants")
def add(delivery_id: int) -> Response:
    letter = varying.add_variant(work(), me(), delivery_id)
    words = f"Variant {letter} begins with the words of A. Say here what it says instead."
    return go(url_for(".words", delivery_id=delivery_id, letter=letter), words)


@pages.get("/variants/<letter>")
def words(delivery_id: int, letter: str) -> str | AnyResponse:
    """What A says is what the delivery itself says."""
    delivery = delivery_of(work().session, me(), delivery_id)
    if letter == LETTERS[0]:
        return redirect(url_for("deliveries.edit", delivery_id=delivery_id))
    one = _variant(delivery, letter)
    content = contents_of(work().session, setup_of(work().session, delivery))[letter]
    typed = {**asdict(content), "own_text": "1" if one.own_text else ""}
    return _words(delivery, letter, typed, {})


@pages.post("/variants/<letter>")
def write(delivery_id: int, letter: str) -> Response | tuple[str, int]:
    delivery = delivery_of(work().session, me(), delivery_id)
    typed = request.form
    try:
        varying.write_variant(work(), me(), delivery_id, letter, _typed_words(delivery, typed))
    except Invalid as refusal:
        return _words(delivery, letter, typed.to_dict(), refusal.problems), 422
    return go(url_for(".index", delivery_id=delivery_id), f"Variant {letter} is saved.")


@pages.post("/variants/<letter>/remove")
def remove(delivery_id: int, letter: str) -> Response:
    varying.remove_variant(work(), me(), delivery_id, letter)
    return go(url_for(".index", delivery_id=delivery_id), f"Variant {letter} is taken off.")


@pages.get("/variants/<letter>/ask")
def ask(delivery_id: int, letter: str) -> str | AnyResponse:
    """The question of a dialog, for browsers without scripts: `?do=remove`, else whether to choose it."""
    delivery = delivery_of(work().session, me(), delivery_id)
    do = "remove" if request.args.get("do") == "remove" else "choose"
    if ab_test_of(work().session, delivery.id) is None or letter not in LETTERS:
        return redirect(url_for(".index", delivery_id=delivery_id))
    return page("delivery/ask_variant.html", do=do, letter=letter, delivery=delivery, **_test(delivery))


@pages.post("/variants/<letter>/choose")
def choose(delivery_id: int, letter: str) -> Response:
    rest = choose_winner(work(), me(), delivery_id, letter)
    said = f"Variant {letter} goes to {count_words(rest, 'more person', 'more people')}."
    return go(url_for("delivery.show", delivery_id=delivery_id), said)


def _shown(delivery_id: int, typed: Mapping[str, Any] | None, problems: Mapping[str, str]) -> str:
    session = work().session
    delivery = delivery_of(session, me(), delivery_id)
    setup_of(session, delivery)
    test = ab_test_of(session, delivery.id)
    planned = asdict(plan_of(test)) if test else {}
    open_to_change = delivery.state in EDITABLE | {DeliveryState.SCHEDULED}
    return page(
        "delivery/ab_test.html",
        delivery=delivery,
        look=STATES[delivery.state],
        typed=planned if typed is None else typed,
        problems=problems,
        labels=LABELS,
        measure_options=[(one.value, words.capitalize()) for one, words in MEASURES.items()],
        chooser_options=[(one.value, words, _chooser_hint(one)) for one, words in CHOOSERS.items()],
        own_texts={one.key for one in variants_of(session, delivery.id) if one.own_text},
        letters=LETTERS,
        may_vary=may(me(), "prepare_deliveries") and open_to_change,
        may_start=may(me(), "start_deliveries"),
        single=delivery.kind is DeliveryKind.SINGLE,
        who_can=who_can_start(session, delivery.team_id),
        **_test(delivery),
    )


def _test(delivery: Delivery) -> dict[str, Any]:
    session = work().session
    return ab_context(session, me(), delivery, figures_of(session, delivery).to_deliver)


def _chooser_hint(one: Chooser) -> str:
    return {
        Chooser.PERSON: "Whoever may start deliveries is told when it is over.",
        Chooser.BEST: "A tie, or fewer than 20 delivered of a variant: a person chooses.",
        Chooser.SURE: "By a test of two proportions, from 100 delivered of each; otherwise a person chooses.",
    }[one]


def _words(delivery: Delivery, letter: str, typed: Mapping[str, Any], problems: Mapping[str, str]) -> str:
    _variant(delivery, letter)
    session = work().session
    setup = session.get_one(DeliverySetup, delivery.id)
    first = contents_of(session, setup)[LETTERS[0]]
    return page(
        "delivery/variant.html",
        delivery=delivery,
        letter=letter,
        typed=typed,
        first=first,
        problems=problems,
        labels=LABELS,
        may_vary=may(me(), "prepare_deliveries"),
        **beside_the_words({**typed, "bundle_id": first.bundle_id}, bulk=True),
    )


def _typed_words(delivery: Delivery, typed: Mapping[str, str]) -> VariantWords:
    """Raises Invalid({"own_text": …}) for a text that was written and would be lost."""
    subject, html = typed.get("subject", ""), typed.get("html", "")
    if "own_text" in typed:
        return VariantWords(subject, html, typed.get("text", ""))
    session = work().session
    first = contents_of(session, setup_of(session, delivery))[LETTERS[0]]
    if html and to_text(html).split() != to_text(first.html).split():
        raise Invalid(
            {"own_text": "The text below is not that of A: tick this to keep it, or take A's text back."}
        )
    return VariantWords(subject)


def _variant(delivery: Delivery, letter: str) -> DeliveryVariant:
    found = work().session.get(DeliveryVariant, (delivery.id, letter))
    if found is None:
        raise NotFound("This delivery has no such variant; A is what the delivery itself says.")
    return found


def _plan(typed: Mapping[str, str]) -> Plan:
    """What is no number is refused as 0 is; a floor left empty is none."""
    measure, chooser = typed.get("measure", ""), typed.get("chooser", "")
    floor = typed.get("floor", "").strip()
    return Plan(
        share=row_of(typed.get("share", "").strip()),
        measure=Measure(measure) if measure in set(Measure) else Measure.OPENED,
        hours=row_of(typed.get("hours", "").strip()),
        floor=row_of(floor) or -1 if floor and floor != "0" else 0,
        chooser=Chooser(chooser) if chooser in set(Chooser) else Chooser.PERSON,
    )
