"""Write what waits in the outbox into the CRM, up to 200 at once, and keep what it answers.

A record is told as it is now, never as it was, and one batch after the other: what reaches the CRM of one record is in
the order of its changes. Before the call stands what is about to be written, so that a lost answer is no riddle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from sales_campaigns.crm.agreement import COMPLETE, GONE, to_write
from sales_campaigns.crm.gathering import is_gone
from sales_campaigns.crm.models import CrmContact, CrmRecord, CrmUser, RecordKind, RecordState
from sales_campaigns.crm.remedies import (
    NOBODY_THERE,
    NOT_ANSWERED,
    Category,
    category_of,
    pause_after,
)
from sales_campaigns.crm.states import RECORD
from sales_campaigns.errors import Outside, OutsideKind
from sales_campaigns.lifecycle import move_each
from sales_campaigns.people.models import Person
from sales_campaigns.ports.crm import MOST_AT_ONCE, Crm, CrmAnswer, CrmWrite
from sales_campaigns.unit_of_work import UnitOfWork

NOBODY = "Nobody in the CRM is this user."
MOST_DOUBTS = 5
DOUBTS_LAST = timedelta(days=1)
IN_DOUBT = frozenset({OutsideKind.UNKNOWN, OutsideKind.TRANSIENT})
Open = Callable[[int], Crm]  # the CRM as this user, or as the connection's own where they have no sign-in


@dataclass(frozen=True, slots=True)
class Letter:
    """One write on its way: `what` is delete, log or task; `version` says which change of the record it tells."""

    what: str
    speaker: int
    version: int
    tries: int
    write: CrmWrite


def letters_due(uow: UnitOfWork, connection_id: int) -> list[Letter]:
    """Take a batch of what waits, and note what is about to be written of each."""
    rows = uow.session.execute(
        sa.select(CrmRecord, CrmUser.secret, CrmContact.crm_id)
        .outerjoin(
            CrmUser,
            sa.and_(CrmUser.connection_id == connection_id, CrmUser.user_id == CrmRecord.user_id),
        )
        .outerjoin(Person, Person.id == CrmRecord.person_id)
        .outerjoin(
            CrmContact,
            sa.and_(
                CrmContact.connection_id == connection_id, CrmContact.email == sa.func.lower(Person.email)
            ),
        )
        .where(*_due(connection_id, uow))
        .order_by(CrmRecord.id)
        .limit(MOST_AT_ONCE)
        .with_for_update(of=CrmRecord, skip_locked=True)
    ).all()
    written = [(record, _letter(record, bool(secret), person or "")) for record, secret, person in rows]
    sent = [(record, letter) for record, letter in written if _is_call(record, letter)]
    _settle_without_call(
        uow, [(record, letter) for record, letter in written if not _is_call(record, letter)]
    )
    _note(uow, sent)
    return [letter for _, letter in sent]


def hand_over(letters: Sequence[Letter], open_as: Open) -> Iterator[tuple[Letter, CrmAnswer | Outside]]:
    """Call the CRM, as whoever speaks; one answer for each. No transaction is open."""
    ordered = sorted(letters, key=lambda one: (one.speaker, one.what, one.write.key))
    for (speaker, what), some in groupby(ordered, key=lambda one: (one.speaker, one.what)):
        group = list(some)
        try:
            crm = open_as(speaker)
            call = {"task": crm.upsert_tasks, "log": crm.log_activities, "delete": crm.delete_tasks}[what]
            answers = call([letter.write for letter in group])
        except Outside as refused:
            yield from ((letter, refused) for letter in group)
        else:
            yield from zip(group, answers, strict=True)


def keep_answers(uow: UnitOfWork, answers: Sequence[tuple[Letter, CrmAnswer | Outside]]) -> None:
    """What was taken is agreed; what was refused is shown with its remedy, and tried again where that may help."""
    ids = [letter.write.key for letter, _ in answers]
    query = sa.select(CrmRecord).where(CrmRecord.id.in_(ids)).with_for_update()
    records = {row.id: row for row in uow.session.scalars(query.execution_options(populate_existing=True))}
    moves: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for letter, answer in answers:
        record = records.get(letter.write.key)
        if record is not None and record.state is RecordState.WAITING:
            event, values = _outcome(uow, record, letter, answer)
            moves.setdefault((event, *values), []).append({"id": record.id, **values})
    for (event, *_), rows in moves.items():
        move_each(uow.session, RECORD, CrmRecord, event, rows)
    uow.session.expire_all()


def _due(connection_id: int, uow: UnitOfWork) -> list[sa.ColumnElement[bool]]:
    return [
        CrmRecord.connection_id == connection_id,
        CrmRecord.state == RecordState.WAITING,
        CrmRecord.due_at <= uow.now,
        CrmRecord.ending == "",
    ]


def _letter(record: CrmRecord, speaks: bool, person: str) -> Letter:
    fields = to_write(_told(record, person), record.agreed if record.crm_id else {})
    what = "task" if record.kind is RecordKind.TASK else "log"
    if is_gone(record):
        fields.pop("status", None)
        what = "delete" if record.crm_id else what
    return Letter(
        what,
        record.user_id if speaks else 0,
        record.version,
        record.tries,
        CrmWrite(record.id, record.external_id, fields, record.crm_id),
    )


def _told(record: CrmRecord, person: str) -> Mapping[str, str]:
    told = {**record.ours, **({"person": person} if person else {})}
    return {**told, "status": COMPLETE} if record.kind is not RecordKind.TASK else told


def _is_call(record: CrmRecord, letter: Letter) -> bool:
    """Whether there is something to say, and somebody to say it of."""
    if is_gone(record) and not record.crm_id and (record.agreed or not record.doubtful):
        return False  # it is gone there as well, or never came there
    return letter.what == "delete" or (bool(letter.write.fields) and not _is_nobodys(letter))


def _is_nobodys(letter: Letter) -> bool:
    return letter.write.fields.get("owner") == ""


def _settle_without_call(uow: UnitOfWork, rows: Sequence[tuple[CrmRecord, Letter]]) -> None:
    """What is as it should be there, and what belongs to somebody whom the CRM does not know."""
    nobodys = [record for record, letter in rows if _is_nobodys(letter) and not is_gone(record)]
    agreed = [record for record, _ in rows if record not in nobodys]
    trouble = {"category": category_of(NOBODY_THERE), "code": NOBODY_THERE, "words": NOBODY}
    settled = {"category": None, "code": "", "words": "", "tries": 0}
    move_each(uow.session, RECORD, CrmRecord, "fail", [{"id": record.id, **trouble} for record in nobodys])
    move_each(uow.session, RECORD, CrmRecord, "agree", [{"id": record.id, **settled} for record in agreed])


def _note(uow: UnitOfWork, sent: Sequence[tuple[CrmRecord, Letter]]) -> None:
    """What may arrive there from now on, whatever we hear of it; old doubts end."""
    oldest = (uow.now - DOUBTS_LAST).isoformat()
    rows = [
        {
            "id": record.id,
            "doubtful": [
                *(one for one in record.doubtful if one["at"] > oldest),
                {"at": uow.now.isoformat(), "fields": dict(letter.write.fields)},
            ][-MOST_DOUBTS:],
        }
        for record, letter in sent
    ]
    move_each(uow.session, RECORD, CrmRecord, "wait", rows)


def _outcome(
    uow: UnitOfWork, record: CrmRecord, letter: Letter, answer: CrmAnswer | Outside
) -> tuple[str, dict[str, Any]]:
    if isinstance(answer, Outside):
        return _unheard(uow, record, answer)
    doubts = record.doubtful[:-1]
    if answer.refused:
        return _refused(uow, record, answer, doubts)
    return _taken(record, letter, answer, doubts)


def _taken(
    record: CrmRecord, letter: Letter, answer: CrmAnswer, doubts: Sequence[Any]
) -> tuple[str, dict[str, Any]]:
    deleted = letter.what == "delete"
    agreed = {"status": GONE} if deleted else {**record.agreed, **letter.write.fields}
    values = {
        "agreed": agreed,
        "crm_id": "" if deleted else answer.crm_id or record.crm_id,
        "doubtful": list(doubts),
        "tries": 0,
        "category": None,
        "code": "",
        "words": "",
    }
    to_follow = is_gone(record) and not deleted
    return ("agree" if record.version == letter.version and not to_follow else "wait"), values


def _refused(
    uow: UnitOfWork, record: CrmRecord, answer: CrmAnswer, doubts: Sequence[Any]
) -> tuple[str, dict[str, Any]]:
    category = category_of(answer.code)
    values = {
        "doubtful": list(doubts),
        "tries": record.tries + 1,
        "category": category,
        "code": answer.code[:80],
        "words": answer.words,
        "due_at": uow.now + pause_after(record.tries),
    }
    return ("wait" if category is Category.INTERMITTENT else "fail"), values


def _unheard(uow: UnitOfWork, record: CrmRecord, refused: Outside) -> tuple[str, dict[str, Any]]:
    """No answer to this one: it stays in doubt and waits; what stops the whole organisation costs it no try."""
    values: dict[str, Any] = {"due_at": record.due_at, "doubtful": record.doubtful}
    if refused.kind in IN_DOUBT:
        values = {
            "due_at": uow.now + pause_after(record.tries),
            "tries": record.tries + 1,
            "category": Category.INTERMITTENT,
            "code": NOT_ANSWERED,
            "words": refused.words,
        }
    return "wait", values
