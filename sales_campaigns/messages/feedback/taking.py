"""Take feedback about mails that were handed over: bounces, delays, notices of delivery; in any order, each once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from sales_campaigns.accounts.channels.sharing import sharing
from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.lifecycle import move_each
from sales_campaigns.messages.feedback.counting import Trouble, count_troubles, forgive
from sales_campaigns.messages.feedback.decisions import Decision, Facts, Move, decide
from sales_campaigns.messages.feedback.judging import judge
from sales_campaigns.messages.feedback.qualifying import Answered, Qualified
from sales_campaigns.messages.incoming.reports import ReportKind
from sales_campaigns.messages.models import Attempt, Message, MessageState
from sales_campaigns.messages.pace.breaking import stop_if_it_bounces
from sales_campaigns.messages.retries import USUAL
from sales_campaigns.messages.retrying import retry_rule
from sales_campaigns.messages.states import MESSAGE
from sales_campaigns.messages.telling import about
from sales_campaigns.people.address_rows import insert_missing
from sales_campaigns.unit_of_work import UnitOfWork

CHUNK = 500
OUTCOMES = {ReportKind.FAILED: "bounce", ReportKind.DELAYED: "delayed", ReportKind.DELIVERED: "delivered"}
NOTHING_SAID = Answered()
LATE = "the receiving server has not taken it yet: "


@dataclass(frozen=True, slots=True)
class Feedback:
    """One report on one message. `key` names the report: one that comes again, by whatever way, counts once."""

    message_id: int
    key: str
    kind: ReportKind
    answer: Answered = NOTHING_SAID


@dataclass(frozen=True, slots=True)
class _Judged:
    message: Message
    feedback: Feedback
    qualified: Qualified | None
    decision: Decision

    @property
    def words(self) -> str:
        return self.feedback.answer.words


def take(uow: UnitOfWork, feedback: Sequence[Feedback]) -> int:
    """Note each report once, move its message, count it for its address; how many were new.

    A flat number of statements for each 500. What follows for enrollments follows from the activity.
    """
    return sum(_take(uow, chunk) for chunk in _rounds(feedback))


def _rounds(feedback: Iterable[Feedback]) -> Iterator[list[Feedback]]:
    """Chunks in which each message stands once, so that a later report finds what an earlier one did."""
    waiting = [one for one in feedback if one.kind in OUTCOMES]
    while waiting:
        chunk: dict[int, Feedback] = {}
        rest: list[Feedback] = []
        for one in waiting:
            if one.message_id in chunk or len(chunk) == CHUNK:
                rest.append(one)
            else:
                chunk[one.message_id] = one
        yield list(chunk.values())
        waiting = rest


def _take(uow: UnitOfWork, chunk: list[Feedback]) -> int:
    found = _locked(uow, [one.message_id for one in chunk])
    fresh = _note(uow, [one for one in chunk if one.message_id in found], found)
    judged = list(_judged(uow, fresh, found))
    for move, group in groupby(
        sorted(judged, key=lambda one: one.decision.move), lambda one: one.decision.move
    ):
        _MOVES[move](uow, list(group))
    failed = [one for one in judged if one.feedback.kind is ReportKind.FAILED]
    count_troubles(uow, [_trouble(one) for one in failed if one.qualified])
    forgive(uow, (one.message.email for one in judged if one.feedback.kind is ReportKind.DELIVERED))
    _break(uow, failed)
    for message, _ in found.values():
        uow.session.expire(message)
    return len(fresh)


def _locked(uow: UnitOfWork, ids: Sequence[int]) -> dict[int, tuple[Message, bool]]:
    rows = uow.session.execute(
        sa.select(Message, Mailbox.bulk_lane)
        .join(Mailbox, Mailbox.id == Message.mailbox_id)
        .where(Message.id.in_(ids), ~Message.proof)
        .order_by(Message.id)
        .with_for_update(of=Message)
        .execution_options(populate_existing=True)
    )
    return {message.id: (message, bulk) for message, bulk in rows}


def _note(
    uow: UnitOfWork, chunk: Sequence[Feedback], found: dict[int, tuple[Message, bool]]
) -> list[Feedback]:
    """Those that nobody has noted before: the unique index says so."""
    rows = [
        {
            "message_id": one.message_id,
            "number": found[one.message_id][0].attempts,
            "at": uow.now,
            "outcome": OUTCOMES[one.kind],
            "code": one.answer.code,
            "enhanced": one.answer.enhanced[:12] or None,
            "words": one.answer.words,
            "key": one.key[:80],
        }
        for one in chunk
    ]
    if not rows:
        return []
    insert = insert_missing(uow.session, Attempt).returning(Attempt.message_id)
    new = set(uow.session.scalars(insert, rows))
    return [one for one in chunk if one.message_id in new]


def _judged(
    uow: UnitOfWork, fresh: Sequence[Feedback], found: dict[int, tuple[Message, bool]]
) -> Iterator[_Judged]:
    failures = [one for one in fresh if one.kind is ReportKind.FAILED]
    rule = retry_rule(uow.session) if failures else USUAL
    kinds = dict(zip(failures, judge(uow, [one.answer for one in failures]), strict=True))
    for one in fresh:
        message, bulk = found[one.message_id]
        qualified = kinds.get(one)
        decision = decide(_facts(message, bulk), one.kind, qualified, uow.now, rule)
        yield _Judged(message, one, qualified, decision)


def _facts(message: Message, bulk: bool) -> Facts:
    return Facts(
        state=message.state.value,
        confirms=message.confirms,
        came_back=message.came_back_at is not None,
        failure=message.failure,
        again=bulk,
        attempts=message.attempts,
        valid_until=message.valid_until,
    )


def _trouble(one: _Judged) -> Trouble:
    assert one.qualified is not None
    return Trouble(one.message.email, one.qualified, one.words, one.decision.lasted)


def _nothing(_uow: UnitOfWork, _group: Sequence[_Judged]) -> None:
    """It is noted, and that is all."""


def _tell(uow: UnitOfWork, group: Sequence[_Judged]) -> None:
    table: Any = Message.__table__
    statement = sa.update(table).where(table.c.id == sa.bindparam("_id")).values(words=sa.bindparam("_words"))
    uow.session.connection().execute(
        statement, [{"_id": one.message.id, "_words": LATE + one.words} for one in group]
    )


def _deliver(uow: UnitOfWork, group: Sequence[_Judged]) -> None:
    nobody_knew = [one for one in group if one.message.state is not MessageState.RELAYED]
    rows = [
        {**_settled(uow, one), "failure": None, "reason": "", "came_back_at": None, "ended_at": uow.now}
        for one in group
    ]
    move_each(uow.session, MESSAGE, Message, "deliver", rows)
    _record(uow, "message.sent", nobody_knew)


def _fail(uow: UnitOfWork, group: Sequence[_Judged]) -> None:
    rows = [{**_settled(uow, one), **_failure(one), "ended_at": uow.now} for one in group]
    move_each(uow.session, MESSAGE, Message, "fail", rows)
    _record(uow, "message.failed", group)


def _harden(uow: UnitOfWork, group: Sequence[_Judged]) -> None:
    table: Any = Message.__table__
    named = ("failure", "reason", "words")
    values: dict[str, Any] = {name: sa.bindparam(f"_{name}") for name in named}
    statement = sa.update(table).where(table.c.id == sa.bindparam("_id")).values(values)
    rows = [{"id": one.message.id, **_failure(one), "words": one.words} for one in group]
    uow.session.connection().execute(statement, [{f"_{name}": row[name] for name in row} for row in rows])
    _record(uow, "message.failed", group)


def _come_back(uow: UnitOfWork, group: Sequence[_Judged]) -> None:
    """The same message once more: same Message-ID, same thread headers, a new attempt."""
    rows = [
        {
            **_settled(uow, one),
            **_failure(one),
            "came_back_at": one.message.came_back_at or uow.now,
            "act_at": one.decision.retry_at,
            "draft_id": None,  # the draft of the mail that came back was sent
            "ended_at": None,
        }
        for one in group
    ]
    move_each(uow.session, MESSAGE, Message, "come_back", rows)


def _settled(uow: UnitOfWork, one: _Judged) -> dict[str, Any]:
    return {
        "id": one.message.id,
        "words": one.words,
        "sent_at": one.message.sent_at or uow.now,
        "lease_until": None,
        "owner": None,
    }


def _failure(one: _Judged) -> dict[str, Any]:
    assert one.qualified is not None
    return {"failure": one.qualified.failure, "reason": one.qualified.reason.value}


def _record(uow: UnitOfWork, kind: str, group: Sequence[_Judged]) -> None:
    rows = [
        {**about(one.message), "data": {"reason": _reason(one), "words": one.words, "late": True}}
        for one in group
    ]
    uow.record_many(kind, rows)


def _reason(one: _Judged) -> str:
    return one.qualified.reason.value if one.qualified else ""


def _break(uow: UnitOfWork, failed: Sequence[_Judged]) -> None:
    """The rule: a mailbox whose mails mostly reach nobody stops by itself."""
    hard = {one.message.mailbox_id for one in failed if one.qualified and one.qualified.for_good}
    for box_id in sorted(hard):
        stop_if_it_bounces(uow, sharing(uow.session, box_id))


_MOVES = {
    Move.NONE: _nothing,
    Move.TELL: _tell,
    Move.DELIVER: _deliver,
    Move.FAIL: _fail,
    Move.HARDEN: _harden,
    Move.COME_BACK: _come_back,
}
