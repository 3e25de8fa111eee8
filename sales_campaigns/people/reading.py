"""From the bytes of a delimited file to its rows, streamed; a quotation mark that is never closed is refused."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from sales_campaigns.errors import Invalid

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
# What is offered to correct a wrong guess; each is a name that Python's codecs know.
ENCODINGS = {
    "utf-8": "Unicode (UTF-8)",
    "utf-16": "Unicode (UTF-16)",
    "utf-16-le": "Unicode (UTF-16, little-endian)",
    "utf-16-be": "Unicode (UTF-16, big-endian)",
    "utf-32": "Unicode (UTF-32)",
    "cp1252": "Western European (Windows)",
    "cp1250": "Central European (Windows)",
    "cp1251": "Cyrillic (Windows)",
    "cp1253": "Greek (Windows)",
    "cp1254": "Turkish (Windows)",
    "cp1257": "Baltic (Windows)",
    "mac-roman": "Western European (Macintosh)",
    "cp850": "Western European (DOS)",
    "cp437": "DOS (US)",
    "shift_jis": "Japanese (Shift JIS)",
    "euc_jp": "Japanese (EUC)",
    "gb18030": "Chinese (GB 18030)",
    "big5": "Chinese (Big5)",
    "euc_kr": "Korean (EUC)",
}
# One cell may hold 131,072 characters (the limit of csv); what is longer is a quotation mark left open.
Row = tuple[int, list[str]]


def rows_of(path: Path, encoding: str, delimiter: str, *, after: int = 0) -> Iterator[Row]:
    """Each row with its number, the first row of the file being 1; `after` leaves out that many.

    Empty rows are counted and left out. Raises Invalid, with the number of the row, for bytes that are not of the
    encoding and for a quotation mark that is never closed: csv would swallow all that follows it silently.
    """
    with path.open(encoding=_with_mark(encoding), newline="") as text:
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        number = after
        try:
            for cells in islice(reader, after, None):
                number += 1
                if any(cells):
                    yield number, cells
        except csv.Error:
            raise Invalid({"file": _unclosed(number + 1)}) from None
        except UnicodeError:
            raise Invalid({"encoding": _undecodable(number + 1, encoding)}) from None


def refuse_swallowed_rows(number: int, cells: list[str], width: int, delimiter: str) -> None:
    """Raises Invalid when a cell holds what looks like whole rows: its quotation mark was closed by a later one."""
    for cell in cells:
        if width >= 3 and ("\n" in cell or "\r" in cell):
            later = cell.replace("\r", "\n").split("\n")[1:]
            if any(_looks_like_a_row(line, width, delimiter) for line in later):
                raise Invalid({"file": _unclosed(number)})


def _looks_like_a_row(line: str, width: int, delimiter: str) -> bool:
    """As many cells as a row has, or the quotation mark that opens a cell in a line with an address."""
    return line.count(delimiter) >= width - 1 or ("@" in line and f'{delimiter}"' in line)


def _with_mark(encoding: str) -> str:
    """The codec that also takes a byte order mark off."""
    return "utf-8-sig" if encoding == "utf-8" else encoding


def _unclosed(number: int) -> str:
    return (
        f"A quotation mark that opens in row {number:,} is not closed where its cell ends, so the rows after it "
        "cannot be told apart. Close or remove it and upload the file again; nothing was imported."
    )


def _undecodable(number: int, encoding: str) -> str:
    return (
        f"Near row {number:,}, the file is not {ENCODINGS.get(encoding, encoding)}. Choose another encoding."
    )
