"""A mailbox that is not connected: its people wait, are held when it lasts, and go on once it is connected again."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.authorising.granting import forget_grant, keep_grant
from sales_campaigns.accounts.channels.models import why_not_as
from sales_campaigns.accounts.mailboxes import (
    BY_CONSENT,
    MailboxSettings,
    connect_mailbox,
    mailbox_of,
    works_again,
)
from sales_campaigns.accounts.models import Mailbox, MailboxState, User
from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.enrollments.holding import AWAY, NOT_CONNECTED, hold, tell
from sales_campaigns.enrollments.models import Enrollment, EnrollmentState
from sales_campaigns.enrollments.pausing import plan_again
from sales_campaigns.enrollments.states import ENROLLMENT
from sales_campaigns.errors import IllegalMove
from sales_campaigns.lifecycle import move_many
from sales_campaigns.messages.holds import release
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.messages.states import WAITING
from sales_campaigns.messages.stops.catching_up import catch_up
from sales_campaigns.ports import Granted
from sales_campaigns.unit_of_work import UnitOfWork

HELD_AFTER = timedelta(hours=4)  # as long as a mail may be late where a campaign says nothing else


def hold_disconnected(uow: UnitOfWork) -> int:
    """Hold the people of mailboxes that are not connected for four hours; how many.

    The rule: sender's mailbox disconnected: held, with an alert; an admin reassigns or ends.
    """
    boxes = list(uow.session.scalars(_lost(uow.now)))
    if not boxes:
        return 0
    active = Enrollment.state == EnrollmentState.ACTIVE
    return len(hold(uow, NOT_CONNECTED, Enrollment.mailbox_id.in_(boxes), active))


def next_hold(session: Session, after: datetime) -> datetime | None:
    """The next instant at which a mailbox is away for too long."""
    lost = sa.select(sa.func.min(Mailbox.lost_at, type_=Mailbox.lost_at.type)).where(
        Mailbox.state != MailboxState.CONNECTED, Mailbox.lost_at > after - HELD_AFTER
    )
    first = session.scalar(lost)
    return first + HELD_AFTER if first else None


def connect_and_go_on(uow: UnitOfWork, actor: User, settings: MailboxSettings, sealed_secret: str) -> Mailbox:
    """Keep what was tried with success; what waited goes on. Raises as `connect_mailbox`."""
    before = mailbox_of(uow.session, actor)
    if before is not None and before.provider in BY_CONSENT:
        forget_grant(uow, before)
        forget_drafts(uow, before)
    box = connect_mailbox(uow, actor, settings, sealed_secret)
    uow.session.flush()
    _go_on(uow, actor, box)
    return box


def consented_and_go_on(
    uow: UnitOfWork, actor: User, owner: User, provider: str, granted: Granted, seal: Seal, **how: bool
) -> Mailbox:
    """Keep what was granted for the owner's mailbox; what waited goes on. Raises as `keep_grant`, and NotAllowed."""
    known = mailbox_of(uow.session, owner)
    before = (known.provider, known.address) if known else None
    box = keep_grant(uow, owner, provider, granted, seal, **how)
    if before != (box.provider, box.address):
        forget_drafts(uow, box)
    works_again(uow, actor, box)
    uow.session.flush()
    _go_on(uow, actor, box)
    return box


def forget_drafts(uow: UnitOfWork, box: Mailbox) -> None:
    """What waits to leave leaves from the new mailbox, where the drafts of the former one are not known."""
    waits = (Message.mailbox_id == box.id, Message.state.in_(WAITING), Message.draft_id.is_not(None))
    uow.session.execute(sa.update(Message).where(*waits).values(draft_id=None))


def reconnect(uow: UnitOfWork, actor: User, box: Mailbox) -> int:
    """After a successful check, sending goes on; how many people get new dates. Raises NotAllowed, and IllegalMove
    where its channel or its identity cannot send.
    """
    if words := why_not_as(box, even_lost=False):
        raise IllegalMove(words)
    works_again(uow, actor, box)
    return _go_on(uow, actor, box)


def _go_on(uow: UnitOfWork, actor: User, box: Mailbox) -> int:
    """The rule: what came due meanwhile follows “never in the past” and “slip”, and so does a disconnected mailbox.

    After a short outage that is only what is later than its campaign allows; the rest leaves today, in turn.
    """
    ids = sorted({*_released(uow, actor, box), *_too_late(uow, box)})
    plan_again(uow, ids)
    catch_up(uow, Message.mailbox_id == box.id)
    return len(ids)


def _released(uow: UnitOfWork, actor: User, box: Mailbox) -> list[int]:
    """Those who were held for this reason; where the sender is gone too, they stay held for that one."""
    held = (
        Enrollment.mailbox_id == box.id,
        Enrollment.state == EnrollmentState.HELD,
        Enrollment.why == NOT_CONNECTED,
    )
    if not box.user.active:
        uow.session.execute(sa.update(Enrollment).where(*held).values(why=AWAY))
        return []
    ids = sorted(move_many(uow.session, ENROLLMENT, Enrollment, "resume", *held, why=""))
    release(uow.session, "enrollment", ids)
    tell(uow, "enrollment.active", ids, actor.id, cause="connected")
    return ids


def _too_late(uow: UnitOfWork, box: Mailbox) -> list[int]:
    query = (
        sa.select(Enrollment.id)
        .join(Message, Message.enrollment_id == Enrollment.id)
        .where(
            Message.mailbox_id == box.id,
            Message.state == MessageState.PENDING,
            Message.attempts == 0,
            Message.late_at < uow.now,
            Enrollment.state == EnrollmentState.ACTIVE,
        )
    )
    return list(uow.session.scalars(query))


def _lost(now: datetime) -> sa.Select[int]:
    """Mailboxes that are not connected for too long, and still have people on the way."""
    going = sa.exists().where(Enrollment.mailbox_id == Mailbox.id, Enrollment.state == EnrollmentState.ACTIVE)
    return sa.select(Mailbox.id).where(
        Mailbox.state != MailboxState.CONNECTED, Mailbox.lost_at <= now - HELD_AFTER, going
    )
