"""What a file seems to be: its encoding, its delimiter, whether it begins with headings. All can be corrected."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from charset_normalizer import from_bytes

from sales_campaigns.addresses import check_address
from sales_campaigns.errors import Invalid
from sales_campaigns.people.reading import DELIMITERS, ENCODINGS

PIECE = 1 << 20
SAMPLE = 64 << 10
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Encodings of one family fit the same bytes; the commonest is taken unless another reads clearly better.
NEAR = 0.02
LEGACY = [name for name in ENCODINGS if not name.startswith("utf")]


def guess_encoding(path: Path) -> str:
    """A name of ENCODINGS: by mark, else UTF-8 if every byte fits, else by the lines that are not ASCII."""
    with path.open("rb") as file:
        start = file.read(SAMPLE)
    for mark, encoding in MARKS:
        if start.startswith(mark):
            return encoding
    if start.count(0) * 10 > len(start):  # a single one is a damaged cell, which is told with its row
        return "utf-16-le" if start[1::2].count(0) >= start[::2].count(0) else "utf-16-be"
    return "utf-8" if _fits_utf8(path) else _guess_legacy(path)


def guess_delimiter(path: Path, encoding: str) -> str:
    """The delimiter that parts the first rows most evenly into most cells; a comma when there is none."""
    with path.open(encoding=encoding, errors="replace", newline="") as text:
        lines = text.read(SAMPLE).splitlines(keepends=True)[:30]
    return max(DELIMITERS, key=lambda delimiter: _evenness(lines, delimiter))


def has_headings(first: Sequence[str]) -> bool:
    """Whether the first row names the columns: one that holds an e-mail address is a person already."""
    return not any(_is_address(cell) for cell in first)


def count_lines(path: Path) -> int:
    """Line ends in the file: about how many rows to expect, until they have been read."""
    return max(1, sum(piece.count(b"\n") for piece in _pieces(path)))


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def _fits_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for piece in _pieces(path):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _guess_legacy(path: Path) -> str:
    matches = from_bytes(_telling_lines(path), cp_isolation=LEGACY)
    calmest = min((match.chaos for match in matches), default=0.0)
    near = {
        _plain(name)
        for match in matches
        if match.chaos <= calmest + NEAR
        for name in match.could_be_from_charset  # those that read these bytes alike
    }
    return next((name for name in LEGACY if _plain(name) in near), "cp1252")


def _telling_lines(path: Path) -> bytes:
    """The first lines with a byte beyond ASCII: the others say nothing."""
    told = bytearray()
    with path.open("rb") as file:
        for line in file:
            if not line.isascii():
                told += line
            if len(told) > SAMPLE:
                break
    return bytes(told[:SAMPLE])


def _plain(name: str) -> str:
    return name.replace("-", "").replace("_", "")


def _evenness(lines: Sequence[str], delimiter: str) -> tuple[int, int]:
    """(rows as wide as the first one, cells in the first one), nothing when there is only one cell."""
    try:
        widths = [len(cells) for cells in csv.reader(lines, delimiter=delimiter) if cells]
    except csv.Error:
        return (0, 0)
    if not widths or widths[0] < 2:
        return (0, 0)
    return (sum(width == widths[0] for width in widths), widths[0])


def _is_address(cell: str) -> bool:
    try:
        return "@" in cell and bool(check_address(cell))
    except Invalid:
        return False
