"""Addresses that get no mail, for administrators: quarantine with its release, block list, allow list."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from flask import Blueprint, Response, request, url_for

from sales_campaigns.accounts.roles import require
from sales_campaigns.enrollments.answers.opting_out import block_address
from sales_campaigns.errors import Invalid
from sales_campaigns.people import quarantine
from sales_campaigns.people.models import Address
from sales_campaigns.people.quarantine import Listed, Wanted
from web.answers import go, page
from web.filters import count_words
from web.request_scope import me, work

pages = Blueprint("quarantine", __name__, url_prefix="/admin/quarantine")
NAMES = {Listed.QUARANTINE: "Quarantine", Listed.BLOCKED: "Block list", Listed.ALLOWED: "Allow list"}


@pages.get("")
def index() -> str | tuple[str, int]:
    require(me(), "manage_installation")
    try:
        return _page(_which(), {}, {}, _wanted(request.args))
    except Invalid as refusal:
        return _page(_which(), {}, refusal.problems), 422


@pages.post("/release")
def release() -> Response:
    """The chosen ones, or all that were found."""
    require(me(), "manage_installation")
    if "all" in request.form:
        ids = quarantine.release_all(work(), me(), _wanted(request.form), request.form.get("all", 0, int))
    else:
        ids = quarantine.release(work(), me(), request.form.getlist("id", int))
    undo = url_for(".again", id=ids) if len(ids) <= quarantine.PAGE else None
    words = f"{count_words(len(ids), 'address is', 'addresses are')} released and may be mailed again."
    return go(url_for(".index"), words, undo)


@pages.post("/again")
def again() -> Response:
    number = quarantine.quarantine_again(work(), me(), request.values.getlist("id", int))
    return go(url_for(".index"), f"{count_words(number, 'address is', 'addresses are')} in quarantine again.")


@pages.post("/add")
def add() -> Response | tuple[str, int]:
    require(me(), "manage_installation")
    which = _which()
    try:
        address, ended = _put_on(which, request.values.get("email", ""))
    except Invalid as refusal:
        return _page(which, request.form, refusal.problems, Wanted()), 422
    words = "is blocked" if which is Listed.BLOCKED else "is allowed: errors do not quarantine it"
    words += f", and {count_words(ended, 'campaign')} ended for it" if ended else ""
    undo = url_for(".remove", list=which.value, id=address.id)
    return go(url_for(".index", list=which.value), f"{address.email} {words}.", undo)


def _put_on(which: Listed, email: str) -> tuple[Address, int]:
    if which is Listed.BLOCKED:
        return block_address(work(), me(), email)
    return quarantine.put_on(work(), me(), which, email), 0


@pages.post("/remove")
def remove() -> Response:
    which = _which()
    address = quarantine.take_off(work(), me(), which, request.values.get("id", 0, int))
    undo = url_for(".add", list=which.value, email=address.email)
    words = f"{address.email} is no longer on the {NAMES[which].lower()}."
    return go(url_for(".index", list=which.value), words, undo)


def _which() -> Listed:
    named = request.values.get("list", "")
    return Listed(named) if named in list(Listed) else Listed.QUARANTINE


def _wanted(typed: Mapping[str, str]) -> Wanted:
    """Raises Invalid by field: what is no date would find them all."""
    problems: dict[str, str] = {}
    since, until = (_day(typed.get(name, ""), name, problems) for name in ("since", "until"))
    if problems:
        raise Invalid(problems)
    return Wanted(
        typed.get("q", ""), typed.get("domain", ""), since, until + timedelta(days=1) if until else None
    )


def _day(written: str, name: str, problems: dict[str, str]) -> datetime | None:
    if not written.strip():
        return None
    try:
        return datetime.combine(date.fromisoformat(written.strip()), datetime.min.time(), UTC)
    except ValueError:
        problems[name] = "Write a date such as 2026-12-01."
        return None


def _page(
    which: Listed, typed: Mapping[str, str], problems: Mapping[str, str], wanted: Wanted | None = None
) -> str:
    """`wanted` None: what was looked for cannot be read, so nothing is shown."""
    session = work().session
    return page(
        "quarantine/index.html",
        which=which.value,
        tabs=[
            {
                "label": name,
                "href": url_for(".index", list=one.value),
                "count": quarantine.count_listed(session, one),
                "current": one is which,
            }
            for one, name in NAMES.items()
        ],
        lines=quarantine.listed(session, which, wanted) if wanted else [],
        found=quarantine.count_listed(session, which, wanted) if wanted else 0,
        filters={name: request.args.get(name, "") for name in ("q", "domain", "since", "until")},
        typed=typed,
        problems=problems,
    )
