"""An import on its way: check (the dry run) and import, a chunk of rows a transaction, resumable by row number."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.errors import Invalid
from sales_campaigns.people.checking import Candidate, Refused, check_row
from sales_campaigns.people.columns import MEANINGS
from sales_campaigns.people.imports import import_of
from sales_campaigns.people.merging import known_people, merge
from sales_campaigns.people.models import BadRow, ImportState, PeopleImport
from sales_campaigns.people.reading import Place, Row, read_rows, refuse_swallowed_rows
from sales_campaigns.people.repeats import first_rows, mark, remember
from sales_campaigns.people.states import IMPORT, RUNNING
from sales_campaigns.people.uploading import forget_upload, marks_path
from sales_campaigns.unit_of_work import UnitOfWork

CHUNK = 1000
LISTED_REPEATS = 200
REACHING = frozenset({"email", "phone", "linkedin_url"})


def check_import(uow: UnitOfWork, actor: User, import_id: int) -> PeopleImport:
    """Begin the dry run. Raises Invalid when no column says how to reach anybody."""
    require(actor, "edit_people")
    found = import_of(uow.session, actor, import_id)
    if not REACHING & set(found.columns["meanings"]):
        wanted = ", ".join(one.words for one in MEANINGS if one.field in REACHING)
        raise Invalid({"columns": f"Say which column holds at least one of: {wanted}."})
    uow.session.execute(sa.delete(BadRow).where(BadRow.import_id == found.id))
    anew = _from_the_beginning({**found.columns, "repeated": []})
    uow.move(IMPORT, found, "check", about=_about(found, actor), refusal="", **anew)
    return found


def start_import(uow: UnitOfWork, actor: User, import_id: int) -> PeopleImport:
    """Let a checked import run; the scheduler does the rest."""
    require(actor, "edit_people")
    found = import_of(uow.session, actor, import_id)
    uow.move(IMPORT, found, "start", about=_about(found, actor), **_from_the_beginning(found.columns))
    return found


def stop_import(uow: UnitOfWork, actor: User, import_id: int) -> PeopleImport:
    """Stop a check, or an import where it stands: what was imported stays and can be undone."""
    require(actor, "edit_people")
    found = import_of(uow.session, actor, import_id)
    if found.state == ImportState.CHECKING:
        uow.move(IMPORT, found, "stop_checking", about=_about(found, actor))
        return found
    words = f"Stopped after row {found.rows_done:,} of {found.rows:,}."
    uow.move(IMPORT, found, "finish", about=_about(found, actor), ended_at=uow.now, refusal=words)
    return found


def due_imports(session: Session) -> list[int]:
    """The ids of imports that have rows to check or to import."""
    query = sa.select(PeopleImport.id).where(PeopleImport.state.in_(RUNNING))
    return list(session.scalars(query.order_by(PeopleImport.id)))


def continue_import(uow: UnitOfWork, uploads: Path, import_id: int, *, chunk: int = CHUNK) -> bool:
    """Do the next `chunk` rows; whether there is more to do. Repeating it after a crash loses and doubles nothing."""
    found = uow.session.get(PeopleImport, import_id, with_for_update=True)
    if found is None or found.state not in RUNNING:
        return False
    try:
        rows, place = _next_rows(found, uploads, chunk)
    except Invalid as error:
        return _refuse(uow, found, error)
    if found.state == ImportState.CHECKING:
        _check(uow, found, uploads, rows, place.row)
    else:
        _import(uow, found, rows)
    found.rows_done, found.columns = place.row, {**found.columns, "place": place.kept()}
    if len(rows) < chunk:
        _finish(uow, found, uploads)
        return False
    return True


def _from_the_beginning(columns: dict[str, Any]) -> dict[str, object]:
    begin = columns["begin"]
    return {
        "columns": {**columns, "place": begin},
        "rows_done": begin[0],
        "new": 0,
        "merged": 0,
        "bad": 0,
    }


def _next_rows(found: PeopleImport, uploads: Path, chunk: int) -> tuple[list[Row], Place]:
    path, start = uploads / found.stored_name, Place(*found.columns["place"])
    try:
        rows, place = read_rows(path, found.encoding, found.delimiter, chunk, start)
    except OSError:
        raise Invalid({"file": "The uploaded file is no longer there. Upload it again."}) from None
    for number, cells in rows:
        refuse_swallowed_rows(number, cells, len(found.columns["meanings"]), found.delimiter)
    return rows, place


def _check(uow: UnitOfWork, found: PeopleImport, uploads: Path, rows: Sequence[Row], last_row: int) -> None:
    good, refused = _judged(found, rows)
    _note_repeats(uow, found, uploads, good, last_row)
    bad = [
        {"import_id": found.id, "row": r.row, "reason": r.reason, "cells": _kept(r.cells)} for r in refused
    ]
    if bad:
        uow.session.execute(sa.insert(BadRow), bad)
    found.bad += len(refused)


def _import(uow: UnitOfWork, found: PeopleImport, rows: Sequence[Row]) -> None:
    good, refused = _judged(found, rows)
    new, merged = merge(uow, found, good)
    found.new, found.merged, found.bad = found.new + new, found.merged + merged, found.bad + len(refused)


def _finish(uow: UnitOfWork, found: PeopleImport, uploads: Path) -> None:
    if found.state == ImportState.CHECKING:
        uow.move(IMPORT, found, "report", about=_about(found, None), rows=found.rows_done)
    else:
        uow.move(IMPORT, found, "finish", about=_about(found, None), ended_at=uow.now)
        forget_upload(uow, uploads, found)


def _judged(found: PeopleImport, rows: Sequence[Row]) -> tuple[list[Candidate], list[Refused]]:
    judged = [check_row(number, cells, found.columns["meanings"]) for number, cells in rows]
    good = [one for one in judged if isinstance(one, Candidate)]
    return good, [one for one in judged if isinstance(one, Refused)]


def _note_repeats(
    uow: UnitOfWork, found: PeopleImport, uploads: Path, good: Sequence[Candidate], last_row: int
) -> None:
    """Count who is new and who merges, with somebody the team has or with an earlier row of the file."""
    path, known = marks_path(uploads, found), known_people(uow.session, found.team_id, good)
    seen, marks, repeated = first_rows(path, found.rows_done), {}, list(found.columns["repeated"])
    for one in good:
        marks[one.row] = mark(one.key)
        first = seen.setdefault(marks[one.row], one.row)
        if first != one.row and len(repeated) < LISTED_REPEATS:
            repeated.append([one.row, first])
        merges = first != one.row or one.key in known
        found.merged, found.new = found.merged + merges, found.new + (not merges)
    remember(path, found.rows_done, marks, last_row)
    found.columns = {**found.columns, "repeated": repeated}


def _refuse(uow: UnitOfWork, found: PeopleImport, error: Invalid) -> bool:
    """A file that cannot be told apart ends the check; an import that already runs ends where it stands."""
    words = " ".join(error.problems.values())
    event = "refuse" if found.state == ImportState.CHECKING else "finish"
    uow.move(IMPORT, found, event, about=_about(found, None), refusal=words, ended_at=uow.now)
    return False


def _kept(cells: Sequence[str]) -> list[str]:
    """What the error file gives back; NUL cannot be stored, and nobody typed it."""
    return [cell.replace("\0", "")[:10_000] for cell in cells]


def _about(found: PeopleImport, actor: User | None) -> dict[str, object]:
    data = {"import": found.id, "new": found.new, "merged": found.merged, "bad": found.bad}
    return {"team_id": found.team_id, "actor_id": actor.id if actor else found.user_id, "data": data}
