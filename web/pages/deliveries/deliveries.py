"""Deliveries: the list, and the form in which one is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request, url_for

from sales_campaigns.accounts.holders import require_or_name, who_may
from sales_campaigns.accounts.roles import may, require
from sales_campaigns.campaigns.listing import campaigns_using
from sales_campaigns.content.models import Wording
from sales_campaigns.content.template_list import template_of
from sales_campaigns.content.wordings import content_of
from sales_campaigns.deliveries.continuous.rewriting import CONTINUES, deliveries_using, template_behind
from sales_campaigns.deliveries.editing import change, create
from sales_campaigns.deliveries.inputs import START_WORDS, Schedule
from sales_campaigns.deliveries.listing import (
    PAGE,
    Asked,
    deliveries_of,
    delivery_of,
    mailboxes_for,
    state_counts,
)
from sales_campaigns.deliveries.models import Delivery, DeliveryKind, DeliveryState
from sales_campaigns.deliveries.setups import setup_of
from sales_campaigns.deliveries.templates import delivery_template_of, delivery_templates_of, settings_in
from sales_campaigns.deliveries.typology.rules import typologies
from sales_campaigns.errors import Invalid
from sales_campaigns.people.groups import groups_of
from sales_campaigns.people.listing import owners
from sales_campaigns.people.zones import zone_names
from web.answers import answer, go, page
from web.numbers import whole
from web.pages.deliveries import delivery_form
from web.pages.deliveries.delivery_words import STATES
from web.parts.attachments import bundle_typed, files_again
from web.parts.writing import beside_the_words, template_choices
from web.request_scope import me, work

# Kind that was chosen → where a new delivery goes on, and what is to be done there.
NEXT = {
    "single": ("delivery.show", "Prepare it to see who gets it."),
    "recurring": ("series.index", "Now say when it repeats."),
    "continuous": ("continuous.index", "Now say when it looks for new people."),
}
pages = Blueprint("deliveries", __name__, url_prefix="/deliveries")


@pages.get("")
def index() -> str:
    session, wanted = work().session, request.args
    state = wanted.get("state", "")
    lines = deliveries_of(
        session,
        me(),
        search=wanted.get("search", "")[:200],
        states=[DeliveryState(state)] if state in set(DeliveryState) else [],
        asked=next((one for one in Asked if one in wanted), None),
        before=wanted.get("before", type=whole),
    )
    return answer(
        "deliveries/index.html",
        "deliveries/_list.html",
        lines=lines,
        counts=state_counts(session, me()),
        states=STATES,
        wanted=wanted,
        may_write=may(me(), "prepare_deliveries"),
        older=lines[-1].delivery.id if len(lines) == PAGE else None,
    )


@pages.get("/new")
def new() -> str:
    """`?template=` takes its words, `?settings=` those settings, `?people=1,2` are chosen already."""
    require_or_name(work().session, me(), "prepare_deliveries")
    typed = {**delivery_form.blank(work().session, me()), **_kept_settings(), **_picked()}
    if request.args.get("people"):
        typed |= {"audience": "people", "people": request.args["people"][:20_000]}
    return _form(typed, {})


@pages.post("")
def add() -> Response | tuple[str, int]:
    require(me(), "prepare_deliveries")
    try:
        bundle_id = bundle_typed(me().team_id)
        delivery = create(work(), me(), delivery_form.wish_of(request.form, bundle_id))
    except Invalid as refusal:
        return _form(files_again(delivery_form.as_typed(request.form)), refusal.problems), 422
    endpoint, words = NEXT.get(request.form.get("kind", ""), NEXT["single"])
    return go(url_for(endpoint, delivery_id=delivery.id), f"Saved. {words}")


@pages.get("/<int:delivery_id>/edit")
def edit(delivery_id: int) -> str:
    session = work().session
    delivery = delivery_of(session, me(), delivery_id)
    return _form({**delivery_form.stored_form(session, delivery), **_picked()}, {}, delivery)


@pages.post("/<int:delivery_id>/edit")
def save(delivery_id: int) -> Response | tuple[str, int]:
    delivery = delivery_of(work().session, me(), delivery_id)
    setup_of(work().session, delivery)
    require(me(), "prepare_deliveries")
    try:
        bundle_id = bundle_typed(delivery.team_id)
        change(work(), me(), delivery_id, delivery_form.wish_of(request.form, bundle_id))
    except Invalid as refusal:
        return _form(files_again(delivery_form.as_typed(request.form)), refusal.problems, delivery), 422
    continues = delivery.state in CONTINUES and delivery.kind is not DeliveryKind.SINGLE
    words = "what has not left has the change." if continues else "Prepare it again before it is confirmed."
    return go(url_for("delivery.show", delivery_id=delivery_id), f"Saved{': ' if continues else '. '}{words}")


def _form(typed: Mapping[str, Any], problems: Mapping[str, str], delivery: Delivery | None = None) -> str:
    session, user = work().session, me()
    return page(
        "deliveries/form.html",
        delivery=delivery,
        typed=typed,
        problems=problems,
        labels=delivery_form.LABELS,
        **beside_the_words(typed, bulk=True),
        choices=template_choices(),
        mailboxes=[(box.id, f"{box.user.name} <{box.address}>") for box in mailboxes_for(session, user)],
        groups=[(line.group.id, line.group.name, line.words) for line in groups_of(session, user)],
        owner_options=[("", "Anybody"), *((owner.id, owner.name) for owner in owners(session, user))],
        zones=zone_names(),
        kept_settings=delivery_templates_of(session, user),
        typologies=typologies(session, delivery.team_id if delivery else user.team_id),
        start_options=[(value.value, words) for value, words in START_WORDS.items()],
        may_start=may(user, "start_deliveries"),
        may_write=may(user, "prepare_deliveries"),
        who_can=who_may(session, "prepare_deliveries", user.team_id),
        **_behind(delivery),
    )


def _behind(delivery: Delivery | None) -> dict[str, Any]:
    """Of a continuous delivery that goes on: the template its words came from, and every place that uses it."""
    session = work().session
    if delivery is None or delivery.kind is not DeliveryKind.CONTINUOUS or delivery.state not in CONTINUES:
        return {"template_behind": None}
    template = template_behind(session, delivery, setup_of(session, delivery))
    return {
        "template_behind": template,
        "campaigns_using": campaigns_using(session, me(), template.id) if template else [],
        "deliveries_using": deliveries_using(session, template) if template else [],
    }


def _kept_settings() -> dict[str, Any]:
    """The settings of the delivery template that was chosen."""
    settings_id = request.args.get("settings", type=whole)
    if settings_id is None:
        return {}
    template = delivery_template_of(work().session, me(), settings_id)
    return delivery_form.form_of_settings(settings_in(template, me()), Schedule())


def _picked() -> dict[str, Any]:
    """The words of the template that was picked."""
    template_id = request.args.get("template", type=whole)
    if template_id is None:
        return {}
    template = template_of(work().session, me(), template_id)
    content = content_of(work().session.get(Wording, template.wording_id))
    return {
        "subject": content.subject,
        "html": content.html,
        "text": content.text,
        "bundle_id": content.bundle_id,
        "from_template": template.name,
    }
