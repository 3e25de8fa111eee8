"""Which row of a file named a person first: eight bytes a row, kept beside the upload while it is checked."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path

WIDTH = 8
NOBODY = 0


def mark(key: str) -> int:
    """A number for a person's key; two different keys of a million share one with a chance of 1 in 10⁷."""
    return int.from_bytes(blake2b(key.encode(), digest_size=WIDTH).digest(), "little") or 1


def first_rows(path: Path, upto: int) -> dict[int, int]:
    """mark → number of the first row that had it, for rows 1 to `upto`."""
    marks = _read(path, upto)
    return {marks[place]: place + 1 for place in range(len(marks) - 1, -1, -1) if marks[place] != NOBODY}


def remember(path: Path, upto: int, marks: Mapping[int, int], last: int) -> None:
    """Add the marks of the rows after `upto` up to `last`; what an interrupted run left behind is dropped."""
    more = array("Q", (marks.get(row, NOBODY) for row in range(upto + 1, last + 1)))
    with path.open("r+b" if path.exists() else "w+b") as file:
        file.truncate(upto * WIDTH)
        file.seek(upto * WIDTH)
        more.tofile(file)


def _read(path: Path, upto: int) -> array[int]:
    marks = array("Q")
    if path.exists():
        marks.frombytes(path.read_bytes()[: upto * WIDTH])
    return marks
