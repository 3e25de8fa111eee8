"""The import of people: upload, look and correct, dry run, import with progress, result, undo."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from flask import Blueprint, Response, request, stream_with_context, url_for
from werkzeug.utils import secure_filename

from sales_campaigns.errors import Invalid
from sales_campaigns.people.columns import MEANINGS, custom_fields, words_of
from sales_campaigns.people.error_file import error_file
from sales_campaigns.people.groups import lists_of
from sales_campaigns.people.importing import check_import, start_import, stop_import
from sales_campaigns.people.imports import bad_reasons, bad_rows, import_of, preview, recent_imports
from sales_campaigns.people.models import ImportState, PeopleImport
from sales_campaigns.people.reading import DELIMITERS, ENCODINGS
from sales_campaigns.people.states import CORRECTABLE
from sales_campaigns.people.undoing import undo_import
from sales_campaigns.people.uploading import correct, upload
from web.answers import answer, go, page
from web.numbers import whole
from web.request_scope import me, settings, work

pages = Blueprint("people_import", __name__, url_prefix="/people/import")
SHOWN_ROWS = 100


@pages.get("")
def form() -> str:
    return _upload_form({})


@pages.post("")
def take_in() -> Response | tuple[str, int]:
    try:
        name, content = _given()
        group_id = request.form.get("group", type=whole)
        found = upload(work(), me(), _uploads(), name, content, group_id=group_id)
    except Invalid as error:
        return _upload_form(error.problems), 422
    return go(url_for("people_import.show", import_id=found.id))


@pages.get("/<int:import_id>")
def show(import_id: int) -> str:
    return _show(import_of(work().session, me(), import_id), {})


@pages.post("/<int:import_id>/correct")
def look_again(import_id: int) -> Response | tuple[str, int]:
    """Read the file anew with what was chosen, and check it when the button said so."""
    try:
        correct(work(), me(), _uploads(), import_id, **_choices())
        if request.form.get("do") == "check":
            check_import(work(), me(), import_id)
    except Invalid as error:
        return _show(import_of(work().session, me(), import_id), error.problems), 422
    return _back(import_id)


@pages.post("/<int:import_id>/start")
def start(import_id: int) -> Response:
    start_import(work(), me(), import_id)
    return _back(import_id)


@pages.post("/<int:import_id>/stop")
def stop(import_id: int) -> Response:
    stop_import(work(), me(), import_id)
    return _back(import_id)


@pages.post("/<int:import_id>/undo")
def undo(import_id: int) -> Response:
    undone = undo_import(work(), me(), import_id)
    return go(url_for("people_import.show", import_id=import_id), undone.words)


@pages.get("/<int:import_id>/errors.csv")
def errors(import_id: int) -> Response:
    found = import_of(work().session, me(), import_id)
    stem = secure_filename(Path(found.file_name).stem) or "people"
    lines = stream_with_context(error_file(work().session, found))
    given = Response(lines, mimetype="text/csv")
    given.headers["Content-Disposition"] = f'attachment; filename="{stem}-left-out.csv"'
    return given


def _given() -> tuple[str, IO[bytes]]:
    """The file, or the rows that were pasted from a table."""
    file, pasted = request.files.get("file"), request.form.get("pasted", "")
    if file is not None and file.filename:
        return file.filename, file.stream
    if not pasted.strip():
        raise Invalid({"file": "Choose a file, or paste rows, first."})
    return "pasted rows", BytesIO(pasted.encode())


def _uploads() -> Path:
    return settings().data_dir / "uploads"


def _back(import_id: int) -> Response:
    return go(url_for("people_import.show", import_id=import_id))


def _upload_form(problems: Mapping[str, str]) -> str:
    session = work().session
    return page(
        "people_import/index.html",
        imports=recent_imports(session, me()),
        groups=lists_of(session, me()),
        typed=request.form,
        problems=problems,
    )


def _show(found: PeopleImport, problems: Mapping[str, str]) -> str:
    """The one page of an import: what it shows follows from the state."""
    session, state = work().session, found.state
    context: dict[str, Any] = {
        "found": found,
        "problems": problems,
        "state": state.value,
        "steps": _steps(found),
    }
    if state in CORRECTABLE:
        context |= _choosing(found)
    if state not in {ImportState.UPLOADED, ImportState.CHECKING}:
        context["bad"] = bad_rows(session, found.id, limit=SHOWN_ROWS)
        context["reasons"] = bad_reasons(session, found.id)
    return answer("people_import/show.html", "people_import/_state.html", **context)


def _choosing(found: PeopleImport) -> dict[str, Any]:
    """What the form of guesses offers; after a refusal, what was chosen there."""
    typed, columns = request.form, found.columns
    return {
        "preview": preview(found, _uploads()),
        "encodings": list(ENCODINGS.items()),
        "delimiters": [(sign, words) for sign, words in DELIMITERS.items()],
        "chosen": {
            "encoding": typed.get("encoding", found.encoding),
            "delimiter": typed.get("delimiter", found.delimiter),
            "headings": "headings" in typed if typed else columns["headings"],
            "group": typed.get("group", found.group_id or ""),
            "meanings": typed.getlist("meaning") or columns["meanings"],
        },
        "meanings": [_offered(own) for own in custom_fields(columns["header"])],
        "groups": lists_of(work().session, me()),
    }


def _offered(own: str) -> list[tuple[str, str]]:
    """What one column may mean: nothing, a field of a person, a custom field of its own name."""
    fields = [(meaning.field, meaning.words) for meaning in MEANINGS]
    return [("", "Leave out"), *fields, *([(own, f"Custom field “{words_of(own)}”")] if own else [])]


def _choices() -> dict[str, Any]:
    """The columns' meanings are kept only while the file is read as before: other cells mean other things."""
    typed = request.form
    as_before = all(typed.get(name) == typed.get(f"{name}_before") for name in ("encoding", "delimiter"))
    headings = "headings" in typed
    as_before = as_before and headings == (typed.get("headings_before") == "1")
    return {
        "encoding": typed.get("encoding", ""),
        "delimiter": typed.get("delimiter", ""),
        "headings": headings,
        "meanings": typed.getlist("meaning") if as_before else None,
        "group_id": typed.get("group", type=whole),
    }


def _steps(found: PeopleImport) -> list[dict[str, object]]:
    places = {
        ImportState.UPLOADED: 1,
        ImportState.REFUSED: 1,
        ImportState.CHECKING: 2,
        ImportState.CHECKED: 2,
        ImportState.IMPORTING: 3,
    }
    place = places.get(found.state, 4)
    labels = ("Upload", "Columns", "Dry run", "Import", "Result")
    return [{"label": label, "current": at == place, "over": at < place} for at, label in enumerate(labels)]
