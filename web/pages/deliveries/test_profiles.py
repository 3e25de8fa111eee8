"""Test profiles: the addresses of a team that get proofs, and those that get a copy of every delivery."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request, url_for

from sales_campaigns.accounts.holders import who_may
from sales_campaigns.accounts.roles import may
from sales_campaigns.deliveries.proofing.models import TestProfile
from sales_campaigns.deliveries.proofing.profiles import (
    add_profile,
    change_profile,
    delete_profile,
    profile_of,
    profiles_of,
)
from sales_campaigns.errors import Invalid
from sales_campaigns.people.models import Person
from web.answers import go, page
from web.request_scope import me, work

pages = Blueprint("test_profiles", __name__, url_prefix="/test-profiles")


@pages.get("")
def index() -> str:
    return _list({}, {})


@pages.post("")
def add() -> Response | tuple[str, int]:
    typed = request.values
    try:
        profile = add_profile(work(), me(), **_typed(typed))
    except Invalid as refusal:
        return _list(typed, refusal.problems), 422
    return go(url_for(".index"), f"{profile.email} is a test profile now.")


@pages.get("/<int:profile_id>")
def edit(profile_id: int) -> str:
    profile = profile_of(work().session, me(), profile_id)
    return _form(profile, _stored(profile), {})


@pages.post("/<int:profile_id>")
def save(profile_id: int) -> Response | tuple[str, int]:
    profile = profile_of(work().session, me(), profile_id)
    try:
        change_profile(work(), me(), profile_id, **_typed(request.form))
    except Invalid as refusal:
        return _form(profile, request.form, refusal.problems), 422
    return go(url_for(".index"), "Saved.")


@pages.post("/<int:profile_id>/delete")
def delete(profile_id: int) -> Response:
    kept = _stored(profile_of(work().session, me(), profile_id))
    profile = delete_profile(work(), me(), profile_id)
    return go(url_for(".index"), f"{profile.email} gets no more proofs.", url_for(".add", **kept))


def _typed(typed: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": typed.get("name", ""),
        "email": typed.get("email", ""),
        "stands_in": typed.get("stands_in", ""),
        "seed": bool(typed.get("seed")),
    }


def _stored(profile: TestProfile) -> dict[str, Any]:
    person = work().session.get(Person, profile.person_id) if profile.person_id else None
    seed = {"seed": "1"} if profile.seed else {}
    stands_in = person.email if person else ""
    return {"name": profile.name, "email": profile.email, "stands_in": stands_in, **seed}


def _list(typed: Mapping[str, str], problems: Mapping[str, str]) -> str:
    return page(
        "test_profiles/index.html",
        lines=profiles_of(work().session, me()),
        typed=typed,
        problems=problems,
        may_change=may(me(), "prepare_deliveries"),
    )


def _form(profile: TestProfile, typed: Mapping[str, str], problems: Mapping[str, str]) -> str:
    return page(
        "test_profiles/form.html",
        profile=profile,
        typed=typed,
        problems=problems,
        may_change=may(me(), "prepare_deliveries"),
        who_can=who_may(work().session, "prepare_deliveries", me().team_id),
    )
