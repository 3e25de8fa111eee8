"""Pack the whole workspace into one archive: a ZIP of JSON lines, a part for each table, and a manifest.

Rows go by in key order, a few at a time, in one transaction that sees one moment; memory does not grow with them.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC
from hashlib import sha256
from itertools import islice
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.archives.lines import line_of
from sales_campaigns.archives.manifest import NAME, Manifest, Part, written
from sales_campaigns.archives.tables import BLANK, LEFT_OUT, archived, part_name, wanted
from sales_campaigns.campaigns.file.writing import write_campaign
from sales_campaigns.campaigns.filing import export_campaign
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.errors import Invalid
from sales_campaigns.migrating import newest_revision
from sales_campaigns.unit_of_work import UnitOfWork

AT_ONCE = 500  # rows in memory; a mail may weigh megabytes
A_STEP = 50  # rows until what was packed may leave
MOMENT = (1980, 1, 1, 0, 0, 0)  # the date of every part: the same rows are the same bytes


@dataclass
class Packing:
    """One archive on its way into `file`, which is never sought in; `parts` and `rows` are what is in it so far."""

    uow: UnitOfWork
    file: IO[bytes]
    seal: Seal
    parts: list[Part] = field(default_factory=list)
    rows: int = 0
    manifest: Manifest | None = None

    def steps(self) -> Generator[None]:
        """Go on by a few rows at each step; at the end the archive is whole, and `manifest` says what is in it."""
        with ZipFile(self.file, "w", ZIP_DEFLATED) as archive:
            for table in archived():
                yield from self._put(archive, part_name(table), self._lines(table))
            for name, text in _campaign_files(self.uow.session):
                yield from self._put(archive, name, iter([text]))
            exported_at = self.uow.now.astimezone(UTC).isoformat()
            self.manifest = Manifest(newest_revision(), exported_at, tuple(self.parts), LEFT_OUT | BLANK)
            archive.writestr(_entry(NAME), written(self.manifest))

    def _lines(self, table: sa.Table) -> Iterator[bytes]:
        query = sa.select(table).where(wanted(table)).order_by(*table.primary_key.columns)
        with self.uow.session.execute(query.execution_options(yield_per=AT_ONCE)) as found:
            for row in found.mappings():
                yield line_of(table, {column.name: row[column] for column in table.columns}, self.seal)

    def _put(self, archive: ZipFile, name: str, lines: Iterator[bytes]) -> Generator[None]:
        digest, before, size = sha256(), self.rows, 0
        with archive.open(_entry(name), "w", force_zip64=True) as part:
            while some := list(islice(lines, A_STEP)):
                for line in some:
                    part.write(line)
                    digest.update(line)
                self.rows, size = self.rows + len(some), size + sum(map(len, some))
                yield
        self.parts.append(Part(name, self.rows - before, size, digest.hexdigest()))
        yield


def pack(uow: UnitOfWork, actor: User | None, file: IO[bytes], seal: Seal) -> Manifest:
    """Write the archive to `file` in one go; None acts for whoever may use the command line. Raises NotAllowed."""
    if actor is not None:
        require(actor, "manage_installation")
    packing = Packing(uow, file, seal)
    for _ in packing.steps():
        pass
    assert packing.manifest is not None
    return packing.manifest


def see_one_moment(session: Session) -> None:
    """From here on, in a transaction of its own: on PostgreSQL one that asked for the time has chosen already how it
    sees. SQLite's transactions see one moment anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.commit()
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def told(manifest: Manifest) -> dict[str, object]:
    """For people and programs: what was packed or taken in."""
    parts = [part for part in map(asdict, manifest.parts) if part["rows"]]
    return {"schema": manifest.schema, "rows": manifest.rows, "parts": parts, "left_out": manifest.left_out}


def _campaign_files(session: Session) -> Iterator[tuple[str, bytes]]:
    """What the editor shows of each campaign, for people and for git; the tables hold every version."""
    for campaign in session.scalars(sa.select(Campaign).order_by(Campaign.id)).all():
        try:
            text = write_campaign(export_campaign(session, campaign))
        except Invalid:  # one without steps has nothing that a file could hold
            continue
        yield f"campaigns/{campaign.id}.yaml", text.encode()


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name, MOMENT)
    entry.compress_type = ZIP_DEFLATED
    return entry
