"""Write down what became of a hand-over: attempt, state, mailbox, address, activity, in one transaction."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from sales_campaigns.accounts.models import Mailbox, MailboxState
from sales_campaigns.clock import machine_now
from sales_campaigns.lifecycle import make_move
from sales_campaigns.messages.gate import Claim, about
from sales_campaigns.messages.models import Attempt, Message, MessageState
from sales_campaigns.messages.outcomes import FailureType, MailboxEffect, Outcome, outcome_of
from sales_campaigns.messages.retries import next_retry
from sales_campaigns.messages.states import MESSAGE
from sales_campaigns.people.models import Address, Person
from sales_campaigns.ports import HandOver
from sales_campaigns.unit_of_work import UnitOfWork

WAIT = timedelta(seconds=60)


def record_hand_over(uow: UnitOfWork, hand_over: HandOver, claim: Claim) -> None:
    """Settle one message. A late answer of the same generation is still taken, also when it was uncertain."""
    message = uow.session.scalar(
        sa.select(Message)
        .where(
            Message.id == hand_over.key,
            Message.generation == claim.generation,
            Message.state.in_({MessageState.SENDING, MessageState.UNCERTAIN}),
        )
        .with_for_update()
    )
    if message is None:
        return
    outcome = outcome_of(hand_over.refused)
    _note_attempt(uow, message, hand_over, outcome)
    _affect_mailbox(uow, message, hand_over, outcome)
    if outcome.bad_address:
        _quarantine(uow, message, _words(hand_over))
    _settle(uow, message, hand_over, outcome)


def stops_mailbox(hand_over: HandOver) -> bool:
    """Whether nothing more can leave from this mailbox for now, so that it is not even tried."""
    return outcome_of(hand_over.refused).mailbox is not MailboxEffect.NONE


def _settle(uow: UnitOfWork, message: Message, hand_over: HandOver, outcome: Outcome) -> None:
    words = _words(hand_over)
    released: dict[str, Any] = {"lease_until": None, "owner": None, "words": words, "reason": outcome.reason}
    if outcome.event == "accept":
        more = {"sent_at": uow.now, "ended_at": uow.now, "provider_id": hand_over.provider_id}
        _move(uow, message, "accept", **released, **more, thread_id=hand_over.thread_id, failure=None)
    elif outcome.event == "fail":
        _move(uow, message, "fail", **released, failure=outcome.failure, ended_at=uow.now)
    elif outcome.event == "retry":
        _retry_or_fail(uow, message, outcome, released)
    elif outcome.event == "put_back":
        values = {**released, "attempts": message.attempts - 1}
        make_move(uow.session, MESSAGE, message, "put_back", **values)
    elif message.state is MessageState.SENDING:
        _move(uow, message, outcome.event, **released)


def _retry_or_fail(uow: UnitOfWork, message: Message, outcome: Outcome, released: dict[str, Any]) -> None:
    again = next_retry(message.attempts, uow.now, message.valid_until)
    if again is None:
        _move(uow, message, "fail", **released, failure=FailureType.SOFT, ended_at=uow.now)
        return
    _move(uow, message, "retry", **released, failure=outcome.failure, act_at=again)


def _move(uow: UnitOfWork, message: Message, event: str, **values: Any) -> None:
    told = {"reason": values.get("reason", ""), "words": values.get("words", "")}
    uow.move(MESSAGE, message, event, about={**about(message), "data": told}, **values)


def _note_attempt(uow: UnitOfWork, message: Message, hand_over: HandOver, outcome: Outcome) -> None:
    refused = hand_over.refused
    uow.session.add(
        Attempt(
            message_id=message.id,
            number=message.attempts,
            at=uow.now,
            outcome=outcome.event,
            code=refused.code if refused else hand_over.code,
            enhanced=refused.enhanced if refused else None,
            words=_words(hand_over),
        )
    )


def _affect_mailbox(uow: UnitOfWork, message: Message, hand_over: HandOver, outcome: Outcome) -> None:
    if outcome.mailbox is MailboxEffect.NONE:
        return
    box = uow.session.get_one(Mailbox, message.mailbox_id, with_for_update={"of": Mailbox})
    if outcome.mailbox is MailboxEffect.WAIT:
        box.paused_until = _wait_until(hand_over)
        box.trouble = _words(hand_over)
        return
    state = MailboxState.STOPPED if outcome.mailbox is MailboxEffect.STOP else MailboxState.NEEDS_RECONNECT
    if box.state is MailboxState.CONNECTED:
        box.state, box.trouble = state, _words(hand_over)
        uow.record("mailbox.lost", actor_id=box.user_id, team_id=message.team_id, data={"words": box.trouble})


def _wait_until(hand_over: HandOver) -> datetime:
    asked = hand_over.refused.retry_at if hand_over.refused else None
    return asked or machine_now() + WAIT


def _quarantine(uow: UnitOfWork, message: Message, words: str) -> None:
    """A hard bounce counts for the address, whoever else writes to it."""
    uow.session.execute(
        sa.update(Address)
        .where(
            Address.id == sa.select(Person.address_id).where(Person.id == message.person_id).scalar_subquery()
        )
        .values(quarantined_at=uow.now, trouble=words)
        .execution_options(synchronize_session=False)
    )


def _words(hand_over: HandOver) -> str:
    return hand_over.refused.words if hand_over.refused else hand_over.reply
