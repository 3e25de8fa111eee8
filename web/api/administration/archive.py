"""The whole workspace as one file, and the archives that were given out."""

from __future__ import annotations

from flask import Response
from pydantic import AwareDatetime, Field

from sales_campaigns.accounts.roles import require
from sales_campaigns.api_access.scopes import Scope
from sales_campaigns.archives.giving import ExportLine, ExportState, begin_export, exports
from sales_campaigns.archives.tables import BLANK, LEFT_OUT
from sales_campaigns.clock import machine_now
from web.api.protocol.operations import Area
from web.api.protocol.shapes import Shown
from web.parts.archive_files import ZIP, downloaded
from web.request_scope import me, work

api = Area("installation", "", Scope.ADMIN)


class ArchiveShown(Shown):
    id: int
    who: str = Field(description="Empty for the command line.")
    state: ExportState
    parts: int = Field(description="Tables.")
    parts_done: int
    rows: int
    size: int = Field(description="Bytes that have left.")
    digest: str = Field(description="Of its manifest, once it is whole.")
    started_at: AwareDatetime
    ended_at: AwareDatetime | None


class ArchivesShown(Shown):
    archives: list[ArchiveShown] = Field(description="The newest first, at most 10.")
    left_out: dict[str, str] = Field(description="Table or column → why it stays behind.")


@api.get("/workspace/archives")
def list_archives() -> ArchivesShown:
    """Which archives were given out, how far each is, and what none of them holds."""
    require(me(), "manage_installation")
    lines = exports(work().session, machine_now())
    return ArchivesShown(archives=[_shown(line) for line in lines], left_out=LEFT_OUT | BLANK)


@api.post("/workspace/archives", gives=ZIP)
def export_workspace() -> Response:
    """The whole workspace as a ZIP, which leaves while it is made. That it was asked for is kept.

    It is taken into an empty installation with `flask workspace import`.
    """
    return downloaded(begin_export(work(), me()))


def _shown(line: ExportLine) -> ArchiveShown:
    return ArchiveShown.model_validate({**line.export.__dict__, "who": line.who, "state": line.state})
