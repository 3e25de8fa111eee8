"""Mails that are due, what became of them, and an outside in which something happens at the worst moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import sqlalchemy as sa

from sales_campaigns.enrollments.launches.launching import Order, launch
from sales_campaigns.messages.handing_over.dispatching import PostRoom, dispatch
from sales_campaigns.messages.handing_over.due_mail import mailboxes_with_due_mail
from sales_campaigns.messages.models import Attempt, Message
from sales_campaigns.ports import (
    Capabilities,
    HandOver,
    MailAccount,
    MailProvider,
    MailProviders,
    OutgoingMail,
)
from tests.builders import a_campaign, a_mail
from tests.cast import Cast, a_person
from tests.conftest import Work


def due_mails(
    work: Work, cast: Cast, *emails: str, later_steps: int = 0, name: str = "Q4 outreach"
) -> list[int]:
    """Ana launches a campaign for people with these addresses; the ids of their first mails, due now."""
    with work() as uow:
        steps = [a_mail(uow, 1), *(a_mail(uow, day + 2, at="10:00") for day in range(later_steps))]
        campaign = a_campaign(uow, cast.ana, steps, name)
        people = [a_person(uow, cast.ana, email) for email in emails]
        launch(uow, cast.ana, Order(campaign.id, [person.id for person in people]))
        return list(uow.session.scalars(sa.select(Message.id).order_by(Message.id)))


def message(work: Work, message_id: int) -> Message:
    with work() as uow:
        return uow.session.get_one(Message, message_id)


def states(work: Work) -> list[str]:
    """The states of all messages, in order of their ids."""
    with work() as uow:
        return [str(state) for state in uow.session.scalars(sa.select(Message.state).order_by(Message.id))]


def attempts(work: Work) -> list[Attempt]:
    with work() as uow:
        return list(uow.session.scalars(sa.select(Attempt).order_by(Attempt.id)))


def send(room: PostRoom) -> int:
    """One round of dispatching: each mailbox with due mail sends one batch."""
    with room.reads() as session:
        boxes = mailboxes_with_due_mail(session, room.clock.now())
    return sum(dispatch(room, box) for box in boxes)


Happening = Callable[[OutgoingMail], None]


@dataclass
class Meanwhile:
    """The real outside, but while a mail is being handed over, something happens before it or after it, or it `says`
    something else of it.
    """

    providers: MailProviders
    before: Happening = lambda _mail: None
    after: Happening = lambda _mail: None
    says: Callable[[HandOver], HandOver] = lambda answer: answer

    def open(self, account: MailAccount) -> MailProvider:
        return _Interrupted(self.providers.open(account), self)


@dataclass
class _Interrupted:
    provider: MailProvider
    meanwhile: Meanwhile
    capabilities: Capabilities = field(default_factory=Capabilities)

    def hand_over(self, mails: Sequence[OutgoingMail]) -> Iterator[HandOver]:
        for mail in mails:
            self.meanwhile.before(mail)
            answers = list(self.provider.hand_over([mail]))
            self.meanwhile.after(mail)
            yield from map(self.meanwhile.says, answers)

    def check(self) -> None:
        self.provider.check()

    def close(self) -> None:
        self.provider.close()


def nothing(_mail: OutgoingMail) -> None:
    """What happens meanwhile, mostly."""


def with_meanwhile(room: PostRoom, before: Happening = nothing, after: Happening = nothing) -> PostRoom:
    return replace(room, providers=Meanwhile(room.providers, before, after))


def once(act: Callable[[], object]) -> Happening:
    """The first time only."""
    left = [act]

    def happen(_mail: OutgoingMail) -> None:
        if left:
            left.pop()()

    return happen
