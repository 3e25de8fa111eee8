"""A workbook (XLSX, XLS, ODS) becomes a delimited file once, so that all that follows can stream."""

from __future__ import annotations

import csv
from datetime import date, datetime, time, timedelta
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

from sales_campaigns.errors import Invalid

MAGIC = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
Cell = int | float | str | bool | time | date | datetime | timedelta


def is_workbook(start: bytes) -> bool:
    """Whether a file that begins with these bytes is a workbook rather than text."""
    return start.startswith(MAGIC)


def write_as_text(source: Path, target: Path) -> None:
    """Write the first sheet that holds anything as UTF-8 with commas; row numbers stay. Raises Invalid."""
    try:
        book = CalamineWorkbook.from_path(str(source))
        filled = next(
            (sheet for sheet in map(book.get_sheet_by_name, book.sheet_names) if sheet.height), None
        )
    except (CalamineError, OSError):
        raise Invalid(
            {"file": "This workbook cannot be read. Save it again as XLSX, or as CSV, and upload that."}
        ) from None
    if filled is None:
        raise Invalid({"file": "The workbook is empty."})
    with target.open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text)
        writer.writerows([as_typed(cell) for cell in row] for row in filled.iter_rows())


def as_typed(cell: Cell) -> str:
    """A cell as a person reads it: 46812345.0 is a phone number that lost its quotation marks."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return cell.isoformat() if isinstance(cell, date | datetime | time) else str(cell)
