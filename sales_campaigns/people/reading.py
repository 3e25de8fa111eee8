"""From the bytes of a delimited file to its rows, streamed; a quotation mark that is never closed is refused."""

from __future__ import annotations

import csv
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Place:
    """Where reading goes on: after row number `row`, at the file's own bookmark for that place."""

    row: int = 0
    bookmark: str = "0"

    def kept(self) -> list[int | str]:
        """As it is stored; `Place(*kept)` is the same place."""
        return [self.row, self.bookmark]


BEGINNING = Place()


def read_rows(
    path: Path, encoding: str, delimiter: str, limit: int, start: Place = BEGINNING
) -> tuple[list[Row], Place]:
    """Up to `limit` rows with their numbers, the first row of the file being 1, and where to go on.

    Empty rows are counted and left out; fewer than `limit` are the last ones. Raises Invalid, with the number of
    the row, for bytes that are not of the encoding and for a quotation mark that is never closed: csv would
    swallow all that follows it silently.
    """
    rows: list[Row] = []
    number = start.row
    with path.open(encoding=_with_mark(encoding), newline="") as text:
        text.seek(int(start.bookmark))
        # Not the file's own iterator, which reads ahead and so has no place.
        reader = csv.reader(iter(text.readline, ""), delimiter=delimiter, strict=True)
        try:
            while len(rows) < limit and (cells := next(reader, None)) is not None:
                number += 1
                if any(cells):
                    rows.append((number, cells))
            return rows, Place(number, str(text.tell()))
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
