"""The Live Feed, and the audit log."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from sales_campaigns.accounts.audit import Asked as AuditAsked
from sales_campaigns.accounts.audit import audit_page
from sales_campaigns.accounts.roles import require
from sales_campaigns.live_feed import feed
from web.api.desk.shapes import EventShown, event_shown
from web.api.protocol import cursors
from web.api.protocol.operations import Area
from web.api.protocol.shapes import AskedPage, Id, Instant, Page, Shown
from web.request_scope import me, work

api = Area("desk", "")


class FeedAsked(AskedPage):
    scope: Literal["mine", "team"] = "mine"
    about: Literal["", "mails", "tasks", "campaigns", "notes"] = ""


class AuditPageAsked(AskedPage):
    user_id: Id | None = None
    topic: str = Field("", max_length=40)
    since: Instant | None = None
    until: Instant | None = None


class AuditLineShown(Shown):
    id: int
    at: AwareDatetime
    kind: str
    who: str
    team: str
    person_id: int | None
    campaign_id: int | None
    details: list[str]


@api.get("/feed")
def list_feed(query: FeedAsked) -> Page[EventShown]:
    """What happens, the newest first."""
    before = cursors.read(query.after, int)
    lines = feed(work().session, me(), query.scope, about=query.about, before=before, limit=query.limit)
    more = lines[-1].id if len(lines) == query.limit else None
    return Page[EventShown](items=[event_shown(line) for line in lines], after=cursors.written(more))


@api.get("/audit")
def list_audit(query: AuditPageAsked) -> Page[AuditLineShown]:
    """Who did what, the newest first; for administrators of the team."""
    require(me(), "see_team")
    asked = AuditAsked(query.user_id, query.topic, since=query.since, until=query.until)
    lines = audit_page(work().session, me(), asked, before=cursors.read(query.after, int), limit=query.limit)
    more = lines[-1].id if len(lines) == query.limit else None
    return Page[AuditLineShown](
        items=[AuditLineShown.model_validate(line) for line in lines], after=cursors.written(more)
    )
