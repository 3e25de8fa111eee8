"""The variants of an e-mail step: add, weigh, stop, start again, take off, and decide for one; all with a way back."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from sales_campaigns.campaigns import varying
from sales_campaigns.campaigns.editing import Edited
from sales_campaigns.enrollments.changes.settling_variants import Settled, settle_variant, unsettle
from sales_campaigns.errors import Invalid
from web.answers import go
from web.numbers import row_of
from web.pages.campaigns.campaign_step import step_form
from web.parts.change_words import effect_words
from web.parts.way_back import way_back
from web.request_scope import me, work

pages = Blueprint("step_variants", __name__, url_prefix="/campaigns/<int:campaign_id>/steps/<key>/variants")


@pages.post("")
def add(campaign_id: int, key: str) -> AnyResponse:
    edited, letter = varying.add_variant(work(), me(), campaign_id, key)
    words = f"Variant {letter} begins with the words of the first. Say here what it says instead."
    return go(_step(campaign_id, key, letter), words, _undo(edited, key))


@pages.post("/weights")
def weigh(campaign_id: int, key: str) -> AnyResponse | tuple[str, int]:
    try:
        edited = varying.weigh_variants(work(), me(), campaign_id, key, _weights(request.form))
    except Invalid as refusal:
        return step_form(
            campaign_id, key, request.form.get("variant", ""), request.form, refusal.problems
        ), 422
    back = _step(campaign_id, key, request.form.get("variant", ""))
    return go(back, "The weights are saved. Who has a mail scheduled keeps its variant.", _undo(edited, key))


@pages.post("/<letter>/stop")
def stop(campaign_id: int, key: str, letter: str) -> AnyResponse:
    return _settled(campaign_id, key, letter, "stop", f"Variant {letter} is stopped.")


@pages.post("/<letter>/start")
def start(campaign_id: int, key: str, letter: str) -> AnyResponse:
    return _settled(campaign_id, key, letter, "start", f"Variant {letter} is sent again.")


@pages.post("/<letter>/only")
def only(campaign_id: int, key: str, letter: str) -> AnyResponse:
    return _settled(campaign_id, key, letter, "only", f"From now on everybody gets variant {letter}.")


@pages.post("/<letter>/remove")
def remove(campaign_id: int, key: str, letter: str) -> AnyResponse:
    edited = varying.remove_variant(work(), me(), campaign_id, key, letter)
    return go(_step(campaign_id, key), f"Variant {letter} is taken off.", _undo(edited, key))


@pages.post("/undo/<int:number>")
def undo(campaign_id: int, key: str, number: int) -> AnyResponse:
    settled = unsettle(work(), me(), campaign_id, key, number)
    said = _in_force(settled) if settled.effect is not None else ""
    return go(way_back(_step(campaign_id, key)), f"It is as it was before.{said}")


def _settled(campaign_id: int, key: str, letter: str, act: str, words: str) -> AnyResponse:
    settled = settle_variant(work(), me(), campaign_id, key, letter, act)
    back = way_back(_step(campaign_id, key))
    return go(back, words + _in_force(settled), _undo(settled.edited, key))


def _in_force(settled: Settled) -> str:
    """What it means for the people under way, or that it waits."""
    if settled.effect is None:
        return " It waits with the other changes until they are put into force."
    words = effect_words(settled.effect) if settled.effect.people else ""
    return f" {words}".rstrip()


def _undo(edited: Edited, key: str) -> str:
    return url_for(".undo", campaign_id=edited.campaign.id, key=key, number=edited.former)


def _step(campaign_id: int, key: str, letter: str = "") -> str:
    return url_for("campaign_step.form", campaign_id=campaign_id, key=key, variant=letter or None)


def _weights(typed: Mapping[str, str]) -> dict[str, int]:
    """By letter; what is no number is refused as 0 is."""
    written = {name[7:]: words.strip() for name, words in typed.items() if name.startswith("weight.")}
    return {letter: row_of(words) for letter, words in written.items()}
