"""What the recipient of a mail did with it: conditions on Message, for the lists of the outbox.

Tracking lies above messages, so its table is known by name, as people's engagement knows it.
"""

from __future__ import annotations

from enum import StrEnum

import sqlalchemy as sa

from sales_campaigns.messages.incoming.models import MailKind, ReceivedMail
from sales_campaigns.messages.models import Message
from sales_campaigns.people.engagement import EVENT


class Did(StrEnum):
    """A click implies an open."""

    OPENED = "opened"
    CLICKED = "clicked"
    REPLIED = "replied"


_COUNTED = {Did.OPENED: ("open", "mirror", "click"), Did.CLICKED: ("click",)}


def did_with_it(did: Did) -> sa.ColumnElement[bool]:
    """The rules: machines are left out; automatic replies are no replies."""
    if did is Did.REPLIED:
        return sa.exists().where(ReceivedMail.answers_id == Message.id, ReceivedMail.kind == MailKind.REPLY)
    return sa.exists().where(
        EVENT.c.message_id == Message.id, EVENT.c.machine == "", EVENT.c.kind.in_(_COUNTED[did])
    )
