"""What the activity log is told of a message."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from sales_campaigns.messages.models import Message


def about(message: Message | sa.Row[Any]) -> dict[str, object]:
    """The columns of Activity that tell what a message is about. A row with the columns will do."""
    return {
        "team_id": message.team_id,
        "person_id": message.person_id,
        "campaign_id": message.campaign_id,
        "enrollment_id": message.enrollment_id,
        "message_id": message.id,
    }
