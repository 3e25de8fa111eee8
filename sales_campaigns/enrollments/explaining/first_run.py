"""The first run of an installation: four steps, each with its state as it is now. Only reads."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import Instance, Mailbox, MailboxState, User
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.states import LEFT
from sales_campaigns.people.models import Person


@dataclass(frozen=True, slots=True)
class FirstRun:
    """Whether each thing is there, for this administrator and team; `put_away` when somebody has dismissed it."""

    named: bool
    zone: bool
    mailbox: bool
    test_waits: bool
    test_left: bool
    people: bool
    campaign: bool
    put_away: bool

    @property
    def steps(self) -> tuple[bool, bool, bool, bool]:
        """Account and zone; mailbox and a test; people; a campaign."""
        return self.named and self.zone, self.mailbox and self.test_left, self.people, self.campaign

    @property
    def shown(self) -> bool:
        """The rule: shown on Today until it is complete or an administrator has dismissed it."""
        return not (self.put_away or all(self.steps))


def first_run(session: Session, user: User) -> FirstRun:
    """As things stand; one query."""
    mine = sa.exists().where(Mailbox.user_id == user.id, Mailbox.state == MailboxState.CONNECTED)
    test = (Message.sender_id == user.id, Message.proof, Message.email == user.email.lower())
    others = (Person.team_id == user.team_id, Person.deleted_at.is_(None), Person.email != user.email)
    row = session.execute(
        sa.select(
            mine,
            sa.exists().where(*test),
            sa.exists().where(*test, Message.state.in_(LEFT)),
            sa.exists().where(*others),
            sa.exists().where(Campaign.team_id == user.team_id),
            sa.exists().where(Instance.id == 1, Instance.set_up_at.is_not(None)),
        )
    ).one()
    return FirstRun(bool(user.first_name), user.zone != "UTC", *map(bool, row))
