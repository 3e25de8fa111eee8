"""When this happened, then do that: the only table across topics. Rows are claimed, never read by a cursor."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sqlalchemy as sa

from sales_campaigns.activity import Activity
from sales_campaigns.claims import claim
from sales_campaigns.enrollments.progress import messages_ended
from sales_campaigns.unit_of_work import UnitOfWork

BATCH = 200


def _steps_go_on(uow: UnitOfWork, happened: Sequence[Activity]) -> None:
    one_by_one = [row.message_id for row in happened if row.message_id]
    messages_ended(uow, [*one_by_one, *(id for row in happened for id in row.data.get("messages", ()))])


REACTIONS: dict[str, tuple[Callable[[UnitOfWork, Sequence[Activity]], None], ...]] = {
    "message.sent": (_steps_go_on,),
    "messages.sent": (_steps_go_on,),
    "message.failed": (_steps_go_on,),
    "message.cancelled": (_steps_go_on,),
    "message.expired": (_steps_go_on,),
}


def react(uow: UnitOfWork) -> int:
    """React to one batch of what happened, in order; how many rows there were."""
    ids = claim(
        uow.session,
        Activity,
        Activity.awaited,
        Activity.reacted_at.is_(None),
        order=(Activity.id,),
        limit=BATCH,
        values={"reacted_at": uow.now},
    )
    rows = uow.session.scalars(sa.select(Activity).where(Activity.id.in_(ids)).order_by(Activity.id)).all()
    for kind in dict.fromkeys(row.kind for row in rows):
        same = [row for row in rows if row.kind == kind]
        for reaction in REACTIONS.get(kind, ()):
            reaction(uow, same)
    return len(ids)
