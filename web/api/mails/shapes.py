"""Mails as programs see them."""

from __future__ import annotations

from typing import ClassVar

from pydantic import AwareDatetime, Field

from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.messages.outbox.folders import Folder
from web.api.protocol.shapes import Shown


class AttemptShown(Shown):
    number: int
    at: AwareDatetime
    outcome: str
    code: int | None
    enhanced: str | None
    words: str


class MessageShown(Shown):
    PASSING: ClassVar[frozenset[str]] = frozenset({"folder"})

    id: int
    folder: Folder
    state: MessageState
    email: str
    person_id: int
    sender_id: int
    mailbox_id: int
    delivery_id: int
    campaign_id: int | None
    enrollment_id: int | None
    step_key: str | None
    subject: str
    cc: str
    bcc: str
    message_id: str | None = Field(description="Its Message-ID, once it was handed over.")
    due_at: AwareDatetime
    valid_until: AwareDatetime
    sent_at: AwareDatetime | None
    ended_at: AwareDatetime | None
    archived_at: AwareDatetime | None
    succeeded_at: AwareDatetime | None
    attempts: int
    reason: str
    words: str = Field(description="What the server said, or why it did not leave.")


class MessageWhole(MessageShown):
    tries: list[AttemptShown]
    files: str = Field(description="The digest of the files that go along; empty for none.")


def message_shown(message: Message, folder: Folder) -> MessageShown:
    kept = {
        name: getattr(message, name)
        for name in MessageShown.model_fields
        if name not in {"folder", "subject"}
    }
    return MessageShown(**kept, folder=folder, subject=message.subject or message.edited_subject or "")
