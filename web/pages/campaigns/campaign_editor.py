"""The campaign editor: days with their steps, each edit saved at once and answered with the steps as they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, make_response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from sales_campaigns.campaigns import applying, editing
from sales_campaigns.campaigns.editing import Edited, SendChoice
from sales_campaigns.campaigns.lanes import lanes_of
from sales_campaigns.campaigns.listing import campaign_of
from sales_campaigns.campaigns.planner import IfPast, StepKind
from sales_campaigns.campaigns.previewing import person_for_preview
from sales_campaigns.campaigns.sending_tests import send_tests
from sales_campaigns.campaigns.stored_settings import read_time, settings_of
from sales_campaigns.campaigns.versions import newest
from sales_campaigns.enrollments.changes.changing import change_campaign, effect_of_changes, may_change
from sales_campaigns.errors import Invalid, NotFound
from web.answers import answer, go, is_htmx, page
from web.filters import count_words
from web.pages.campaigns.sample_start import sample_start
from web.pages.campaigns.step_cards import IF_PAST, KINDS, SEND, send_card, step_card
from web.parts.change_words import effect_sentences, effect_words
from web.request_scope import me, work

pages = Blueprint("campaign_editor", __name__, url_prefix="/campaigns/<int:campaign_id>")
Typed = Mapping[str, str]


@pages.get("")
def index(campaign_id: int) -> Response:
    return _shown(campaign_id)


@pages.post("/steps")
def add(campaign_id: int) -> AnyResponse:
    day = request.form.get("day", "")
    if not day.isdecimal() or len(day) > 4:
        raise Invalid({"day": "Choose the day from the page."})
    edited = editing.add_step(work(), me(), campaign_id, _kind(request.form.get("kind", "")), int(day))
    return _saved(edited)


@pages.post("/steps/<key>/send")
def send(campaign_id: int, key: str) -> AnyResponse:
    try:
        return _saved(editing.choose_send(work(), me(), campaign_id, key, _choice(request.form)))
    except Invalid as refusal:
        return _shown(campaign_id, key=key, typed=request.form, problems=refusal.problems)


@pages.post("/steps/<key>/move")
def move(campaign_id: int, key: str) -> AnyResponse:
    towards = request.args.get("towards") or request.form.get("move", "")
    return _saved(editing.move_step(work(), me(), campaign_id, key, towards))


@pages.post("/steps/<key>/type")
def retype(campaign_id: int, key: str) -> AnyResponse:
    kind = _kind(request.args.get("kind", ""))
    return _saved(editing.retype_step(work(), me(), campaign_id, key, kind))


@pages.post("/steps/<key>/delete")
def delete(campaign_id: int, key: str) -> AnyResponse:
    return _saved(editing.delete_step(work(), me(), campaign_id, key), "The step is deleted.", undo=True)


@pages.post("/order")
def order(campaign_id: int) -> AnyResponse:
    return _saved(editing.place_steps(work(), me(), campaign_id, request.form.getlist("order")))


@pages.post("/versions/<int:number>/bring-back")
def bring_back(campaign_id: int, number: int) -> AnyResponse:
    return _saved(editing.bring_back(work(), me(), campaign_id, number), "It is as it was before.")


@pages.post("/apply")
def apply(campaign_id: int) -> AnyResponse:
    effect = change_campaign(work(), me(), campaign_id)
    return go(_url("campaign_editor.index"), f"The changes are in force. {effect_words(effect)}")


@pages.get("/effect")
def effect(campaign_id: int) -> str:
    """What the changes would mean for the people under way; asked for by the page once it stands."""
    campaign = campaign_of(work().session, me(), campaign_id)
    found = effect_of_changes(work(), campaign)
    return answer(
        "campaign_editor/effect.html",
        "campaign_editor/_effect.html",
        campaign=campaign,
        effect=found,
        sentences=effect_sentences(found),
        allowed=may_change(work(), me(), campaign),
    )


@pages.post("/discard")
def discard(campaign_id: int) -> AnyResponse:
    edited = applying.discard_changes(work(), me(), campaign_id)
    return _saved(edited, "The changes are thrown away.", undo=True)


@pages.post("/tests")
def tests(campaign_id: int) -> AnyResponse:
    """Every e-mail to whoever is signed in, as the person named by `as` would get it."""
    campaign_of(work().session, me(), campaign_id)
    wish = request.form.get("as", "")
    try:
        person = person_for_preview(work().session, me(), wish)
        sent = send_tests(work(), me(), campaign_id, person.id if person else None)
    except (Invalid, NotFound) as refusal:
        problems = refusal.problems if isinstance(refusal, Invalid) else {"as": refusal.words}
        return _shown(campaign_id, test_as=wish, problems=problems)
    words = f"{count_words(len(sent), 'test')} on the way to {me().email}."
    return go(_url("campaign_editor.index"), words)


def _saved(edited: Edited, words: str = "", *, undo: bool = False) -> AnyResponse:
    """The steps as they are now; what was reset is said, and an edit that loses something can be undone."""
    said = " ".join([words, *edited.reset]).strip()
    undo_url = _url("campaign_editor.bring_back", number=edited.former) if undo or edited.reset else None
    if is_htmx():
        return _shown(edited.campaign.id, notices=[{"words": said, "undo_url": undo_url}] if said else [])
    return go(_url("campaign_editor.index") + (f"#step-{edited.key}" if edited.key else ""), said, undo_url)


def _shown(campaign_id: int, **more: Any) -> Response:
    """The whole page, or for htmx the part that holds the steps, wherever the request came from."""
    context = _context(campaign_id, **more)
    status = 422 if more.get("problems") else 200
    if not is_htmx():
        return make_response(page("campaign_editor/index.html", **context), status)
    response = make_response(page("campaign_editor/_campaign.html", **context), status)
    response.headers["HX-Retarget"], response.headers["HX-Reswap"] = "#campaign", "outerMorph"
    return response


def _context(campaign_id: int, key: str = "", typed: Typed | None = None, **more: Any) -> dict[str, Any]:
    session, sample = work().session, sample_start(request.args, me().zone, work().now)
    campaign = campaign_of(session, me(), campaign_id)
    version = newest(session, campaign)
    day = request.args.get("day", "")
    also_day = int(day) if day.isdecimal() and len(day) < 4 else None
    lanes = lanes_of(session, version, sample.launched_at, sample.zone, also_day=also_day)
    more["notices_after"] = more.pop("notices", [])
    return {
        "campaign": campaign,
        "campaign_settings": settings_of(version.settings),
        "changes": version.number != campaign.version,
        "lanes": lanes,
        "mails": sum(view.step.kind is StepKind.EMAIL for lane in lanes for view in lane.steps),
        "sample": sample,
        "kinds": KINDS,
        "url": _url,
        "step_card": lambda view: step_card(view, _url),
        "send_card": lambda view: (
            send_card(view, typed, more.get("problems")) if view.step.key == key else send_card(view)
        ),
        **more,
    }


def _url(endpoint: str, **values: Any) -> str:
    """An address of this campaign that keeps the sample start."""
    assert request.view_args is not None
    kept: dict[str, Any] = {name: request.args[name] for name in ("start", "zone") if name in request.args}
    return url_for(endpoint, campaign_id=request.view_args["campaign_id"], **kept, **values)


def _kind(written: str) -> StepKind:
    if written not in list(StepKind):
        raise Invalid({"kind": "Choose one of the kinds of steps."})
    return StepKind(written)


def _choice(typed: Typed) -> SendChoice:
    if typed.get("send") not in SEND:
        raise Invalid({"send": "Choose when the e-mail leaves."})
    written = typed.get("time", "").strip()
    return SendChoice(
        send=SEND[typed["send"]],
        at=read_time(written) if written else None,
        if_past=IF_PAST.get(typed.get("if_past", ""), IfPast.NEXT_DAY),
        follow_up="follow_up" in typed,
        quote=typed.get("quote", "template"),
    )
