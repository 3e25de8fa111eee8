"""Mails that were begun and not sent: saved while they are written, found again, thrown away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.errors import NotFound
from sales_campaigns.messages.models import Draft
from sales_campaigns.messages.outbox.composing import Typed
from sales_campaigns.people.models import Person
from sales_campaigns.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class About:
    """What a draft is for: somebody, perhaps a task, perhaps the mail that it answers."""

    person_id: int
    task_id: int | None = None
    answers_id: int | None = None


def save_draft(uow: UnitOfWork, actor: User, about: About, typed: Typed) -> Draft | None:
    """One row for each form, and for each task; None where there is nothing worth keeping.

    The rule: a draft requires subject + recipient, and is saved by itself once both exist.
    """
    require(actor, "work_tasks")
    known = _known(uow, actor, about, typed.key)
    if known is None and not (typed.subject.strip() and typed.key):
        return None
    draft = known or Draft(
        team_id=actor.team_id, owner_id=actor.id, key=typed.key[:32], task_id=about.task_id
    )
    draft.person_id, draft.answers_id, draft.changed_at = about.person_id, about.answers_id, uow.now
    draft.discarded_at = None
    draft.subject, draft.html, draft.bundle_id = typed.subject, typed.html, typed.bundle_id
    draft.cc, draft.bcc = typed.cc, typed.bcc
    uow.session.add(draft)
    uow.session.flush()
    return draft


def drafts_of(session: Session, owner: User, limit: int = 50) -> Sequence[tuple[Draft, Person]]:
    """The owner's, the newest first. A draft is for nobody else's eyes."""
    rows = session.execute(
        sa.select(Draft, Person)
        .join(Person, Person.id == Draft.person_id)
        .where(Draft.owner_id == owner.id, Draft.discarded_at.is_(None))
        .order_by(Draft.changed_at.desc(), Draft.id.desc())
        .limit(limit)
    )
    return [(row.Draft, row.Person) for row in rows]


def count_drafts(session: Session, owner: User) -> int:
    mine = (Draft.owner_id == owner.id, Draft.discarded_at.is_(None))
    return session.scalar(sa.select(sa.func.count(Draft.id)).where(*mine)) or 0


def draft_of(session: Session, owner: User, draft_id: int) -> Draft:
    """Raises NotFound for somebody else's."""
    draft = session.get(Draft, draft_id)
    if draft is None or draft.owner_id != owner.id:
        raise NotFound("This draft is not there: it was sent or discarded, or it is somebody else's.")
    return draft


def draft_for_task(session: Session, owner: User, task_id: int) -> Draft | None:
    mine = (Draft.owner_id == owner.id, Draft.task_id == task_id, Draft.discarded_at.is_(None))
    return session.scalar(sa.select(Draft).where(*mine))


def discard_draft(uow: UnitOfWork, actor: User, draft: Draft, *, away: bool = True) -> None:
    """Throw it away, or fetch it back."""
    require(actor, "work_tasks")
    draft.discarded_at = uow.now if away else None


def forget_draft(uow: UnitOfWork, actor: User, about: About, key: str) -> None:
    """It was sent: what was saved of it goes."""
    known = _known(uow, actor, about, key)
    if known is not None:
        uow.session.delete(known)


def _known(uow: UnitOfWork, actor: User, about: About, key: str) -> Draft | None:
    """The row of this form, or of this task. Locked, so that two saves of one form do not meet."""
    mine = [Draft.key == key[:32]]
    if about.task_id is not None:
        mine.append(Draft.task_id == about.task_id)
    uow.session.execute(sa.select(User.id).where(User.id == actor.id).with_for_update(of=User))
    query = sa.select(Draft).where(Draft.owner_id == actor.id, sa.or_(*mine)).order_by(Draft.id)
    return uow.session.scalars(query).first()
