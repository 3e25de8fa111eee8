"""Give an archive to whoever asked for it, piece by piece while it is packed. Nothing of it stays on this machine.

It is read in one transaction that sees one moment; how far it is stands in small ones beside it, so that a page of any
process can tell.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from io import RawIOBase
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.archives import ArchiveExport
from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.archives.manifest import Manifest
from sales_campaigns.archives.packing import Packing, see_one_moment
from sales_campaigns.archives.tables import archived
from sales_campaigns.clock import Clock, machine_now
from sales_campaigns.database import Sessions
from sales_campaigns.unit_of_work import UnitOfWork, unit_of_work

TOLD_EVERY = timedelta(seconds=1)
SILENT = timedelta(minutes=5)  # a server gives up on a reader long before
SHOWN = 10


class ExportState(StrEnum):
    UNDER_WAY = "under way"
    WHOLE = "whole"
    BROKEN_OFF = "broken off"


@dataclass(frozen=True, slots=True)
class ExportLine:
    """One archive for the list of them; `who` is "" for the command line."""

    export: ArchiveExport
    who: str
    state: ExportState


def begin_export(uow: UnitOfWork, actor: User | None) -> ArchiveExport:
    """That somebody takes everything along is kept; None acts for whoever may use the command line.

    Raises NotAllowed.
    """
    if actor is not None:
        require(actor, "manage_installation")
    who = {"actor_id": actor.id, "team_id": actor.team_id} if actor is not None else {}
    row = ArchiveExport(
        actor_id=who.get("actor_id"), parts=len(archived()), started_at=uow.now, moved_at=machine_now()
    )
    uow.session.add(row)
    uow.session.flush()
    uow.record("archive.given", **who, data={"archive": row.id})
    return row


def exports(session: Session, now: datetime) -> Sequence[ExportLine]:
    """The newest first; `now` is that of the machine."""
    found = session.execute(
        sa.select(ArchiveExport, User)
        .outerjoin(User, User.id == ArchiveExport.actor_id)
        .order_by(ArchiveExport.id.desc())
        .limit(SHOWN)
    )
    return [ExportLine(row, user.name if user else "", state_of(row, now)) for row, user in found]


def state_of(export: ArchiveExport, now: datetime) -> ExportState:
    """One that nothing was heard of for long died with its process."""
    if export.digest:
        return ExportState.WHOLE
    silent = now - export.moved_at > SILENT
    return ExportState.BROKEN_OFF if silent or export.ended_at is not None else ExportState.UNDER_WAY


@dataclass
class Giving:
    """One archive that was begun; `manifest` is there when all its pieces have left."""

    reads: Sessions
    writes: Sessions
    clock: Clock
    seal: Seal
    export_id: int
    manifest: Manifest | None = None
    size: int = field(default=0, init=False)
    _told_at: datetime = field(default_factory=machine_now, init=False)

    def pieces(self) -> Generator[bytes]:
        """Its bytes. Whoever stops asking, or a database that fails, breaks it off."""
        values: dict[str, Any] = {}
        try:
            with unit_of_work(self.reads, self.clock) as uow:
                see_one_moment(uow.session)
                yield from self._packed(uow)
            assert self.manifest is not None
            values = {"digest": self.manifest.digest, "parts_done": len(archived())}
            values |= {"rows": self.manifest.rows, "size": self.size}
        finally:
            self._tell({"ended_at": self.clock.now(), **values})

    def _packed(self, uow: UnitOfWork) -> Iterator[bytes]:
        outlet = _Outlet()
        packing = Packing(uow, cast(Any, outlet), self.seal)
        with closing(packing.steps()) as steps:
            for _ in steps:
                yield from self._left(outlet)
                if machine_now() - self._told_at >= TOLD_EVERY:
                    done = min(len(packing.parts), len(archived()))
                    self._tell({"parts_done": done, "rows": packing.rows, "size": self.size})
        yield from self._left(outlet)
        self.manifest = packing.manifest

    def _left(self, outlet: _Outlet) -> Iterator[bytes]:
        if piece := outlet.taken():
            self.size += len(piece)
            yield piece

    def _tell(self, values: Mapping[str, Any]) -> None:
        self._told_at = machine_now()
        with unit_of_work(self.writes, self.clock) as uow:
            row = sa.update(ArchiveExport).where(ArchiveExport.id == self.export_id)
            uow.session.execute(row.values(moved_at=self._told_at, **values))


class _Outlet(RawIOBase):
    """What is written here waits until it is taken."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        self._waiting += piece
        return len(piece)

    def taken(self) -> bytes:
        piece = bytes(self._waiting)
        self._waiting.clear()
        return piece
