"""The whole way of many mails: out of the outbox, through a stock Postfix, and what comes back matched to its mail."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from integrations import imap
from integrations.directory import connected
from integrations.smtp import Settings
from sales_campaigns.absence.reconnecting import reconnect
from sales_campaigns.accounts.models import Inbox, Mailbox, MailboxState, Role, User
from sales_campaigns.clock import VirtualClock, machine_now, machine_seconds
from sales_campaigns.messages.handing_over.dispatching import PostRoom
from sales_campaigns.messages.incoming.facts import parsed
from sales_campaigns.messages.incoming.models import ReceivedMail
from sales_campaigns.messages.incoming.reports import ReportKind, reports_of
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.states import WAITING
from sales_campaigns.unit_of_work import UnitOfWork, unit_of_work
from scheduler.fast_forward import next_due
from scheduler.jobs import run_until_quiet
from tests.conftest import Work
from tests.mta.places import PASSWORD
from tests.mta.post_office import ANA, PostOffice


@dataclass(frozen=True)
class Fate:
    """What becomes of a mail to such an address (policy.py): the state it ends in, and what comes back about it.

    `confirmed`: the server reports the delivery itself.
    """

    name: str
    state: str
    received: tuple[str, ...] = ()
    confirmed: bool = False

    def address(self, number: int) -> str:
        kind, _, domain = self.name.partition("@")
        return f"{kind}{number}@{domain}.example"


FATES = (
    Fate("maria@there", "sent", ("receipt",), confirmed=True),
    Fate("nobody@here", "failed"),
    Fate("full@here", "sent", ("receipt",), confirmed=True),
    Fate("stuffed@here", "failed"),
    Fate("nobody@there", "failed", ("bounce",)),
    Fate("refused@there", "failed", ("bounce",)),
    Fate("full@there", "sent", ("delay", "receipt"), confirmed=True),
    Fate("stuffed@there", "failed", ("bounce", "delay")),
    Fate("reply@there", "sent", ("receipt", "reply"), confirmed=True),
    Fate("away@there", "sent", ("auto_reply", "receipt"), confirmed=True),
)
AT_A_TIME = timedelta(minutes=4)  # not so long that it would be taken for an outage of the product
KEPT = sum(len(fate.received) for fate in FATES)


def addresses(each: int) -> list[str]:
    return [fate.address(number) for number in range(1, each + 1) for fate in FATES]


def move_in(uow: UnitOfWork, office: PostOffice, room: PostRoom, box: Mailbox) -> Inbox:
    """Ana's mailbox sends through this post office and is read there."""
    box.address, box.host, box.port = ANA, "127.0.0.1", office.places.submission
    box.security, box.username, box.sealed_secret = "starttls", ANA, room.seal.close(PASSWORD)
    box.daily_limit = 1_000_000
    inbox = Inbox(mailbox=box, host="127.0.0.1", port=office.places.imap, security="starttls", username=ANA)
    inbox.look_at = machine_now()
    uow.session.add(inbox)
    uow.session.flush()
    return inbox


def is_due(work: Work) -> None:
    """Every inbox, to be looked into now."""
    with work() as uow:
        uow.session.execute(sa.update(Inbox).values(look_at=machine_now()))


@contextmanager
def working_with(office: PostOffice, room: PostRoom, *, notices: bool = True) -> Iterator[PostRoom]:
    """The room with real ways to this post office, that ask for `notices` of delivery."""
    mail = connected(Settings(ca_bundle=office.places.authorities, success_notices=notices))
    readers = imap.Readers(imap.Settings(ca_bundle=office.places.authorities))
    try:
        yield replace(room, providers=mail, readers=readers)
    finally:
        mail.close_all()
        readers.close_all()


def send_and_read(
    room: PostRoom, clock: VirtualClock, office: PostOffice, each: int, seconds: float, kept: int = KEPT
) -> None:
    """Work until everything has come back, `kept` mails for each set of fates; what was refused at the door, or waited
    for its mailbox, is tried again when it is due, hours and days later.
    """
    until = machine_seconds() + seconds
    while machine_seconds() < until:
        run_until_quiet(room)
        _connect_again(room)
        if _more_to_send(room) and (due := next_due(room, clock.now())) is not None:
            clock.move_to(max(due, clock.now() + AT_A_TIME))
        elif len(office.inbox()) >= kept * each and _kept(room) >= kept * each:
            return
        else:
            time.sleep(0.2)


def _more_to_send(room: PostRoom) -> bool:
    with room.reads() as session:
        return session.scalars(sa.select(sa.exists().where(Message.state.in_(WAITING)))).one()


def _kept(room: PostRoom) -> int:
    with room.reads() as session:
        return session.scalars(sa.select(sa.func.count(ReceivedMail.id))).one()


def _connect_again(room: PostRoom) -> None:
    """So many bounces stop a mailbox; an administrator lets it go on."""
    stopped = sa.select(Mailbox).where(Mailbox.state == MailboxState.STOPPED)
    with unit_of_work(room.sessions, room.clock) as uow:
        cleo = uow.session.scalars(sa.select(User).where(User.role == Role.ADMINISTRATOR).limit(1)).one()
        for box in uow.session.scalars(stopped).all():
            reconnect(uow, cleo, box)


def wrongs(session: Session, office: PostOffice, each: int) -> list[str]:
    """One sentence for each mail that did not end as it must, or about which something else came back."""
    confirmed = deliveries(office.inbox())
    mails = {mail.email: mail for mail in session.scalars(sa.select(Message))}
    came = session.execute(sa.select(ReceivedMail.answers_id, ReceivedMail.kind)).all()
    wrong = [f"{kind.value} without its mail" for id, kind in came if id is None]
    wrong += [f"{email}: {copies} copies" for email, copies in office.arrived().items() if copies > 1]
    for fate in FATES:
        for number in range(1, each + 1):
            mail = mails[fate.address(number)]
            kinds = sorted(kind.value for id, kind in came if id == mail.id)
            found = (mail.state.value, tuple(kinds), mail.message_id in confirmed)
            if found != (fate.state, fate.received, fate.confirmed):
                wrong.append(f"{mail.email}: {found}")
    return wrong


def deliveries(raws: Sequence[bytes]) -> set[str]:
    """The Message-IDs of which a server reported the delivery."""
    reports = [report for raw in raws for report in reports_of(parsed(raw))]
    return {report.original_message_id for report in reports if report.kind is ReportKind.DELIVERED}
