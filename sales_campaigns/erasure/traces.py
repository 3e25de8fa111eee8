"""Where something about a person is kept: every table, the way from it to the person, and what erasing leaves of it.

A test walks the schema: a table that leads to a person, a message, a task or an enrollment stands here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from sales_campaigns.schema import METADATA

ERASED = "Somebody who was erased"
OWN_ADDRESS = object()  # the address becomes its pseudonym


@dataclass(frozen=True, slots=True)
class Trace:
    """`by` is the column that leads to the person, or to a row that does. What `values` do not name stays as it is.

    `goes`: nothing counts these rows, so they are removed.
    """

    table: str
    by: str = "person_id"
    values: Mapping[str, Any] = field(default_factory=dict)
    goes: bool = False

    @property
    def rows(self) -> sa.Table:
        return METADATA.tables[self.table]


NAMES = dict.fromkeys(
    ("first_name", "last_name", "company", "title", "phone", "linkedin_url", "zone", "pinned_note"), ""
)
TRACES: tuple[Trace, ...] = (
    Trace("person", "id", {"email": "", "consent": None, "custom": {}, "import_id": None, **NAMES}),
    Trace("address", "id", {"trouble": "", "error_reason": "", "allowed_at": None}),
    Trace("subscription_change", "address_id", {"reason": ""}),
    Trace("recipient"),
    Trace("group_member", goes=True),
    Trace("draft", goes=True),
    Trace("mailbox_draft", goes=True),
    Trace("comeback", goes=True),
    Trace("test_profile", values={"person_id": None}),
    Trace("exclusion", values={"words": ""}),
    Trace("enrollment", values={"email": OWN_ADDRESS, "edited_subject": None, "edited_html": None}),
    Trace("step_run", "enrollment_id"),
    Trace("way_change", "enrollment_id"),
    Trace(
        "message",
        values={
            "email": OWN_ADDRESS,
            "edited_subject": None,
            "edited_html": None,
            "bundle_id": None,
            "cc": "",
            "bcc": "",
            "left_out": None,
            "subject": "",
            "mime": None,
            "recipe": None,
            "mime_hash": None,
            "words": "",
        },
    ),
    Trace("attempt", "message_id", {"words": ""}),
    Trace("tracking_event", "message_id", {"agent_hash": ""}),
    Trace(
        "received_mail",
        values={
            "from_email": "",
            "from_name": "",
            "subject": "",
            "text": "",
            "report": {},
            "raw": b"",
            "note": "",
        },
    ),
    Trace("task", values={"name": ERASED, "details": "", "note": ""}),
    Trace("task_change", "task_id", {"before": "", "after": ""}),
    Trace("rescued_task", "task_id"),
    Trace("notice", values={"words": ERASED}),
    Trace("crm_record", goes=True),  # what stands in the CRM is erased there
    Trace("webhook_call", "activity_id", goes=True),
    Trace("activity"),  # its data is gone through word by word: see `erasing`
)
