"""What a rep does with the lines of the outbox: archive, mark as a success, take away, shift, rewrite."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.accounts.roles import require, sees_every_team
from sales_campaigns.activity import append_many
from sales_campaigns.content.models import Wording
from sales_campaigns.content.rendering import Content
from sales_campaigns.content.wordings import content_of
from sales_campaigns.errors import IllegalMove, Invalid, NotFound
from sales_campaigns.messages.letters.carrying import own_bundle
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.messages.outbox.composing import (
    Typed,
    Words,
    check_typed,
    follows,
    opening_subject,
    words_for,
)
from sales_campaigns.messages.outbox.lines import was_reported
from sales_campaigns.messages.queueing import cancel_many
from sales_campaigns.messages.states import LEFT, WAITING
from sales_campaigns.messages.telling import about
from sales_campaigns.people.models import Person
from sales_campaigns.unit_of_work import UnitOfWork

REMOVABLE = frozenset({MessageState.FAILED, MessageState.EXPIRED, MessageState.CANCELLED})


def archive(uow: UnitOfWork, actor: User, message: Message, *, away: bool = True) -> None:
    """The rule: archived = tracking off; back among the delivered, opens and clicks count again."""
    _only_left(actor, message, "be archived")
    message.archived_at = uow.now if away else None
    _tell(uow, actor, message, "message.archived" if away else "message.unarchived")


def mark_success(uow: UnitOfWork, actor: User, message: Message, *, reached: bool = True) -> None:
    """What the rep calls a success; counted for the template. It ends nothing."""
    _only_left(actor, message, "be a success")
    message.succeeded_at = uow.now if reached else None
    _tell(uow, actor, message, "message.succeeded" if reached else "message.success_undone")


def remove(uow: UnitOfWork, actor: User, message: Message, *, away: bool = True) -> None:
    """Out of the folders; the ledger keeps it. One that was reported as spam need not be archived first.

    The rule: e-mails sent as part of a campaign cannot be deleted. Raises IllegalMove.
    """
    require(actor, "work_tasks")
    if message.campaign_id is not None:
        raise IllegalMove("Mails of a campaign stay: they are its history.")
    over = message.state in REMOVABLE or message.archived_at is not None
    if not over and not was_reported(uow.session, message):
        raise IllegalMove("Archive it first, or cancel it if it has not left.")
    message.removed_at = uow.now if away else None
    _tell(uow, actor, message, "message.removed" if away else "message.restored")


def rewrite(uow: UnitOfWork, actor: User, message: Message, person: Person, typed: Typed) -> None:
    """Other words, and perhaps another time, for a mail that waits. Raises IllegalMove, Invalid."""
    require(actor, "work_tasks")
    sender, box = (
        uow.session.get_one(User, message.sender_id),
        uow.session.get_one(Mailbox, message.mailbox_id),
    )
    copies = check_typed(typed, person, sender, box, uow.now)
    borrowed = typed.subject == opening_subject(Words("", ""), follows(uow.session, message.follows_id))
    subject = "" if borrowed else typed.subject
    bundle_id = own_bundle(uow.session, message.team_id, message.wording_id, typed.bundle_id)
    new = {"edited_subject": subject, "edited_html": typed.html, "bundle_id": bundle_id, **copies}
    changed = uow.session.execute(
        sa.update(Message)
        .where(Message.id == message.id, Message.state == MessageState.PENDING, Message.act_at > uow.now)
        .values(**new)
        .execution_options(synchronize_session=False)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise IllegalMove("It is too late to change it: the mail has left, or is leaving now.")
    if typed.send_at is not None and typed.send_at != message.due_at:
        shift(uow, actor, [message.id], typed.send_at - message.due_at)
    uow.session.refresh(message)
    _tell(uow, actor, message, "message.rewritten")


def rewrite_many(uow: UnitOfWork, actor: User, messages: Sequence[Message], typed: Typed) -> None:
    """The same words for all of these, locked by the caller; fields are filled in for each person when it leaves.

    Raises Invalid that names the first person for whom they cannot be: then none is changed.
    """
    require(actor, "work_tasks")
    people = _by_id(uow, Person, {one.person_id for one in messages})
    senders = _by_id(uow, User, {one.sender_id for one in messages})
    boxes = _by_id(uow, Mailbox, {one.mailbox_id for one in messages})
    for one in messages:
        person = people[one.person_id]
        try:
            check_typed(typed, person, senders[one.sender_id], boxes[one.mailbox_id], uow.now)
        except Invalid as error:
            named = {name: f"For {person.name}: {words}" for name, words in error.problems.items()}
            raise Invalid(named) from None
    uow.session.execute(
        sa.update(Message)
        .where(Message.id.in_([one.id for one in messages]), Message.state == MessageState.PENDING)
        .values(edited_subject=typed.subject, edited_html=typed.html)
        .execution_options(synchronize_session=False)
    )
    append_many(
        uow.session,
        uow.now,
        "message.rewritten",
        [{**about(one), "actor_id": actor.id} for one in messages],
    )


def waiting_of(uow: UnitOfWork, actor: User, message_ids: Iterable[int]) -> Sequence[Message]:
    """Scheduled mails of the team, locked. Raises NotFound for others, IllegalMove when one is leaving already."""
    ids = sorted(set(message_ids))
    query = sa.select(Message).where(Message.id.in_(ids)).order_by(Message.id).with_for_update()
    if not sees_every_team(actor):
        query = query.where(Message.team_id == actor.team_id)
    found = uow.session.scalars(query).all()
    if len(found) != len(ids):
        raise NotFound("One of these mails is not there, or it belongs to another team.")
    if any(one.state is not MessageState.PENDING or one.act_at <= uow.now for one in found):
        raise IllegalMove("One of these mails has left, or is leaving now.")
    return found


def shift(uow: UnitOfWork, actor: User, message_ids: Sequence[int], by: timedelta) -> int:
    """Move mails that wait by so much, all or none; their late limit and validity move with them.

    Raises Invalid when one would lie in the past, IllegalMove when one is leaving already.
    """
    require(actor, "work_tasks")
    columns = (Message.id, Message.due_at, Message.late_at, Message.valid_until)
    rows = uow.session.execute(
        sa.select(*columns)
        .where(Message.id.in_(message_ids), Message.state.in_(WAITING))
        .order_by(Message.id)
        .with_for_update()
    ).all()
    if len(rows) != len(message_ids):
        raise IllegalMove("One of these mails has left, or is leaving now.")
    if any(row.due_at + by <= uow.now for row in rows):
        raise Invalid({"by": "One of these mails would leave in the past."})
    uow.session.execute(sa.update(Message), [_moved(row, by) for row in rows])
    return len(rows)


def _by_id(uow: UnitOfWork, model: Any, ids: set[int]) -> dict[int, Any]:
    return {row.id: row for row in uow.session.scalars(sa.select(model).where(model.id.in_(ids)))}


def _moved(row: sa.Row[int, datetime, datetime | None, datetime], by: timedelta) -> dict[str, object]:
    return {
        "id": row.id,
        "due_at": row.due_at + by,
        "act_at": row.due_at + by,
        "late_at": row.late_at + by if row.late_at else None,
        "valid_until": row.valid_until + by,
    }


def call_off_many(uow: UnitOfWork, actor: User, messages: Sequence[Message]) -> None:
    """Cancel mails that wait, all or none; what hangs on them follows by reaction. Raises IllegalMove."""
    require(actor, "work_tasks")
    words = f"{actor.name} cancelled it"
    if len(cancel_many(uow, words, Message.id.in_([one.id for one in messages]))) != len(messages):
        raise IllegalMove("One of these mails has left, or is leaving now.")
    told = [{**about(one), "actor_id": actor.id, "data": {"words": words}} for one in messages]
    append_many(uow.session, uow.now, "message.cancelled", told)


def words_to_edit(session: Session, message: Message, person: Person) -> Words:
    """What a mail that waits says, filled in for its person: the rep's words, else those of its wording."""
    content = content_of(session.get(Wording, message.wording_id) if message.wording_id else None)
    subject = message.edited_subject if message.edited_subject is not None else content.subject
    html = message.edited_html if message.edited_html is not None else content.html
    sender, box = session.get_one(User, message.sender_id), session.get_one(Mailbox, message.mailbox_id)
    words = words_for(Content(subject, html), person, sender, box)
    return replace(words, subject=opening_subject(words, follows(session, message.follows_id)))


def _only_left(actor: User, message: Message, what: str) -> None:
    require(actor, "work_tasks")
    if message.state not in LEFT:
        raise IllegalMove(f"Only a mail that has left can {what}.")


def _tell(uow: UnitOfWork, actor: User, message: Message, kind: str) -> None:
    uow.record(kind, **{**about(message), "actor_id": actor.id})
