"""The rows that were left out, as a file to mend and upload again. Nothing in it computes when it is opened."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence

from sqlalchemy.orm import Session

from sales_campaigns.people.imports import bad_rows
from sales_campaigns.people.models import PeopleImport

PIECE = 1000
# A spreadsheet computes what begins like this; a plain number such as +46 8 123 456 holds nothing to compute.
_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-][\d\s().]+\Z")


def guarded(cell: str) -> str:
    """The cell, with a leading apostrophe where a spreadsheet would take it for a formula (CWE-1236)."""
    return f"'{cell}" if _FORMULA.match(cell) and not _NUMBER.match(cell) else cell


def error_file(session: Session, found: PeopleImport) -> Iterator[str]:
    """CSV text, piece by piece: the file's own columns, then the row number and the reason.

    It begins with a byte order mark, without which spreadsheets do not take it for UTF-8.
    """
    width = len(found.columns["header"])
    yield "\ufeff" + _lines([[*found.columns["header"], "Row", "Reason"]])
    after = 0
    while rows := bad_rows(session, found.id, after=after, limit=PIECE):
        yield _lines([[*_padded(row.cells, width), str(row.row), row.reason] for row in rows])
        after = rows[-1].row


def _padded(cells: Sequence[str], width: int) -> list[str]:
    return [*cells[:width], *[""] * (width - len(cells))]


def _lines(rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([guarded(cell) for cell in row] for row in rows)
    return text.getvalue()
