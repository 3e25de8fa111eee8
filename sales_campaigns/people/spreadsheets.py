"""A workbook (XLSX) becomes a delimited file once, so that all that follows can stream."""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import IO

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from sales_campaigns.errors import Invalid

XLSX, XLS = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
# The reader holds a sheet as a rectangle, whatever of it is filled: one cell far down to the right of an empty
# sheet would take all the memory there is and end the process. So the measure is taken before.
MOST_CELLS = 6_000_000
MOST_BYTES = 600 << 20
_REFERENCE = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{0,3})(\d{1,7})["']""")
UNREADABLE = "This workbook cannot be read. Save it again as XLSX, or as CSV, and upload that."
TOO_LARGE = "This workbook is too large. Save its sheet of people as CSV and upload that."
Cell = int | float | str | bool | time | date | datetime | timedelta


def is_workbook(start: bytes) -> bool:
    """Whether a file that begins with these bytes is a workbook rather than text."""
    return start.startswith((XLSX, XLS))


def write_as_text(source: Path, target: Path) -> None:
    """Write the first sheet that holds anything as UTF-8 with commas; row numbers stay. Raises Invalid."""
    try:
        _refuse_huge(source)
        book = CalamineWorkbook.from_path(str(source))
        sheets: Iterator[CalamineSheet] = map(book.get_sheet_by_name, book.sheet_names)
        filled = next((sheet for sheet in sheets if sheet.height), None)
    except (CalamineError, zipfile.BadZipFile, OSError):
        raise Invalid({"file": UNREADABLE}) from None
    if filled is None:
        raise Invalid({"file": "The workbook is empty."})
    with target.open("w", encoding="utf-8", newline="") as text:
        csv.writer(text).writerows([as_typed(cell) for cell in row] for row in filled.iter_rows())


def as_typed(cell: Cell) -> str:
    """A cell as a person reads it: 46812345.0 is a phone number that lost its quotation marks."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return cell.isoformat() if isinstance(cell, date | datetime | time) else str(cell)


def _refuse_huge(source: Path) -> None:
    with zipfile.ZipFile(source) as book:
        if sum(part.file_size for part in book.infolist()) > MOST_BYTES:
            raise Invalid({"file": TOO_LARGE})
        if book.testzip() is not None:  # also finds a part that is larger than it says
            raise zipfile.BadZipFile
        for part in book.namelist():
            if part.startswith("xl/worksheets/") and part.endswith(".xml"):
                with book.open(part) as sheet:
                    if _cells(sheet) > MOST_CELLS:
                        raise Invalid({"file": TOO_LARGE})


def _cells(sheet: IO[bytes]) -> int:
    """The area of the rectangle from A1 to the farthest row and column that the sheet names."""
    rows = columns = 0
    tail = b""
    while piece := sheet.read(1 << 20):
        for letters, digits in _REFERENCE.findall(tail + piece):
            rows, columns = max(rows, int(digits)), max(columns, _column(letters))
        tail = piece[-32:]
    return rows * max(columns, 1)


def _column(letters: bytes) -> int:
    """A is 1, Z is 26, AA is 27."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
