"""What the editor's step cards and send-option cards show: from the reads of campaigns to the components' words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sales_campaigns.campaigns.lanes import StepView
from sales_campaigns.campaigns.planner import IfPast, SendOption, StepKind
from sales_campaigns.campaigns.send_options import NAMES
from sales_campaigns.campaigns.stored_settings import clock
from sales_campaigns.campaigns.variants import running
from web.filters import count_words

# The values that the card posts.
SEND = {
    "choose": SendOption.CHOOSE,
    "at_time": SendOption.AT,
    "same_time": SendOption.SAME_AS_PREVIOUS,
    "task": SendOption.TASK,
}
SEND_VALUES = {option: value for value, option in SEND.items()}
IF_PAST = {"next": IfPast.NEXT_DAY, "now": IfPast.NOW}
TYPES = {
    StepKind.EMAIL: "mail",
    StepKind.CALL: "call",
    StepKind.INMAIL: "inmail",
    StepKind.CUSTOM: "custom",
}
KINDS = (
    (StepKind.EMAIL, "E-mail", "mail"),
    (StepKind.CALL, "Call", "phone"),
    (StepKind.INMAIL, "InMail", "message-square-text"),
    (StepKind.CUSTOM, "Custom task", "square-check-big"),
)
DAY_MOVES = (("A day earlier", "earlier", "arrow-up"), ("A day later", "later", "arrow-down"))
FIRST_TIME = "09:00"  # what the card offers when a time of day is chosen for the first time

Typed = Mapping[str, str]
UrlOf = Callable[..., str]


def step_card(view: StepView, url_of: UrlOf) -> dict[str, Any]:
    """For components/step_card.html; `url_of(endpoint, key=…)` gives the addresses of this campaign."""
    key = view.step.key
    write = url_of("campaign_step.form", key=key)
    return {
        "id": key,
        "type": TYPES[view.step.kind],
        "name": view.title,
        "href": write,
        "tags": list(_tags(view)),
        "move_url": url_of("campaign_editor.move", key=key),
        "more": [{"label": "Write", "href": write, "icon": "pencil"}, *_acts(view, url_of)],
    }


def _acts(view: StepView, url_of: UrlOf) -> Iterator[dict[str, Any]]:
    """What the step's menu posts."""
    key = view.step.key
    for label, towards, icon in DAY_MOVES:
        yield {"label": label, "post": url_of("campaign_editor.move", key=key, towards=towards), "icon": icon}
    for kind, words, icon in KINDS:
        if kind is not view.step.kind:
            url = url_of("campaign_editor.retype", key=key, kind=kind)
            yield {"label": f"Make it: {words}", "post": url, "icon": icon}
    delete = url_of("campaign_editor.delete", key=key)
    yield {"label": "Delete", "post": delete, "icon": "trash-2", "kind": "danger"}


def send_card(view: StepView, typed: Typed | None = None, problems: Typed | None = None) -> dict[str, Any]:
    """The arguments of components/send_option.html; what was `typed` stands over what is stored."""
    step = view.step
    chosen = (typed or {}).get("send") or SEND_VALUES.get(step.send or SendOption.TASK, "")
    return {
        "options": [
            {
                "value": SEND_VALUES[legal.option],
                "label": NAMES[legal.option],
                "checked": SEND_VALUES[legal.option] == chosen,
                "reason": legal.why,
            }
            for legal in view.options
        ],
        "effect": view.effect,
        "time": (typed or {}).get("time") or (clock(step.at) if step.at else FIRST_TIME),
        "if_past": (typed or {}).get("if_past") or ("now" if step.if_past is IfPast.NOW else "next"),
        "follow_up": _follow_up(view, typed),
        "warnings": [{"words": words} for words in view.cautions],
        "error": " ".join((problems or {}).values()),
    }


def _follow_up(view: StepView, typed: Typed | None) -> dict[str, Any] | None:
    if not view.may_follow_up:
        return None
    checked = "follow_up" in typed if typed is not None else view.step.follow_up
    hint = f"Replies in the thread of “{view.previous}”."
    if checked and view.own_subject:
        hint = "It has a subject of its own, so it shows as a new conversation."
    return {"checked": checked, "hint": hint, "quote": (typed or {}).get("quote") or view.step.quote}


def _tags(view: StepView) -> Iterator[dict[str, str]]:
    if view.step.follow_up:
        yield {"words": "follow-up", "kind": ""}
    if view.step.priority == "high":
        yield {"words": "high priority", "kind": "hot"}
    if view.step.skip_after_days:
        yield {"words": f"skipped after {view.step.skip_after_days} days", "kind": ""}
    if view.with_files:
        yield {"words": "with files", "kind": ""}
    if view.step.cc or view.step.bcc:
        yield {"words": "copies", "kind": ""}
    if view.step.variants:
        yield {"words": count_words(len(running(view.step.variants)), "variant"), "kind": "info"}
    if view.step.from_template and not view.step.variants:
        yield {"words": view.step.from_template, "kind": "info"}
