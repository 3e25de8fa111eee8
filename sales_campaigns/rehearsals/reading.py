"""Reads of rehearsals for the page: one, the latest of a campaign, its mails."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session, defer

from sales_campaigns.accounts.models import User
from sales_campaigns.campaigns.listing import campaign_of
from sales_campaigns.errors import NotFound
from sales_campaigns.rehearsals.models import Rehearsal, RehearsedMail

LATEST = 10


def rehearsal_of(session: Session, actor: User, campaign_id: int, rehearsal_id: int) -> Rehearsal:
    """Raises NotFound for one of another campaign or another team."""
    campaign = campaign_of(session, actor, campaign_id)
    found = session.get(Rehearsal, rehearsal_id)
    if found is None or found.campaign_id != campaign.id:
        raise NotFound
    return found


def latest_rehearsals(session: Session, campaign_id: int) -> Sequence[Rehearsal]:
    """The newest first."""
    query = sa.select(Rehearsal).where(Rehearsal.campaign_id == campaign_id)
    return session.scalars(query.order_by(Rehearsal.id.desc()).limit(LATEST)).all()


def mails_of(session: Session, rehearsal: Rehearsal) -> Sequence[RehearsedMail]:
    """All, in the order in which they left or came back, without their words."""
    query = sa.select(RehearsedMail).where(RehearsedMail.rehearsal_id == rehearsal.id)
    query = query.options(defer(RehearsedMail.html), defer(RehearsedMail.text))
    return session.scalars(query.order_by(RehearsedMail.at, RehearsedMail.id)).all()


def mail_of(session: Session, rehearsal: Rehearsal, mail_id: int) -> RehearsedMail:
    """Raises NotFound for a mail of another rehearsal."""
    found = session.get(RehearsedMail, mail_id)
    if found is None or found.rehearsal_id != rehearsal.id:
        raise NotFound
    return found


def thread_of(session: Session, rehearsal: Rehearsal, mail: RehearsedMail) -> list[RehearsedMail]:
    """The mails of one conversation, oldest first: those that lead to this one and those that answer to it."""
    mails = mails_of(session, rehearsal)
    roots: dict[str, str] = {}
    for one in mails:
        roots[one.message_id] = roots.get(one.in_reply_to, one.message_id)
    return [one for one in mails if roots[one.message_id] == roots[mail.message_id]]
