"""A due mail with its person, as the gate of a bulk lane reads it: columns in place of objects."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class DueMail(NamedTuple):
    """The columns of the message that the gate asks about, those of the person by the names of their fields.

    `named_email` is the address that the message names. `usual`: whether its wording is all it says. `cause` is what
    forbids writing to the person, None where nothing does.
    """

    id: int
    generation: int
    team_id: int
    delivery_id: int
    campaign_id: int | None
    enrollment_id: int | None
    person_id: int
    sender_id: int
    mailbox_id: int
    wording_id: int
    due_at: datetime
    act_at: datetime
    late_at: datetime | None
    valid_until: datetime
    attempts: int
    message_id: str | None
    created_at: datetime
    trace_id: str | None
    proof: bool
    replies_to_id: int | None
    named_email: str
    usual: bool
    email: str
    first_name: str
    last_name: str
    company: str
    title: str
    phone: str
    linkedin_url: str
    custom: dict[str, str] | None
    untracked: bool
    time_zone: str
    cause: str | None


OF_MESSAGE = DueMail._fields[: DueMail._fields.index("named_email")]
OF_PERSON = DueMail._fields[DueMail._fields.index("email") : DueMail._fields.index("time_zone")]
