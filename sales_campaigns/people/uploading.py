"""Take a file of people in, guess how it is written, and let the guesses be corrected."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import IO, Any

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.errors import Invalid
from sales_campaigns.people.columns import BY_FIELD, CUSTOM, guess_meanings
from sales_campaigns.people.groups import list_of
from sales_campaigns.people.guessing import count_lines, guess_delimiter, guess_encoding, has_headings
from sales_campaigns.people.imports import import_of
from sales_campaigns.people.models import BadRow, PeopleImport
from sales_campaigns.people.reading import BEGINNING, DELIMITERS, ENCODINGS, read_rows
from sales_campaigns.people.spreadsheets import is_workbook, write_as_text
from sales_campaigns.people.states import IMPORT
from sales_campaigns.unit_of_work import UnitOfWork

LARGEST = 60 << 20  # bytes; some half a million people
MOST_COLUMNS = 300


def upload(
    uow: UnitOfWork,
    actor: User,
    uploads: Path,
    file_name: str,
    content: IO[bytes],
    *,
    group_id: int | None = None,
) -> PeopleImport:
    """Store the file under a random name in `uploads` and guess how it is written. Raises Invalid({"file": …})."""
    require(actor, "edit_people")
    if group_id is not None:
        list_of(uow.session, actor, group_id)
    path = _store(uploads, content)
    try:
        guessed = _look(path, guess_encoding(path), None)
    except Invalid:
        path.unlink()
        raise
    found = PeopleImport(
        team_id=actor.team_id,
        user_id=actor.id,
        group_id=group_id,
        file_name=Path(file_name.replace("\\", "/")).name[:255] or "people.csv",
        stored_name=path.name,
        rows=count_lines(path),
        created_at=uow.now,
        **guessed,
    )
    uow.session.add(found)
    uow.session.flush()
    return found


def correct(
    uow: UnitOfWork,
    actor: User,
    uploads: Path,
    import_id: int,
    *,
    encoding: str,
    delimiter: str,
    meanings: Sequence[str] | None = None,
    headings: bool | None = None,
    group_id: int | None = None,
) -> PeopleImport:
    """Say how the file is really written; `meanings` None guesses the columns anew. Raises Invalid by field."""
    require(actor, "edit_people")
    found = import_of(uow.session, actor, import_id)
    if group_id is not None:
        list_of(uow.session, actor, group_id)
    if problems := _wrong_choices(encoding, delimiter):
        raise Invalid(problems)
    guessed = _look(uploads / found.stored_name, encoding, delimiter, headings)
    if meanings is not None:
        guessed["columns"]["meanings"] = _checked_meanings(meanings, guessed["columns"]["header"])
    uow.session.execute(sa.delete(BadRow).where(BadRow.import_id == found.id))
    uow.move(IMPORT, found, "correct", about=_about(found, actor), refusal="", group_id=group_id, **guessed)
    return found


def forget_upload(uow: UnitOfWork, uploads: Path, found: PeopleImport) -> None:
    """Delete the file of people once this transaction stands: what is imported needs no second copy."""
    for path in (uploads / found.stored_name, marks_path(uploads, found)):
        uow.after_commit(partial(path.unlink, missing_ok=True))


def marks_path(uploads: Path, found: PeopleImport) -> Path:
    return uploads / f"{found.stored_name}.marks"


def _store(uploads: Path, content: IO[bytes]) -> Path:
    uploads.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = uploads / token_hex(16)
    with path.open("xb") as file:
        shutil.copyfileobj(content, file, 1 << 20)
    try:
        return _as_text(path)
    except Invalid:
        path.unlink()
        raise


def _as_text(path: Path) -> Path:
    size = path.stat().st_size
    if size == 0:
        raise Invalid({"file": "The file is empty."})
    if size > LARGEST:
        raise Invalid({"file": f"The file is larger than {LARGEST >> 20} MB. Split it and upload the parts."})
    with path.open("rb") as file:
        start = file.read(8)
    if not is_workbook(start):
        return path
    text = path.with_name(token_hex(16))
    write_as_text(path, text)
    path.unlink()
    return text


def _look(path: Path, encoding: str, delimiter: str | None, headings: bool | None = None) -> dict[str, Any]:
    """Columns of PeopleImport as the file reads with this encoding and delimiter (guessed when None)."""
    delimiter = delimiter or guess_delimiter(path, encoding)
    first, place = read_rows(path, encoding, delimiter, limit=1)
    if not first:
        raise Invalid({"file": "The file is empty."})
    cells = first[0][1]
    if len(cells) > MOST_COLUMNS:
        raise Invalid({"file": f"The first row has {len(cells):,} cells; {MOST_COLUMNS} are the most."})
    headed = has_headings(cells) if headings is None else headings
    header = (
        [cell.strip()[:120] for cell in cells] if headed else [f"Column {n + 1}" for n in range(len(cells))]
    )
    meanings = guess_meanings(header) if headed else _by_content(cells)
    return {
        "encoding": encoding,
        "delimiter": delimiter,
        "columns": {
            "header": header,
            "meanings": meanings,
            "headings": headed,
            "begin": (place if headed else BEGINNING).kept(),
            "repeated": [],
        },
    }


def _by_content(cells: Sequence[str]) -> list[str]:
    """Without headings only the address gives itself away; the rest waits to be told."""
    place = next((place for place, cell in enumerate(cells) if "@" in cell), None)
    return ["email" if number == place else "" for number in range(len(cells))]


def _wrong_choices(encoding: str, delimiter: str) -> Mapping[str, str]:
    wrong = {}
    if encoding not in ENCODINGS:
        wrong["encoding"] = "Choose one of the encodings offered."
    if delimiter not in DELIMITERS:
        wrong["delimiter"] = "Choose one of the delimiters offered."
    return wrong


def _checked_meanings(meanings: Sequence[str], header: Sequence[str]) -> list[str]:
    if len(meanings) != len(header):
        raise Invalid({"columns": f"The file has {len(header)} columns, and {len(meanings)} were described."})
    chosen = [meaning for meaning in meanings if meaning]
    for meaning in chosen:
        if meaning not in BY_FIELD and not (meaning.startswith(CUSTOM) and meaning != CUSTOM):
            raise Invalid({"columns": "Choose one of the meanings offered."})
        if chosen.count(meaning) > 1:
            raise Invalid({"columns": "Two columns cannot mean the same: leave one of them out."})
    return list(meanings)


def _about(found: PeopleImport, actor: User) -> dict[str, object]:
    return {"team_id": found.team_id, "actor_id": actor.id, "data": {"import": found.id}}
