"""Where relays report what became of mails: signed, without cookies, the same however often it comes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from flask import Blueprint, Response, request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from sales_campaigns.clock import machine_now
from sales_campaigns.enrollments.answers.relay_events import relay_events_came
from sales_campaigns.errors import Invalid, NotAllowed, NotFound
from sales_campaigns.ports.programs import RelayEvent
from sales_campaigns.webhooks.signing import is_signed
from web.api.protocol.reading import body_bytes
from web.request_scope import outside, settings, work

Words = Annotated[str, Field(max_length=1000, pattern="^[^\x00]*$")]


class Told(BaseModel):
    """One event in the words of the product; docs/webhooks.md shows one."""

    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, Field(min_length=1, max_length=180, pattern="^[^\x00]*$")]
    kind: Literal["delivered", "delayed", "failed", "complaint"]
    message_id: Annotated[str, Field(max_length=500, pattern="^[^\x00]*$")]
    code: int | None = Field(None, ge=200, lt=600)
    enhanced: Annotated[str, Field(max_length=12, pattern=r"^[0-9.]*$")] = ""
    words: Words = ""
    recipient: Annotated[str, Field(max_length=320, pattern="^[^\x00]*$"), AfterValidator(str.lower)] = ""


class ToldMany(BaseModel):
    model_config = ConfigDict(extra="forbid")

    events: Annotated[list[Told], Field(max_length=1000)]


def add_to(pages: Blueprint) -> None:
    pages.add_url_rule("/api/events/<relay>", "relay_events", relay_events, methods=["POST"])


def relay_events(relay: str) -> Response:
    """The rule: feedback may come in any order, any number of times; the end state is the same."""
    body = body_bytes()
    relay_events_came(work(), _generic(body) if relay == "generic" else _of(relay, body))
    return Response(status=204)


def _generic(body: bytes) -> Sequence[RelayEvent]:
    """Signed with RELAY_EVENTS_SECRET as our own webhooks are."""
    secret = settings().relay_events_secret
    if not secret:
        raise NotFound
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    call, timestamp, signatures = (request.headers.get(name, "") for name in names)
    if not is_signed(secret, (call, timestamp, signatures), body, int(machine_now().timestamp())):
        raise NotAllowed("The signature does not fit, or it is older than five minutes.")
    try:
        told = ToldMany.model_validate_json(body)
    except ValidationError as error:
        raise Invalid({".".join(map(str, one["loc"])): one["msg"] for one in error.errors()}) from None
    return [RelayEvent(**one.model_dump()) for one in told.events]


def _of(relay: str, body: bytes) -> Sequence[RelayEvent]:
    reader = outside().relays.get(relay)
    if reader is None:
        raise NotFound
    return reader.read(body)
