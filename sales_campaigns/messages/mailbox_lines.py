"""Reading mailboxes with what waits in them and who has stopped them."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.accounts.roles import may, sees_every_team
from sales_campaigns.messages.models import Cause, Message, Stop
from sales_campaigns.messages.states import WAITING


@dataclass(frozen=True, slots=True)
class MailboxLine:
    """One mailbox: whose it is, how many mails wait in it, and the stop of whoever stopped it."""

    mailbox: Mailbox
    owner: User
    waiting: int
    stop: Stop | None


def mailbox_lines(session: Session, actor: User) -> list[MailboxLine]:
    """One's own, for administrators those of the team, for those of the installation all; one query, by address."""
    waiting = (
        sa.select(sa.func.count())
        .where(Message.mailbox_id == Mailbox.id, Message.state.in_(WAITING))
        .correlate(Mailbox)
        .scalar_subquery()
    )
    stopped = sa.and_(Stop.kind == "mailbox", Stop.key == Mailbox.id, Stop.cause == Cause.STOPPED)
    query = (
        sa.select(Mailbox, User, waiting, Stop)
        .join(User, User.id == Mailbox.user_id)
        .outerjoin(Stop, stopped)
        .options(orm.lazyload(Mailbox.user), orm.lazyload(User.team))
        .order_by(Mailbox.address)
    )
    if not may(actor, "manage_team"):
        query = query.where(Mailbox.user_id == actor.id)
    elif not sees_every_team(actor):
        query = query.where(User.team_id == actor.team_id)
    return [MailboxLine(*row) for row in session.execute(query)]
