"""Reads of imports: one, the latest, its bad rows, the first rows of its file as they would be understood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import sees_every_team
from sales_campaigns.errors import Invalid, NotFound
from sales_campaigns.people.models import BadRow, PeopleImport
from sales_campaigns.people.reading import Place, read_rows


@dataclass(frozen=True, slots=True)
class Preview:
    """The first rows under their headings, or the `problem` that stands in the way."""

    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    problem: str = ""


def import_of(session: Session, actor: User, import_id: int) -> PeopleImport:
    """Raises NotFound for an import of another team."""
    found = session.get(PeopleImport, import_id)
    if found is None or (found.team_id != actor.team_id and not sees_every_team(actor)):
        raise NotFound
    return found


def recent_imports(session: Session, actor: User, limit: int = 10) -> Sequence[PeopleImport]:
    """The latest imports of the actor's team, newest first."""
    query = sa.select(PeopleImport).where(PeopleImport.team_id == actor.team_id)
    return session.scalars(query.order_by(PeopleImport.id.desc()).limit(limit)).all()


def bad_rows(session: Session, import_id: int, *, after: int = 0, limit: int = 100) -> Sequence[BadRow]:
    """Rows that were left out, in the order of the file, beginning after row number `after`."""
    query = sa.select(BadRow).where(BadRow.import_id == import_id, BadRow.row > after)
    return session.scalars(query.order_by(BadRow.row).limit(limit)).all()


def bad_reasons(session: Session, import_id: int, limit: int = 20) -> Sequence[tuple[str, int]]:
    """(reason, how many rows), the commonest first."""
    count = sa.func.count()
    query = sa.select(BadRow.reason, count).where(BadRow.import_id == import_id).group_by(BadRow.reason)
    found = session.execute(query.order_by(count.desc(), BadRow.reason).limit(limit))
    return [(reason, number) for reason, number in found]


def preview(found: PeopleImport, uploads: Path, limit: int = 5) -> Preview:
    """How the file reads with the encoding and delimiter that the import has now."""
    header, start = tuple(found.columns["header"]), Place(*found.columns["begin"])
    path = uploads / found.stored_name
    try:
        rows, _ = read_rows(path, found.encoding, found.delimiter, limit, start)
    except Invalid as error:
        return Preview(header, (), " ".join(error.problems.values()))
    except OSError:
        return Preview(header, (), "The uploaded file is no longer there. Upload it again.")
    return Preview(header, tuple((number, tuple(cells)) for number, cells in rows))
