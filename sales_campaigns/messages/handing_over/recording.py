"""Write down what became of hand-overs: attempt, state, mailbox, address, activity, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from sales_campaigns.accounts.channels.sharing import lose_all, sharing, wait_all
from sales_campaigns.accounts.models import MailboxState
from sales_campaigns.activity import append_many
from sales_campaigns.clock import machine_now
from sales_campaigns.lifecycle import make_move, move_each
from sales_campaigns.messages.feedback.answers import outcomes_of, trouble_of
from sales_campaigns.messages.feedback.counting import count_troubles, forgive_retried
from sales_campaigns.messages.handing_over.gate import Passed
from sales_campaigns.messages.handing_over.settling_together import IN_HAND, settle_together
from sales_campaigns.messages.letters.copies import leave_out
from sales_campaigns.messages.models import Attempt, Message, MessageState
from sales_campaigns.messages.naming import call_it
from sales_campaigns.messages.outcomes import FailureType, MailboxEffect, Outcome, outcome_of
from sales_campaigns.messages.pace.breaking import stop_if_it_bounces
from sales_campaigns.messages.retries import next_retry
from sales_campaigns.messages.retrying import retry_rule
from sales_campaigns.messages.states import MESSAGE
from sales_campaigns.messages.telling import about
from sales_campaigns.ports import HandOver
from sales_campaigns.unit_of_work import UnitOfWork

WAIT = timedelta(seconds=60)
_ATTEMPTS = sa.insert(Attempt)


class Answer(NamedTuple):
    """What became of a mail that the gate had let through."""

    passed: Passed
    hand_over: HandOver


def record_hand_overs(uow: UnitOfWork, answers: Sequence[Answer]) -> None:
    """Settle messages. A late answer of the same generation is still taken, also when it was uncertain."""
    _accept_all(uow, [one for one in answers if one.hand_over.refused is None])
    refused = [one for one in answers if one.hand_over.refused is not None]
    outcomes = zip(refused, outcomes_of(uow, [one.hand_over for one in refused]), strict=True)
    bounced = [one for one, outcome in outcomes if _record_refusal(uow, one, outcome)]
    for box_id in sorted({one.passed.mailbox_id for one in bounced}):
        stop_if_it_bounces(uow, sharing(uow.session, box_id))


def record_never_begun(uow: UnitOfWork, let_through: Sequence[Passed]) -> None:
    """What was let through and offered to no server waits again: it was no attempt."""
    rows = [
        {"id": one.claim.message_id, "generation": one.claim.generation, "attempts": one.attempt - 1}
        for one in let_through
    ]
    released = {"lease_until": None, "owner": None}
    move_each(uow.session, MESSAGE, Message, "put_back", rows, ("generation",), also=released)


def stops_mailbox(hand_over: HandOver) -> bool:
    """Whether nothing more can leave from this mailbox for now, so that it is not even tried."""
    return outcome_of(hand_over.refused).mailbox is not MailboxEffect.NONE


def _in_hand(uow: UnitOfWork, answers: Sequence[Answer]) -> list[Answer]:
    """Those whose claim is still the newest, locked: somebody may have settled one of a batch meanwhile."""
    generations = {one.passed.claim.message_id: one.passed.claim.generation for one in answers}
    rows = uow.session.execute(
        sa.select(Message.id, Message.generation)
        .where(Message.id.in_(generations), Message.state.in_(IN_HAND))
        .order_by(Message.id)
        .with_for_update()
    )
    mine = {row.id for row in rows if row.generation == generations[row.id]}
    return [one for one in answers if one.passed.claim.message_id in mine]


def _accept_all(uow: UnitOfWork, answers: Sequence[Answer]) -> None:
    """Where the channel confirms deliveries, a mail that was taken is relayed until its notice comes."""
    again = [one.passed.claim.message_id for one in answers if one.passed.attempt > 1]
    if again:
        forgive_retried(uow, again)
    relayed = [one for one in answers if one.hand_over.confirms]
    sent = [one for one in answers if not one.hand_over.confirms] if relayed else answers
    _accept(uow, sent, "accept", {"came_back_at": None})
    _accept(uow, relayed, "relay", {"confirms": True})


def _accept(uow: UnitOfWork, answers: Sequence[Answer], event: str, also: dict[str, object]) -> None:
    """Nothing is read: what the gate knew is enough, and the guard of the move says whether it still holds."""
    if answers and uow.session.get_bind().dialect.name == "postgresql":
        mine = _settled_together(uow, answers, event, also)
    else:
        mine = _settled(uow, answers if len(answers) < 2 else _in_hand(uow, answers), event, also)
    for one in mine:
        call_it(uow, _id(one), one.hand_over.message_id)
        if one.hand_over.left_out:
            leave_out(uow.session.get_one(Message, _id(one), populate_existing=True), one.hand_over.left_out)
    _tell(uow, mine)


def _settled(
    uow: UnitOfWork, answers: Sequence[Answer], event: str, also: dict[str, object]
) -> Sequence[Answer]:
    rows = [{**_accepted(uow.now, one), **also} for one in answers]
    if move_each(uow.session, MESSAGE, Message, event, rows, ("generation",)) != len(rows):
        return []  # it was one, and somebody else has settled it
    _note_attempts(uow, answers)
    return answers


def _settled_together(
    uow: UnitOfWork, answers: Sequence[Answer], event: str, also: dict[str, object]
) -> Sequence[Answer]:
    rows = [
        {
            "id": passed.claim.message_id,
            "generation": passed.claim.generation,
            "attempts": passed.attempt,
            "words": said.reply,
            "provider_id": said.provider_id,
            "thread_id": said.thread_id,
            "code": said.code,
        }
        for passed, said in answers
    ]
    common = {**also, "sent_at": uow.now, "ended_at": uow.now}
    mine = settle_together(uow.session, event, rows, common)
    return answers if len(mine) == len(answers) else [one for one in answers if _id(one) in mine]


def _id(one: Answer) -> int:
    return one.passed.claim.message_id


def _accepted(now: datetime, one: Answer) -> dict[str, object]:
    return {
        "id": one.passed.claim.message_id,
        "generation": one.passed.claim.generation,
        "words": one.hand_over.reply,
        "provider_id": one.hand_over.provider_id,
        "thread_id": one.hand_over.thread_id,
        "sent_at": now,
        "ended_at": now,
        "reason": "",
        "failure": None,
        "lease_until": None,
        "owner": None,
    }


def _note_attempts(uow: UnitOfWork, answers: Sequence[Answer]) -> None:
    if answers:
        rows = [_attempt(uow.now, one, outcome_of(one.hand_over.refused)) for one in answers]
        uow.session.connection().execute(_ATTEMPTS, rows)


def _tell(uow: UnitOfWork, answers: Sequence[Answer]) -> None:
    """The rule: bulk moves write one Activity row a batch; the Attempt row is the message's own history."""
    bulk = [one for one in answers if one.passed.bulk]
    if bulk:
        ids = [one.passed.claim.message_id for one in bulk]
        uow.record("messages.sent", team_id=bulk[0].passed.about["team_id"], data={"messages": ids})
    rows = [
        {**one.passed.about, "data": {"reason": "", "words": one.hand_over.reply}}
        for one in answers
        if not one.passed.bulk
    ]
    append_many(uow.session, uow.now, "message.sent", rows)


def _record_refusal(uow: UnitOfWork, answer: Answer, outcome: Outcome) -> bool:
    """Whether it says that there is no such recipient."""
    claim, hand_over = answer.passed.claim, answer.hand_over
    message = uow.session.scalar(
        sa.select(Message)
        .where(
            Message.id == claim.message_id,
            Message.generation == claim.generation,
            Message.state.in_(IN_HAND),
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if message is None:
        return False
    _note_attempts(uow, [answer])
    _affect_mailbox(uow, message, hand_over, outcome)
    lasted = _settle(uow, message, hand_over, outcome)
    trouble = trouble_of(message.email, outcome, _words(hand_over), lasted=lasted)
    count_troubles(uow, [trouble] if trouble else [])
    return outcome.bad_address


def _settle(uow: UnitOfWork, message: Message, hand_over: HandOver, outcome: Outcome) -> bool:
    """Whether a failure that may pass has lasted until the validity of the mail was over."""
    words = _words(hand_over)
    released: dict[str, Any] = {"lease_until": None, "owner": None, "words": words, "reason": outcome.reason}
    if outcome.event == "fail":
        _move(uow, message, "fail", **released, failure=outcome.failure, ended_at=uow.now)
    elif outcome.event == "retry":
        return _retry_or_fail(uow, message, outcome, released)
    elif outcome.event == "put_back":
        values = {**released, "attempts": message.attempts - 1}
        make_move(uow.session, MESSAGE, message, "put_back", **values)
    elif message.state is MessageState.SENDING:
        _move(uow, message, outcome.event, **released)
    return False


def _retry_or_fail(uow: UnitOfWork, message: Message, outcome: Outcome, released: dict[str, Any]) -> bool:
    again = next_retry(message.attempts, uow.now, message.valid_until, retry_rule(uow.session))
    if again is None:
        _move(uow, message, "fail", **released, failure=FailureType.SOFT, ended_at=uow.now)
        return True
    _move(uow, message, "retry", **released, failure=outcome.failure, act_at=again)
    return False


def _move(uow: UnitOfWork, message: Message, event: str, **values: Any) -> None:
    told = {"reason": values.get("reason", ""), "words": values.get("words", "")}
    uow.move(MESSAGE, message, event, about={**about(message), "data": told}, **values)


def _attempt(now: datetime, one: Answer, outcome: Outcome) -> dict[str, object]:
    refused = one.hand_over.refused
    return {
        "message_id": one.passed.claim.message_id,
        "number": one.passed.attempt,
        "at": now,
        "outcome": outcome.event,
        "code": refused.code if refused else one.hand_over.code,
        "enhanced": refused.enhanced if refused else None,
        "words": _words(one.hand_over),
    }


def _affect_mailbox(uow: UnitOfWork, message: Message, hand_over: HandOver, outcome: Outcome) -> None:
    if outcome.mailbox is MailboxEffect.NONE:
        return
    boxes = sharing(uow.session, message.mailbox_id)
    if outcome.mailbox is MailboxEffect.WAIT:
        wait_all(boxes, _wait_until(hand_over), _words(hand_over))
        return
    state = MailboxState.STOPPED if outcome.mailbox is MailboxEffect.STOP else MailboxState.NEEDS_RECONNECT
    lose_all(uow, boxes, state, _words(hand_over))


def _wait_until(hand_over: HandOver) -> datetime:
    asked = hand_over.refused.retry_at if hand_over.refused else None
    return asked or machine_now() + WAIT


def _words(hand_over: HandOver) -> str:
    return hand_over.refused.words if hand_over.refused else hand_over.reply
