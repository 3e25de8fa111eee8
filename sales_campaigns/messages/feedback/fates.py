"""What became of a message as logs and figures tell it: derived from its facts and from the mode of its channel.

The two tables of the feedback service. Where the channel confirms deliveries, what was handed over is open until its
delivery is reported, and a soft bounce counts as failed while it is tried again. Where it does not, what was handed
over counts as delivered until it has failed for good.
"""

from __future__ import annotations

from enum import StrEnum

import sqlalchemy as sa

from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.messages.states import IN_FLIGHT, WAITING

OVER = frozenset({MessageState.CANCELLED, MessageState.EXPIRED})


class Fate(StrEnum):
    WAITS = "waits"
    IN_FLIGHT = "in_flight"
    RELAYED = "relayed"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNCERTAIN = "uncertain"


def fate_of() -> sa.Case[str]:
    """A column over Message. “Soft retries end” also where they were stopped, or ran out while they were held."""
    came_back = Message.came_back_at.is_not(None)
    return sa.case(
        (Message.state == MessageState.FAILED, sa.literal_column("'failed'")),
        (Message.state == MessageState.UNCERTAIN, sa.literal_column("'uncertain'")),
        (sa.and_(came_back, Message.state.in_(OVER)), sa.literal_column("'failed'")),
        (Message.state.in_(OVER), sa.literal_column("'cancelled'")),
        (Message.state == MessageState.SENT, sa.literal_column("'sent'")),
        (sa.and_(came_back, Message.confirms), sa.literal_column("'failed'")),
        (came_back, sa.literal_column("'sent'")),
        (Message.state == MessageState.RELAYED, sa.literal_column("'relayed'")),
        (Message.state.in_(IN_FLIGHT), sa.literal_column("'in_flight'")),
        else_=sa.literal_column("'waits'"),
    )


def is_tried_again(message: Message) -> bool:
    """Whether it came back and is not settled yet: its line says so, beside Failed or Sent."""
    return message.came_back_at is not None and message.state in WAITING | IN_FLIGHT | {MessageState.RELAYED}
