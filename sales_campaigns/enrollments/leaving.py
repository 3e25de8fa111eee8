"""When a user is deactivated, nobody is written to in that name: people under way are held, handed over or ended.

So are those whose mailbox is not connected for long.
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.listing import user_of
from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.rights import activate, deactivate
from sales_campaigns.enrollments.ending import end
from sales_campaigns.enrollments.holding import AWAY, NOT_CONNECTED, hold, tell
from sales_campaigns.enrollments.models import Enrollment, EnrollmentState
from sales_campaigns.enrollments.pausing import plan_again
from sales_campaigns.enrollments.states import ENROLLMENT
from sales_campaigns.errors import IllegalMove, Invalid
from sales_campaigns.lifecycle import move_many
from sales_campaigns.messages.holds import release
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.outbox.composing import mailboxes_of
from sales_campaigns.messages.states import WAITING
from sales_campaigns.tasks.models import Task, TaskState
from sales_campaigns.unit_of_work import UnitOfWork

REASONS = (AWAY, NOT_CONNECTED)


def deactivate_sender(uow: UnitOfWork, actor: User, user_id: int) -> int:
    """The rule: held when the user is deactivated, until an administrator decides. How many people are held."""
    user = deactivate(uow, actor, user_id)
    return len(hold(uow, AWAY, Enrollment.sender_id == user.id, actor_id=actor.id))


def activate_sender(uow: UnitOfWork, actor: User, user_id: int) -> int:
    """Whoever was held for that reason goes on, with new dates. How many."""
    user = activate(uow, actor, user_id)
    return len(_go_on(uow, actor, [*_held(user.id), Enrollment.why == AWAY]))


def hand_over(uow: UnitOfWork, actor: User, user_id: int, new_sender_id: int) -> int:
    """Give what is held to a teammate: mail leaves from that mailbox, open tasks are that user's. How many people.

    Raises IllegalMove when nobody is held, Invalid for somebody who cannot send.
    """
    user = user_of(uow.session, actor, user_id)
    sender = _able(uow, user, new_sender_id)
    box = mailboxes_of(uow.session, sender)[0]
    ids = list(uow.session.scalars(sa.select(Enrollment.id).where(*_held(user.id))))
    if not ids:
        raise IllegalMove("Nobody is held for this user any more.")
    _set(uow, Enrollment, Enrollment.id.in_(ids), sender_id=sender.id, mailbox_id=box.id)
    waits = (Message.enrollment_id.in_(ids), Message.state.in_(WAITING))
    _set(uow, Message, *waits, sender_id=sender.id, mailbox_id=box.id)
    open_tasks = (Task.enrollment_id.in_(ids), Task.state == TaskState.OPEN)
    _set(uow, Task, *open_tasks, assignee_id=sender.id)
    uow.session.expire_all()
    return len(_go_on(uow, actor, [Enrollment.id.in_(ids)]))


def end_held(uow: UnitOfWork, actor: User, user_id: int) -> int:
    """End what is held for this reason; how many. Raises IllegalMove for nobody."""
    user = user_of(uow.session, actor, user_id)
    ended = end(uow, f"its sender cannot send, ended by {actor.name}", *_held(user.id), actor_id=actor.id)
    if not ended:
        raise IllegalMove("Nobody is held for this user any more.")
    return len(ended)


def held_by_sender(session: Session, user_ids: Iterable[int]) -> dict[int, int]:
    """User → how many people are held because that user was deactivated, or has no mailbox that is connected."""
    rows = session.execute(
        sa.select(Enrollment.sender_id, sa.func.count())
        .where(
            Enrollment.state == EnrollmentState.HELD,
            Enrollment.why.in_(REASONS),
            Enrollment.sender_id.in_(list(user_ids)),
        )
        .group_by(Enrollment.sender_id)
    )
    return {row[0]: row[1] for row in rows}


def _held(user_id: int) -> list[sa.ColumnElement[bool]]:
    held = Enrollment.state == EnrollmentState.HELD
    return [Enrollment.sender_id == user_id, held, Enrollment.why.in_(REASONS)]


def _go_on(uow: UnitOfWork, actor: User, where: Iterable[sa.ColumnElement[bool]]) -> list[int]:
    ids = sorted(move_many(uow.session, ENROLLMENT, Enrollment, "resume", *where, why=""))
    release(uow.session, "enrollment", ids)
    plan_again(uow, ids)
    tell(uow, "enrollment.active", ids, actor.id)
    return ids


def _able(uow: UnitOfWork, gone: User, new_sender_id: int) -> User:
    sender = uow.session.get(User, new_sender_id)
    if sender is None or sender.team_id != gone.team_id or not sender.active or sender.id == gone.id:
        raise Invalid({"sender": "Choose somebody of the same team who is active."})
    if not mailboxes_of(uow.session, sender):
        raise Invalid({"sender": f"{sender.name} has no mailbox to send from."})
    return sender


def _set(uow: UnitOfWork, model: type[Enrollment | Message | Task], *where: object, **values: object) -> None:
    change = sa.update(model).where(*where).values(**values)  # type: ignore[arg-type]
    uow.session.execute(change.execution_options(synchronize_session=False))
