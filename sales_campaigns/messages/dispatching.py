"""Empty the outbox: find mailboxes with due mail, claim a batch of one, and hand its messages over one by one."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import Mailbox, MailboxState
from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.claims import claim, lease_until
from sales_campaigns.clock import Clock, machine_now
from sales_campaigns.database import Sessions
from sales_campaigns.lifecycle import move_many
from sales_campaigns.messages.gate import Claim, gate
from sales_campaigns.messages.holds import named_by, nothing_holds
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.messages.recording import record_hand_over, stops_mailbox
from sales_campaigns.messages.states import MESSAGE, WAITING
from sales_campaigns.ports import HandOver, MailAccount, MailProvider, MailProviders, OutgoingMail
from sales_campaigns.unit_of_work import unit_of_work

BATCH = 50
Answer = tuple[HandOver, Claim]


@dataclass(frozen=True)
class PostRoom:
    """What dispatching needs: the database, the time, the way out, and this process's name."""

    sessions: Sessions
    reads: Sessions
    clock: Clock
    providers: MailProviders
    seal: Seal
    owner: str
    lease_seconds: int = 900


@dataclass(frozen=True, slots=True)
class Claimed:
    message_id: int
    claim: Claim


def mailboxes_with_due_mail(session: Session, now: datetime) -> list[int]:
    """The mailboxes that have something to send now and may send: one row each, however long their queue."""
    waiting = (
        sa.exists()
        .where(
            Message.mailbox_id == Mailbox.id,
            Message.state.in_(WAITING),
            Message.act_at <= now,
            nothing_holds(),
        )
        .correlate(Mailbox)
    )
    return list(session.scalars(sa.select(Mailbox.id).where(_open_now(), waiting).order_by(Mailbox.id)))


def next_act(session: Session, after: datetime) -> datetime | None:
    """The next instant at which some message may be taken."""
    return session.scalar(
        sa.select(sa.func.min(Message.act_at)).where(
            Message.state.in_(WAITING), Message.act_at > after, nothing_holds()
        )
    )


def dispatch(room: PostRoom, mailbox_id: int, batch: int = BATCH) -> int:
    """Send up to one batch of this mailbox's due mail; how many were claimed."""
    claimed, account = _claim(room, mailbox_id, batch)
    if not claimed or account is None:
        return 0
    waiting = deque(claimed)
    try:
        with closing(room.providers.open(account)) as provider:
            _send_all(room, provider, waiting)
    finally:
        if waiting:
            _give_back(room, waiting)
    return len(claimed)


def _send_all(room: PostRoom, provider: MailProvider, waiting: deque[Claimed]) -> None:
    """The record of one message and the gate of the next share a transaction: half as many commits."""
    answer: Answer | None = None
    try:
        while waiting:
            one = waiting.popleft()
            mail, answer = _next_mail(room, answer, one), None
            if mail is not None:
                answer = (_hand_over(provider, mail), one.claim)
                if stops_mailbox(answer[0]):
                    return
    finally:  # an answer is written down whatever becomes of the next message
        if answer is not None:
            _next_mail(room, answer)


def _next_mail(room: PostRoom, answer: Answer | None, one: Claimed | None = None) -> OutgoingMail | None:
    with unit_of_work(room.sessions, room.clock) as uow:
        if answer is not None:
            record_hand_over(uow, *answer)
        return gate(uow, one.message_id, one.claim) if one else None


def _hand_over(provider: MailProvider, mail: OutgoingMail) -> HandOver:
    [answer] = provider.hand_over([mail])
    return answer


def _give_back(room: PostRoom, waiting: Iterable[Claimed]) -> None:
    """What was not looked at is free again at once. The one that failed waits for its lease: others come first."""
    with unit_of_work(room.sessions, room.clock) as uow:
        for one in waiting:
            mine = (Message.owner == one.claim.owner, Message.generation == one.claim.generation)
            move_many(
                uow.session,
                MESSAGE,
                Message,
                "return",
                Message.id == one.message_id,
                *mine,
                lease_until=None,
                owner=None,
            )


def _claim(room: PostRoom, mailbox_id: int, batch: int) -> tuple[list[Claimed], MailAccount | None]:
    with unit_of_work(room.sessions, room.clock) as uow:
        ids = claim(
            uow.session,
            Message,
            Message.mailbox_id == mailbox_id,
            Message.state.in_(WAITING),
            Message.act_at <= uow.now,
            nothing_holds(),
            order=(Message.act_at, Message.id),
            limit=batch,
            values={
                "state": MessageState.CLAIMED,
                "owner": room.owner,
                "lease_until": lease_until(room.lease_seconds),
                "generation": Message.generation + 1,
            },
        )
        if not ids:
            return [], None
        rows = uow.session.scalars(sa.select(Message).where(Message.id.in_(ids)))
        claims = {row.id: _claim_of(row, room) for row in rows}
        claimed = [Claimed(id, claims[id]) for id in ids]
        return claimed, account_of(uow.session.get_one(Mailbox, mailbox_id), room.seal)


def _claim_of(message: Message, room: PostRoom) -> Claim:
    return Claim(room.owner, message.generation, room.lease_seconds, named_by(message))


def account_of(box: Mailbox, seal: Seal) -> MailAccount:
    """How to reach this mailbox, its secret opened."""
    return MailAccount(
        id=box.id,
        provider=box.provider,
        address=box.address,
        host=box.host,
        port=box.port,
        security=box.security,
        username=box.username,
        secret=seal.open(box.sealed_secret),
    )


def _open_now() -> sa.ColumnElement[bool]:
    return sa.and_(
        Mailbox.state == MailboxState.CONNECTED,
        sa.or_(Mailbox.paused_until.is_(None), Mailbox.paused_until <= machine_now()),
    )
