"""Pack the whole workspace into one archive: a ZIP of JSON lines, a part for each table, and a manifest.

Rows go by in key order, a few at a time, in one transaction that sees one moment; memory does not grow with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC
from hashlib import sha256
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
MOMENT = (1980, 1, 1, 0, 0, 0)  # the date of every part: the same rows are the same bytes


def pack(uow: UnitOfWork, actor: User | None, file: IO[bytes], seal: Seal) -> Manifest:
    """Write the archive to `file`, which is never sought in; None acts for whoever may use the command line.

    Call it first in its transaction, so that on PostgreSQL, too, all parts show one moment. Raises NotAllowed.
    """
    if actor is not None:
        require(actor, "manage_installation")
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        tables = [_table(uow.session, archive, table, seal) for table in archived()]
        files = [_put(archive, name, [text]) for name, text in _campaign_files(uow.session)]
        exported_at = uow.now.astimezone(UTC).isoformat()
        manifest = Manifest(newest_revision(), exported_at, (*tables, *files), LEFT_OUT | BLANK)
        _put(archive, NAME, [written(manifest)])
    return manifest


def see_one_moment(session: Session) -> None:
    """Before the first statement. SQLite's transactions do so anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def told(manifest: Manifest) -> dict[str, object]:
    """For people and programs: what was packed or taken in."""
    parts = [part for part in map(asdict, manifest.parts) if part["rows"]]
    return {"schema": manifest.schema, "rows": manifest.rows, "parts": parts, "left_out": manifest.left_out}


def _table(session: Session, archive: ZipFile, table: sa.Table, seal: Seal) -> Part:
    query = sa.select(table).where(wanted(table)).order_by(*table.primary_key.columns)
    rows = session.execute(query.execution_options(yield_per=AT_ONCE)).mappings()
    named = ({column.name: row[column] for column in table.columns} for row in rows)
    return _put(archive, part_name(table), (line_of(table, row, seal) for row in named))


def _campaign_files(session: Session) -> Iterator[tuple[str, bytes]]:
    """What the editor shows of each campaign, for people and for git; the tables hold every version."""
    for campaign in session.scalars(sa.select(Campaign).order_by(Campaign.id)).all():
        try:
            text = write_campaign(export_campaign(session, campaign))
        except Invalid:  # one without steps has nothing that a file could hold
            continue
        yield f"campaigns/{campaign.id}.yaml", text.encode()


def _put(archive: ZipFile, name: str, lines: Iterator[bytes] | list[bytes]) -> Part:
    digest, rows, size = sha256(), 0, 0
    entry = ZipInfo(name, MOMENT)
    entry.compress_type = ZIP_DEFLATED
    with archive.open(entry, "w", force_zip64=True) as part:
        for line in lines:
            part.write(line)
            digest.update(line)
            rows, size = rows + 1, size + len(line)
    return Part(name, rows, size, digest.hexdigest())
