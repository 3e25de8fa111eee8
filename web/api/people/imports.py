"""Files of people: sent, looked at, checked, imported, undone."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Annotated, Any

from flask import Response
from pydantic import AwareDatetime, Field

from sales_campaigns.database import Sessions
from sales_campaigns.people.error_file import error_file
from sales_campaigns.people.importing import check_import, start_import, stop_import
from sales_campaigns.people.imports import bad_reasons, import_of, recent_imports
from sales_campaigns.people.models import ImportState, PeopleImport
from sales_campaigns.people.undoing import undo_import
from sales_campaigns.people.uploading import correct, upload
from web.api.protocol.cursors import short_list
from web.api.protocol.operations import Area
from web.api.protocol.shapes import Asked, AskedPage, Done, Id, Line, Page, Shown
from web.request_scope import house, me, settings, work

api = Area("people", "")
CSV = "text/csv"
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class FileNamed(Asked):
    file_name: Line = Field("people.csv", min_length=1)
    group_id: Id | None = Field(None, description="The group that the people join.")


class Columns(Asked):
    """How the file is read. A meaning for each column: a field's name, `custom:name`, or empty to leave it out."""

    encoding: Line
    delimiter: Annotated[str, Field(max_length=3)]
    headings: bool = True
    meanings: list[Line] | None = Field(None, max_length=500)
    group_id: Id | None = None


class BadReason(Shown):
    reason: str
    rows: int


class ImportShown(Shown):
    id: int
    file_name: str
    state: ImportState
    refusal: str = Field(description="Why the file cannot be read at all.")
    encoding: str
    delimiter: str
    header: list[str]
    meanings: list[str]
    headings: bool
    group_id: int | None
    rows: int
    rows_done: int
    new: int
    merged: int
    bad: int
    created_at: AwareDatetime
    ended_at: AwareDatetime | None
    reasons: list[BadReason] = Field(description="Why rows are left out, the most frequent first.")


@api.get("/imports")
def list_imports(query: AskedPage) -> Page[ImportShown]:
    """The last ten imports."""
    found = recent_imports(work().session, me())
    return short_list(found, lambda one: one.id, _shown, query.after, query.limit)


@api.post("/imports", status=201, file=(CSV, WORKBOOK))
def upload_people(query: FileNamed, file: bytes) -> ImportShown:
    """Send a file of people, CSV or Excel, as the body. Encoding, delimiter and columns are guessed."""
    return _shown(upload(work(), me(), _uploads(), query.file_name, BytesIO(file), group_id=query.group_id))


@api.get("/imports/<int:import_id>")
def get_import(import_id: int) -> ImportShown:
    """One import: how far it is, and what is left out."""
    return _shown(import_of(work().session, me(), import_id))


@api.put("/imports/<int:import_id>/columns", example={"encoding": "utf-8", "delimiter": ","})
def correct_import(import_id: int, body: Columns) -> ImportShown:
    """Read the file anew, with other columns."""
    return _shown(correct(work(), me(), _uploads(), import_id, **body.model_dump()))


@api.post("/imports/<int:import_id>/check")
def check_people(import_id: int) -> ImportShown:
    """The dry run: how many are new, merged and bad. It goes on by itself; ask for the import until it is `checked`."""
    return _shown(check_import(work(), me(), import_id))


@api.post("/imports/<int:import_id>/start")
def start_people(import_id: int) -> ImportShown:
    """Import what was checked. It goes on by itself."""
    return _shown(start_import(work(), me(), import_id))


@api.post("/imports/<int:import_id>/stop")
def stop_people(import_id: int) -> ImportShown:
    """Stop it; what is in already stays."""
    return _shown(stop_import(work(), me(), import_id))


@api.post("/imports/<int:import_id>/undo")
def undo_people(import_id: int) -> Done:
    """Take an import back; people who are in use stay."""
    undone = undo_import(work(), me(), import_id)
    return Done(words=undone.words, count=undone.removed)


@api.get("/imports/<int:import_id>/errors", gives=CSV)
def get_import_errors(import_id: int) -> Response:
    """The rows that are left out, each with its reason, as a file."""
    found = import_of(work().session, me(), import_id)
    return Response(_lines(house().reads, found), mimetype=CSV)


def _lines(reads: Sessions, found: PeopleImport) -> Iterator[str]:
    """Read by a session of its own, because it outlives the request."""
    with reads() as session:
        yield from error_file(session, found)


def _uploads() -> Path:
    return settings().data_dir / "uploads"


def _shown(found: PeopleImport) -> ImportShown:
    work().session.flush()
    plain = {name: getattr(found, name) for name in OF_THE_ROW}
    reasons = [
        BadReason(reason=words, rows=number) for words, number in bad_reasons(work().session, found.id)
    ]
    columns: dict[str, Any] = {name: found.columns.get(name) or [] for name in ("header", "meanings")}
    return ImportShown(**plain, **columns, headings=bool(found.columns.get("headings")), reasons=reasons)


BESIDE = {"header", "meanings", "headings", "reasons"}
OF_THE_ROW = tuple(name for name in ImportShown.model_fields if name not in BESIDE)
