"""What happened, as programs see it."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime

from sales_campaigns.live_feed import FeedLine
from web.api.protocol.shapes import Shown


class EventShown(Shown):
    id: int
    at: AwareDatetime
    kind: str
    actor: str
    person_id: int | None
    person: str
    subject: str
    source: str
    task: str
    message_id: int | None
    task_id: int | None
    campaign_id: int | None
    data: dict[str, Any]


def event_shown(line: FeedLine) -> EventShown:
    person = line.person
    known = {
        name: getattr(line, name) for name in EventShown.model_fields if name not in {"person", "person_id"}
    }
    return EventShown(**known, person_id=person.id if person else None, person=person.name if person else "")
