"""An archive of the whole workspace as a file that somebody downloads while it is made."""

from __future__ import annotations

from flask import Response

from sales_campaigns.accounts.archives import ArchiveExport
from sales_campaigns.archives.giving import Giving
from web.request_scope import house

ZIP = "application/zip"


def giving(export: ArchiveExport) -> Giving:
    return Giving(house().reads, house().writes, house().clock, house().seal, export.id)


def downloaded(export: ArchiveExport) -> Response:
    """It is read by sessions of its own, because it outlives the request."""
    given = Response(giving(export).pieces(), mimetype=ZIP)
    name = f"workspace-{export.started_at:%Y-%m-%d}.zip"
    given.headers.set("Content-Disposition", "attachment", filename=name)
    return given
