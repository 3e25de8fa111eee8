"""Another daily limit for a mailbox: what the old one put off comes back where there is room now."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from sales_campaigns.accounts.mailboxes import limit_mailbox, mailbox_of
from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.campaigns.planner import Assumptions, Planned, next_slot, plan
from sales_campaigns.enrollments.daily_limits import take_turns, within_limits
from sales_campaigns.enrollments.models import StepRun, StepRunState
from sales_campaigns.enrollments.scheduling import give_date
from sales_campaigns.enrollments.ways import Due, Way, ways_of
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.unit_of_work import UnitOfWork

CHUNK = 500


def change_limit(uow: UnitOfWork, actor: User, typed: str) -> Mailbox:
    """Raises Invalid, NotFound without a mailbox. A lower limit holds for what is planned from now on."""
    mailbox = mailbox_of(uow.session, actor)
    before = mailbox.daily_limit if mailbox is not None else 0
    mailbox = limit_mailbox(uow, actor, typed)
    if mailbox.daily_limit > before:
        _bring_back(uow, mailbox)
    return mailbox


def _bring_back(uow: UnitOfWork, mailbox: Mailbox) -> None:
    """Those planned first come first, so that a chunk never takes the place of one before it."""
    uow.session.flush()
    put_off = uow.session.execute(
        sa.select(StepRun.enrollment_id, StepRun.message_id)
        .join(Message, Message.id == StepRun.message_id)
        .where(Message.mailbox_id == mailbox.id, Message.state == MessageState.PENDING)
        .where(StepRun.state == StepRunState.SCHEDULED, Message.due_at > uow.now)
        .where(sa.cast(StepRun.moved, sa.Text).contains('"limit"'))
        .order_by(Message.due_at, Message.id)
    ).all()
    for first in range(0, len(put_off), CHUNK):
        chunk = put_off[first : first + CHUNK]
        ids = {row.message_id for row in chunk}
        ways = ways_of(uow.session, [row.enrollment_id for row in chunk])
        mails = [due for way in ways for due in _own_days(uow, way, ids)]
        take_turns(uow.session, mails)
        for due in within_limits(uow.session, mails, uow.now, ids):
            give_date(uow, due)


def _own_days(uow: UnitOfWork, way: Way, message_ids: set[int]) -> Iterator[Due]:
    """The mails where they would stand without any limit, never in the past."""
    assume = Assumptions(reachable=bool(way.enrollment.email))
    for planned in plan(way.outline, way.start, way.over, assume):
        step = way.steps[planned.index]
        run = way.runs.get(step.key)
        if run is not None and run.message_id in message_ids:
            yield Due(way, step, _still_ahead(uow, way, planned))


def _still_ahead(uow: UnitOfWork, way: Way, planned: Planned) -> Planned:
    return planned if planned.at > uow.now else next_slot(way.outline, way.start, planned, uow.now)
