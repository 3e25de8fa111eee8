"""Undo an import: remove the people it made, unless something has touched them since."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.database import Base
from sales_campaigns.people.imports import import_of
from sales_campaigns.people.models import GroupMember, Person
from sales_campaigns.people.states import IMPORT
from sales_campaigns.unit_of_work import UnitOfWork

MADE_BY_THE_IMPORT = frozenset({Person.__tablename__, GroupMember.__tablename__})


@dataclass(frozen=True, slots=True)
class Undone:
    """How many people were removed, and how many stayed because they are in use or were changed since."""

    removed: int
    in_use: int
    changed: int

    @property
    def words(self) -> str:
        parts = [f"{self.removed:,} people were deleted."]
        if self.in_use:
            parts.append(f"{self.in_use:,} stayed: they have campaigns, mails or tasks.")
        if self.changed:
            parts.append(f"{self.changed:,} stayed: they were changed after the import.")
        return " ".join(parts)


def undo_import(uow: UnitOfWork, actor: User, import_id: int) -> Undone:
    """Remove whom this import made and nothing has touched since; what it merged into known people stays."""
    require(actor, "edit_people")
    found = import_of(uow.session, actor, import_id)
    uow.move(IMPORT, found, "undo", about={"team_id": found.team_id, "actor_id": actor.id})
    made, used, changed = Person.import_id == found.id, _in_use(), Person.changed_at != Person.created_at
    untouched = sa.delete(Person).where(made, ~used, ~changed)
    gone = uow.session.execute(untouched.execution_options(synchronize_session=False))
    undone = Undone(
        removed=gone.rowcount,  # type: ignore[attr-defined]
        in_use=_count(uow.session, made, used),
        changed=_count(uow.session, made, ~used, changed),
    )
    found.refusal = undone.words
    return undone


def _in_use() -> sa.ColumnElement[bool]:
    """Whether any other table refers to the person.

    The topics above (enrollments, messages, tasks) are not known here; their foreign keys are.
    """
    references = [
        key.parent
        for table in Base.metadata.sorted_tables
        if table.name not in MADE_BY_THE_IMPORT
        for key in table.foreign_keys
        if key.column is Person.__table__.c.id
    ]
    return sa.or_(sa.false(), *(sa.exists().where(column == Person.id) for column in references))


def _count(session: Session, *where: sa.ColumnElement[bool]) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(Person).where(*where)) or 0
