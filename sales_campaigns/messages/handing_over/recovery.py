"""What a dead process left behind: only claimed goes back, begun is uncertain. Nothing is ever sent twice by itself."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from sales_campaigns.activity import append_many
from sales_campaigns.clock import machine_now
from sales_campaigns.lifecycle import move_many
from sales_campaigns.messages.handing_over.claiming import Claim
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.handing_over.gate import Passed
from sales_campaigns.messages.handing_over.journal import Left, left_behind
from sales_campaigns.messages.handing_over.recording import Answer, record_hand_overs
from sales_campaigns.messages.handing_over.settling_together import IN_HAND
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.messages.states import IN_FLIGHT, MESSAGE
from sales_campaigns.messages.telling import about
from sales_campaigns.unit_of_work import UnitOfWork, unit_of_work

RECOVERIES = 3
SET_ASIDE = (
    "Three processes ended while they were about to send this mail, so it is not tried again by itself."
)
LOST = "The process that was sending it ended before the server's answer was written down."


def recover(uow: UnitOfWork, *, everything: bool = False) -> tuple[int, int]:
    """Take over expired leases; `everything` at the start of the only process, when all leases are of a dead one.

    Returns (sent back to pending, now uncertain). A message whose hand-over had begun may have left: only the
    server or a person can say, so it is shown and never sent again by itself.
    """
    expired = sa.true() if everything else Message.lease_until < machine_now()
    if not uow.session.scalar(sa.select(sa.exists().where(Message.state.in_(IN_FLIGHT), expired))):
        return 0, 0
    released = {"lease_until": None, "owner": None}
    _set_aside(uow, expired, **released)
    was_next = sa.case((Message.id.in_(_next_ones(uow, expired)), 1), else_=0)
    back = _take(uow, "return", expired, **released, recoveries=Message.recoveries + was_next)
    lost = _take(uow, "lose_sight", expired, **released, words=LOST)
    for message in uow.session.scalars(sa.select(Message).where(Message.id.in_(lost))):
        uow.record("message.uncertain", **about(message))
    return len(back), len(lost)


def _next_ones(uow: UnitOfWork, expired: sa.ColumnElement[bool]) -> list[int]:
    """The mails that dead processes would have looked at next, of each mailbox. Whatever ended them, it was none of
    those that they had only taken with it.
    """
    lane = (Message.owner, Message.mailbox_id)
    place = sa.func.row_number().over(partition_by=lane, order_by=(Message.act_at, Message.id))
    taken = sa.select(Message.id, place.label("place"))
    taken = taken.where(Message.state == MessageState.CLAIMED, expired)
    found = taken.subquery()
    return list(uow.session.scalars(sa.select(found.c.id).where(found.c.place == 1)))


def _set_aside(uow: UnitOfWork, those: sa.ColumnElement[bool], **released: Any) -> None:
    """The rule: three recoveries, then it is set aside: it may be what ends the processes. A person mends it."""
    again = sa.and_(Message.state == MessageState.CLAIMED, Message.recoveries >= RECOVERIES, those)
    aside = _take(uow, "cancel", again, **released, reason="set_aside", words=SET_ASIDE, ended_at=uow.now)
    rows = uow.session.scalars(sa.select(Message).where(Message.id.in_(aside)))
    told = {"data": {"reason": "set_aside", "words": SET_ASIDE}}
    append_many(uow.session, uow.now, "message.cancelled", [{**about(row), **told} for row in rows])


def settle_journals(room: PostRoom) -> int:
    """Settle by every journal that a dead process left on this machine, each in a transaction of its own."""
    settled = 0
    for path in sorted(room.journals.glob("*.journal")) if room.journals else ():
        with left_behind(path) as left:
            if left is not None:
                with unit_of_work(room.sessions, room.clock) as uow:
                    settled += settle_from(uow, left)
    return settled


def settle_from(uow: UnitOfWork, left: Left) -> int:
    """Settle what a dead process of this machine had in hand by its own journal; how many it was.

    Answered: written down. Let through and never begun: back to pending, for the server cannot have got it. Begun and
    not answered: uncertain, as without a journal, but at once.
    """
    ours = {row.id: row for row in _in_hand(uow, left)}
    answered = [Answer(_passed(ours[id]), left.answered[id]) for id in ours.keys() & left.answered.keys()]
    record_hand_overs(uow, answered)
    never = [id for id in left.gated if id in ours and id not in left.begun and id not in left.answered]
    was_next = sa.case((Message.id.in_(never[:1]), 1), else_=0)
    values = {"lease_until": None, "owner": None, "recoveries": Message.recoveries + was_next}
    move_many(
        uow.session,
        MESSAGE,
        Message,
        "put_back",
        Message.id.in_(never),
        attempts=Message.attempts - 1,
        **values,
    )
    unknown = [id for id in ours if id in left.begun and id not in left.answered]
    lost = move_many(
        uow.session,
        MESSAGE,
        Message,
        "lose_sight",
        Message.id.in_(unknown),
        words=LOST,
        lease_until=None,
        owner=None,
    )
    for id in lost:
        uow.record("message.uncertain", **about(ours[id]))
    _return_the_rest(uow, left)
    return len(ours)


def _return_the_rest(uow: UnitOfWork, left: Left) -> None:
    """What it had taken with them and not come to is free at once. One that was at the gate may be what ended it."""
    boxes = sa.select(Message.mailbox_id).where(Message.id.in_(left.gated))
    claimed = (Message.owner == left.owner, Message.mailbox_id.in_(boxes))
    at_gate = sa.select(Message.id).where(
        *claimed, Message.state == MessageState.CLAIMED, Message.id.in_(left.gated)
    )
    first = uow.session.scalars(at_gate.order_by(Message.act_at, Message.id).limit(1)).all()
    _set_aside(uow, sa.and_(*claimed, Message.id.in_(first)), lease_until=None, owner=None)
    counted = Message.recoveries + sa.case((Message.id.in_(first), 1), else_=0)
    move_many(
        uow.session, MESSAGE, Message, "return", *claimed, recoveries=counted, lease_until=None, owner=None
    )


def _in_hand(uow: UnitOfWork, left: Left) -> list[Message]:
    """Those it let through whose claim is still the newest; not settled, or settled as uncertain for want of this."""
    rows = uow.session.scalars(
        sa.select(Message)
        .where(Message.id.in_(left.gated), Message.state.in_(IN_HAND))
        .order_by(Message.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return [row for row in rows if row.generation == left.gated[row.id]]


def _passed(message: Message) -> Passed:
    claim = Claim(message.id, "", message.generation, 0, ())
    return Passed(claim, message.attempts, about(message), message.mailbox_id)


def _take(uow: UnitOfWork, event: str, expired: sa.ColumnElement[bool], **also: Any) -> list[int]:
    """Make this move with what nobody else is working on: a late answer that is being written comes first."""
    free = (
        sa.select(Message.id)
        .where(Message.state.in_(MESSAGE.sources(event)), expired)
        .with_for_update(skip_locked=True)
    )
    return move_many(uow.session, MESSAGE, Message, event, Message.id.in_(free), **also)
