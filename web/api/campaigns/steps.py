"""The editor: each edit makes a version; what people are under way in changes when it is applied."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sales_campaigns.campaigns import editing
from sales_campaigns.campaigns.applying import discard_changes
from sales_campaigns.campaigns.drafts import StepDraft, step_of, variant_of
from sales_campaigns.campaigns.editing import SendChoice, StepWords
from sales_campaigns.campaigns.file import Priority, Quote
from sales_campaigns.campaigns.listing import campaign_of
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.campaigns.planner import IfPast, SendOption, StepKind
from sales_campaigns.campaigns.sending_tests import send_tests
from sales_campaigns.campaigns.versions import drafts_of, newest
from sales_campaigns.content.models import Wording
from sales_campaigns.content.wordings import content_of
from sales_campaigns.enrollments.changes.changing import change_campaign, effect_of_changes
from sales_campaigns.enrollments.changes.effects import Effect
from web.api.campaigns.campaigns import get_campaign
from web.api.campaigns.shapes import CampaignShown
from web.api.mails.attachments import Files, bundle_of
from web.api.protocol.operations import Area, Edits
from web.api.protocol.shapes import Asked, Id, Line, Note, Shown, Source, TimeOfDay
from web.request_scope import me, work

api = Area("campaigns", "")
EDITS = Edits(Campaign, get_campaign)


class NewStep(Asked):
    kind: StepKind
    day: int = Field(ge=1, le=999)


class ChangedStep(Asked):
    """What is not given stays. `send` and what belongs to it are for e-mails; `variant` says whose words these are."""

    kind: StepKind | None = None
    send: SendOption | None = None
    at: TimeOfDay | None = None
    if_past: IfPast | None = None
    follow_up: bool | None = None
    quote: Quote | None = None
    subject: Line | None = None
    html: Source | None = None
    text: Source | None = None
    from_template: Line | None = None
    files: Files | None = None
    cc: Line | None = None
    bcc: Line | None = None
    variant: str | None = Field(
        None, pattern="^[A-Z]$", description="Its letter, where the step has several."
    )
    name: Line | None = None
    details: Note | None = None
    priority: Priority | None = None
    skip_after_days: int | None = Field(None, ge=1, le=9999)


class Moved(Asked):
    towards: Literal["up", "down", "earlier", "later"]


class Order(Asked):
    """As on the page: `day:1`, the keys of its steps, `day:2`, and so on."""

    order: list[Line] = Field(max_length=1000)


class TestsAsked(Asked):
    person_id: Id | None = Field(
        None, description="As this person would get them; one of yours where nobody is named."
    )


class TestsSent(Shown):
    message_ids: list[int]
    email: str


class EffectShown(Shown):
    """What the changes mean for the people under way."""

    people: int
    earlier: int
    later: int
    skip: int
    more: int
    finish: int
    keep: int


@api.post("/campaigns/<int:campaign_id>/steps", edits=EDITS, status=200, example={"kind": "email", "day": 1})
def add_campaign_step(campaign_id: int, body: NewStep) -> CampaignShown:
    """A new step at the end of a day."""
    editing.add_step(work(), me(), campaign_id, body.kind, body.day)
    return get_campaign(campaign_id)


@api.patch(
    "/campaigns/<int:campaign_id>/steps/<key>", edits=EDITS, example={"details": "Ask about the offer."}
)
def change_campaign_step(campaign_id: int, key: str, body: ChangedStep) -> CampaignShown:
    """Its type, when it leaves, its words."""
    given = body.model_dump(exclude_unset=True)
    if body.kind is not None:
        editing.retype_step(work(), me(), campaign_id, key, body.kind)
    if given.keys() & SENDING:
        editing.choose_send(work(), me(), campaign_id, key, _choice(_step(campaign_id, key), body))
    if given.keys() & WORDS:
        editing.write_step(work(), me(), campaign_id, key, _words(campaign_id, _step(campaign_id, key), body))
    return get_campaign(campaign_id)


@api.delete("/campaigns/<int:campaign_id>/steps/<key>", edits=EDITS, status=200)
def delete_campaign_step(campaign_id: int, key: str) -> CampaignShown:
    """Take a step out; an earlier version brings it back."""
    editing.delete_step(work(), me(), campaign_id, key)
    return get_campaign(campaign_id)


@api.post("/campaigns/<int:campaign_id>/steps/<key>/move", edits=EDITS, example={"towards": "up"})
def move_campaign_step(campaign_id: int, key: str, body: Moved) -> CampaignShown:
    """Past its neighbour, or a whole day earlier or later."""
    editing.move_step(work(), me(), campaign_id, key, body.towards)
    return get_campaign(campaign_id)


@api.put("/campaigns/<int:campaign_id>/order", edits=EDITS, example={"order": ["day:1"]})
def order_campaign_steps(campaign_id: int, body: Order) -> CampaignShown:
    """All steps in a new order."""
    editing.place_steps(work(), me(), campaign_id, body.order)
    return get_campaign(campaign_id)


@api.post("/campaigns/<int:campaign_id>/versions/<int:number>/bring-back", edits=EDITS)
def bring_campaign_back(campaign_id: int, number: int) -> CampaignShown:
    """An earlier version, as a new one."""
    editing.bring_back(work(), me(), campaign_id, number)
    return get_campaign(campaign_id)


@api.get("/campaigns/<int:campaign_id>/effect")
def get_campaign_effect(campaign_id: int) -> EffectShown:
    """What the waiting changes would mean for the people under way. Nothing is changed."""
    return _effect(effect_of_changes(work(), campaign_of(work().session, me(), campaign_id)))


@api.post("/campaigns/<int:campaign_id>/apply", edits=EDITS)
def apply_campaign_changes(campaign_id: int) -> EffectShown:
    """Put the waiting changes into force, also for the people under way."""
    return _effect(change_campaign(work(), me(), campaign_id))


@api.post("/campaigns/<int:campaign_id>/discard", edits=EDITS)
def discard_campaign_changes(campaign_id: int) -> CampaignShown:
    """Throw the waiting changes away."""
    discard_changes(work(), me(), campaign_id)
    return get_campaign(campaign_id)


@api.post("/campaigns/<int:campaign_id>/tests", status=201, example={})
def send_campaign_tests(campaign_id: int, body: TestsAsked) -> TestsSent:
    """Send every e-mail of the newest version to yourself."""
    sent = send_tests(work(), me(), campaign_id, body.person_id)
    work().session.flush()
    return TestsSent(message_ids=[message.id for message in sent], email=me().email)


def _step(campaign_id: int, key: str) -> StepDraft:
    campaign = campaign_of(work().session, me(), campaign_id)
    return step_of(drafts_of(newest(work().session, campaign)), key)


def _choice(step: StepDraft, body: ChangedStep) -> SendChoice:
    given = body.model_dump(include=SENDING, exclude_unset=True)
    return SendChoice(**{**{name: getattr(step, name) for name in SENDING}, **given})


def _words(campaign_id: int, step: StepDraft, body: ChangedStep) -> StepWords:
    """What the step says, or its variant of this letter, with what is given over it."""
    said = variant_of(step, body.variant) if body.variant is not None else step
    content = content_of(work().session.get(Wording, said.wording_id) if said.wording_id else None)
    written = {"subject": content.subject, "html": content.html, "text": content.text}
    kept = {name: getattr(step, name) for name in WORDS - {*written, "files", "variant", "from_template"}}
    given = body.model_dump(include=WORDS - {"files"}, exclude_unset=True)
    known = {**written, **kept, "from_template": said.from_template, "bundle_id": content.bundle_id}
    return StepWords(**{**known, **given, **_files(campaign_id, body)})


def _files(campaign_id: int, body: ChangedStep) -> dict[str, int | None]:
    if body.files is None:
        return {}
    team_id = campaign_of(work().session, me(), campaign_id).team_id
    return {"bundle_id": bundle_of(body.files, team_id)}


def _effect(effect: Effect) -> EffectShown:
    return EffectShown.model_validate(effect)


SENDING = {"send", "at", "if_past", "follow_up", "quote"}
WORDS = {
    "subject",
    "html",
    "text",
    "from_template",
    "name",
    "details",
    "priority",
    "skip_after_days",
    "files",
    "cc",
    "bcc",
    "variant",
}
