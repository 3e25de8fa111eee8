"""The launch wizard: five steps, each one form; what was said travels along, so going back loses nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from flask import Blueprint, Response, make_response, request, url_for
from werkzeug.datastructures import MultiDict

from sales_campaigns.enrollments.launches.launching import launch, launch_limit
from sales_campaigns.enrollments.launches.orders import open_for_launch
from sales_campaigns.errors import Invalid
from web.answers import answer, go
from web.filters import count_words
from web.numbers import whole_numbers
from web.pages.campaigns import launch_steps as steps
from web.pages.campaigns.launch_steps import Desk
from web.pages.campaigns.launch_wish import Wish, keep, kept
from web.request_scope import me, settings, work

pages = Blueprint("launch", __name__, url_prefix="/campaigns/<int:campaign_id>/launch")
LABELS = {
    "people": "People",
    "check": "Check",
    "mails": "First e-mails",
    "timing": "Timing",
    "confirm": "Confirm",
}
TAKE = {"people": steps.take_people, "mails": steps.take_words, "timing": steps.take_times}
SHOW = {
    "people": steps.show_people,
    "check": steps.show_check,
    "mails": steps.show_mails,
    "timing": steps.show_timing,
    "confirm": steps.show_confirm,
}


@pages.get("")
def begin(campaign_id: int) -> Response:
    """`?people=1,2,3` and `?group=5` are chosen already."""
    desk = _desk(campaign_id)
    desk.wish.add(whole_numbers(request.args.get("people", "")))
    steps.take_people(desk, request.args)
    return _show(desk, "people")


@pages.post("")
def turn(campaign_id: int) -> Response:
    """Take what the step `at` says, then show the step `to`; `to=start` launches."""
    form = request.form
    desk = _desk(campaign_id)
    desk.wish = kept(form.get("wish", ""), settings().secret_key, _whose(campaign_id))
    at = form.get("at", "")
    to = form.get("to", at)  # some buttons do something on their step and stay there
    if at not in LABELS or to not in {*LABELS, "start"}:
        raise Invalid("Use the buttons of the page.")
    try:
        _take(desk, at, to)
        return _start(desk) if to == "start" else _onwards(desk, to)
    except Invalid as refusal:
        return _show(desk, at, refusal.problems)


def _take(desk: Desk, at: str, to: str) -> None:
    """Whoever goes back may leave something unfinished: what was typed is kept all the same."""
    try:
        TAKE.get(at, lambda _desk, _form: None)(desk, request.form)
    except Invalid:
        if not _is_back(at, to):
            raise
    if to != "people" and not desk.wish.people:
        raise Invalid({"people": "Choose at least one person."})


def _onwards(desk: Desk, to: str) -> Response:
    """Judged anew with what was taken. Nobody comes to the end with a time that cannot be kept."""
    desk = replace(desk)
    problems = desk.timed[1] if to == "confirm" else {}
    return _show(desk, "timing", problems) if problems else _show(desk, to)


def _start(desk: Desk) -> Response:
    order, problems = desk.timed
    if problems:
        raise Invalid(dict(problems))
    row = launch(work(), me(), order, settings().launch_limit)
    words = f"{count_words(row.started, 'person', 'people')} started."
    undo = url_for("campaign_people.take_back", campaign_id=desk.campaign.id, launch_id=row.id)
    return go(url_for("campaign_people.index", campaign_id=desk.campaign.id), words, undo)


def _show(desk: Desk, step: str, problems: Mapping[str, str] | None = None) -> Response:
    form: MultiDict[str, str] = request.form if request.method == "POST" else MultiDict()
    context = {"problems": {}, **SHOW[step](desk, form)}
    context["problems"] = {**context["problems"], **(problems or {})}
    shown = answer(
        "launch/index.html",
        "launch/_wizard.html",
        campaign=desk.campaign,
        step=step,
        labels=LABELS,
        over=_over(step),
        wish=desk.wish,
        kept=keep(desk.wish, settings().secret_key, _whose(desk.campaign.id)),
        **context,
    )
    return make_response(shown, 422 if context["problems"] else 200)


def _over(step: str) -> list[str]:
    return list(LABELS)[: list(LABELS).index(step)]


def _is_back(at: str, to: str) -> bool:
    return to in _over(at)


def _desk(campaign_id: int) -> Desk:
    campaign, version = open_for_launch(work(), me(), campaign_id)
    limit = launch_limit(work().session, me(), settings().launch_limit)
    return Desk(work(), me(), campaign, version, Wish(), limit)


def _whose(campaign_id: int) -> str:
    return f"{me().id}:{campaign_id}"
