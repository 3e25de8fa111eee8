"""Mails that have left, and what became of them, written as rows: no server is needed to count."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from sales_campaigns.campaigns.drafts import StepDraft
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.enrollments.models import StepRun
from sales_campaigns.messages.incoming.models import MailKind, ReceivedMail
from sales_campaigns.messages.models import Message
from sales_campaigns.tracking.models import EventKind, TrackingEvent
from sales_campaigns.unit_of_work import UnitOfWork
from tests.builders import a_campaign, a_mail
from tests.cast import Cast, a_person


def sent_mails(
    uow: UnitOfWork, cast: Cast, *emails: str, step: StepDraft | None = None, name: str = "Q4 outreach"
) -> tuple[Campaign, list[Message]]:
    """A campaign of Ana's, and the first mails of these new people, which have left just now."""
    campaign = a_campaign(uow, cast.ana, [step or a_mail(uow, 1)], name)
    people = [a_person(uow, cast.ana, email, first_name=email.partition("@")[0].title()) for email in emails]
    launch(uow, cast.ana, Order(campaign.id, [person.id for person in people]))
    return campaign, leave(uow, campaign)


def leave(uow: UnitOfWork, campaign: Campaign) -> list[Message]:
    """Everything of the campaign that waits has left just now, as far as rows tell."""
    mine = Message.campaign_id == campaign.id
    runs = sa.select(Message.id).where(mine, Message.sent_at.is_(None))
    uow.session.execute(
        sa.update(StepRun)
        .where(StepRun.message_id.in_(runs))
        .values(state="done", sent_at=uow.now, over_at=uow.now)
        .execution_options(synchronize_session=False)
    )
    uow.session.execute(
        sa.update(Message)
        .where(mine, Message.sent_at.is_(None))
        .values(state="sent", sent_at=uow.now)
        .execution_options(synchronize_session=False)
    )
    left = sa.select(Message).where(mine).order_by(Message.person_id)
    return list(uow.session.scalars(left.execution_options(populate_existing=True)))


def did(
    uow: UnitOfWork, message: Message, *kinds: EventKind, at: datetime | None = None, machine: str = ""
) -> None:
    """These things were noticed of the mail, now or at another time."""
    uow.session.add_all(
        TrackingEvent(message_id=message.id, kind=kind, at=at or uow.now, machine=machine, told=True)
        for kind in kinds
    )
    uow.session.flush()


def answered(
    uow: UnitOfWork, messages: Sequence[Message], at: datetime | None = None, kind: MailKind = MailKind.REPLY
) -> None:
    """These mails were answered, by a person unless another `kind` is given."""
    for message in messages:
        uow.session.add(
            ReceivedMail(
                team_id=message.team_id,
                mailbox_id=message.mailbox_id,
                user_id=message.sender_id,
                uid=f"answer-{message.id}-{kind}",
                at=at or uow.now,
                kind=kind,
                answers_id=message.id,
                person_id=message.person_id,
                campaign_id=message.campaign_id,
                raw=b"Subject: Re\r\n\r\nYes",
            )
        )
    uow.session.flush()
