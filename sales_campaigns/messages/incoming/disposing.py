"""A reply waits until it is answered or disposed of; when its answer does not leave, it waits again."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require, sees_every_team
from sales_campaigns.errors import IllegalMove, NotFound
from sales_campaigns.messages.incoming.models import Disposal, MailKind, ReceivedMail
from sales_campaigns.unit_of_work import UnitOfWork

FROM_PEOPLE = frozenset({MailKind.REPLY, MailKind.WROTE})


def received_of(session: Session, actor: User, received_id: int, *, lock: bool = False) -> ReceivedMail:
    """A received mail of the actor's team. Raises NotFound."""
    query = sa.select(ReceivedMail).where(ReceivedMail.id == received_id)
    if not sees_every_team(actor):
        query = query.where(ReceivedMail.team_id == actor.team_id)
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise NotFound("This mail is not there, or it belongs to another team.")
    return found


def dispose(uow: UnitOfWork, actor: User, mail: ReceivedMail, disposal: Disposal, note: str = "") -> None:
    """Say what it was; it waits no longer. Raises IllegalMove for the second time, and for what is no reply."""
    require(actor, "work_tasks")
    if mail.kind not in FROM_PEOPLE:
        raise IllegalMove("This mail was written by a program: it waits for nobody.")
    if mail.disposal is not None:
        raise IllegalMove("Somebody has taken care of this reply already.")
    mail.disposal, mail.disposed_at, mail.disposed_by_id = disposal, uow.now, actor.id
    mail.note = note
    data = {"received": mail.id, "disposal": disposal.value, "words": note}
    uow.record("reply.disposed", **{**_about(mail), "actor_id": actor.id}, data=data)


def answered(uow: UnitOfWork, actor: User, mail: ReceivedMail, message_id: int) -> None:
    """Its answer is in the outbox. A reply that was disposed of before keeps what was said of it."""
    if mail.disposal is None:
        mail.disposal, mail.disposed_at, mail.disposed_by_id = Disposal.ANSWERED, uow.now, actor.id
        mail.answer_id = message_id


def wait_again(uow: UnitOfWork, actor: User, mail: ReceivedMail) -> None:
    """Undo: it stands in the list again."""
    require(actor, "work_tasks")
    mail.disposal = mail.disposed_at = mail.disposed_by_id = mail.answer_id = None
    mail.note = ""
    uow.record("reply.waits_again", **{**_about(mail), "actor_id": actor.id}, data={"received": mail.id})


def answers_failed(uow: UnitOfWork, message_ids: Iterable[int]) -> None:
    """What these messages were to answer waits again."""
    uow.session.execute(
        sa.update(ReceivedMail)
        .where(ReceivedMail.answer_id.in_(list(message_ids)), ReceivedMail.disposal == Disposal.ANSWERED)
        .values(disposal=None, disposed_at=None, disposed_by_id=None, answer_id=None)
        .execution_options(synchronize_session="fetch")
    )


def _about(mail: ReceivedMail) -> dict[str, object]:
    return {
        "team_id": mail.team_id,
        "person_id": mail.person_id,
        "campaign_id": mail.campaign_id,
        "enrollment_id": mail.enrollment_id,
    }
