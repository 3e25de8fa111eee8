"""Take an archive into an empty installation: checked whole first, then one transaction a part.

After a kill the same file goes on behind its last part. The rule: sending stays off until an administrator confirms.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from itertools import islice
from pathlib import Path
from typing import Any, Protocol
from zipfile import ZipFile

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from sales_campaigns.accounts.archives import ArchiveImport
from sales_campaigns.accounts.models import Instance, Team
from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.archives.checking import check, lines_of, manifest_of, opened
from sales_campaigns.archives.lines import row_of
from sales_campaigns.archives.manifest import Manifest, Part
from sales_campaigns.archives.tables import archived, part_name, wanted
from sales_campaigns.errors import IllegalMove, Invalid
from sales_campaigns.messages.holds import INSTANCE
from sales_campaigns.messages.models import Cause
from sales_campaigns.messages.stops.reasons import put_stop
from sales_campaigns.unit_of_work import UnitOfWork

AT_ONCE = 200
WHY = "this workspace came with an archive: make sure that the installation it came from does not send"


class Work(Protocol):
    """One transaction each time it is called."""

    def __call__(self) -> AbstractContextManager[UnitOfWork]: ...


def unpack(work: Work, path: Path, seal: Seal) -> Manifest:
    """Raises Invalid for a bad archive, with what was written of it; IllegalMove where there is a team already, or
    another import is not over.
    """
    try:
        manifest = check(path, seal)
        with work() as uow:
            begin(uow, manifest)
        more = True
        while more:
            with work() as uow:
                more = take_in_next(uow, path, seal, manifest.digest)
    except Invalid as refusal:
        raise Invalid(f"{refusal.words} {how_far(work)}") from None
    return manifest


def how_far(work: Work) -> str:
    """What an import that was refused has written, and how it goes on; for people."""
    with work() as uow:
        unfinished = sa.select(ArchiveImport).where(ArchiveImport.ended_at.is_(None))
        row = uow.session.scalar(unfinished.limit(1))
        if row is None or not row.parts_done:
            return "Nothing was written."
        done = f"{row.parts_done:,} of {row.parts:,} parts were written before, with {row.rows:,} rows"
    return f"{done}; sending is off. Import a whole copy of the same archive: it goes on behind them."


def begin(uow: UnitOfWork, manifest: Manifest) -> ArchiveImport:
    """Stop all sending before there is anything to send. The same archive again goes on where it stood."""
    known = uow.session.get(ArchiveImport, manifest.digest, with_for_update=True)
    unfinished = sa.select(ArchiveImport.digest).where(ArchiveImport.ended_at.is_(None))
    if known is not None and known.ended_at is None:
        return known
    if uow.session.scalar(unfinished.limit(1)) is not None:
        raise IllegalMove("Another import is not over. Go on with the same file.")
    if uow.session.scalar(sa.select(Team.id).limit(1)) is not None:
        raise IllegalMove("This installation is not empty: an archive is taken into an empty one.")
    row = ArchiveImport(digest=manifest.digest, parts=len(manifest.parts), started_at=uow.now)
    uow.session.add(row)
    if uow.session.get(Instance, 1) is None:
        uow.session.add(Instance(id=1))
    uow.session.flush()
    put_stop(uow, *INSTANCE, Cause.RESTORED, WHY)
    return row


def take_in_next(uow: UnitOfWork, path: Path, seal: Seal, digest: str) -> bool:
    """The next part, whole or not at all; whether there is more to do."""
    row = uow.session.get_one(ArchiveImport, digest, with_for_update=True, populate_existing=True)
    if row.ended_at is not None:
        return False
    with opened(path) as archive:
        manifest = manifest_of(archive)
        if manifest.digest != digest:
            raise Invalid("The file is another one than before.")
        row.rows += _take_in(uow.session, archive, manifest.parts[row.parts_done], seal)
    row.parts_done += 1
    row.ended_at = uow.now if row.parts_done == row.parts else None
    return row.ended_at is None


def _take_in(session: Session, archive: ZipFile, part: Part, seal: Seal) -> int:
    """How many rows. Campaign files are for people: what they say stands in the tables."""
    table = next((one for one in archived() if part_name(one) == part.name), None)
    lines = lines_of(archive, part)
    if table is None:
        return sum(0 for _ in lines)
    session.execute(sa.delete(table).where(wanted(table)))  # what an empty installation made for itself
    try:
        for rows in _batches(row_of(table, line, seal) for line in lines):
            session.execute(sa.insert(table), rows)
    except IntegrityError:
        raise Invalid(f"Rows of {part.name} do not fit each other or those before them.") from None
    _count_on(session, table)
    return part.rows


def _batches(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while batch := list(islice(rows, AT_ONCE)):
        yield batch


def _count_on(session: Session, table: sa.Table) -> None:
    """PostgreSQL counts ids by a sequence, which has to go on behind those that came."""
    if session.get_bind().dialect.name != "postgresql" or "id" not in table.c:
        return
    last = sa.select(sa.func.max(table.c.id)).scalar_subquery()
    sequence = sa.func.pg_get_serial_sequence(table.name, "id")
    session.execute(sa.select(sa.func.setval(sequence, last)).where(sequence.is_not(None), last.is_not(None)))
