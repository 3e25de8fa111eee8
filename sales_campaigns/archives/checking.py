"""Look at an archive as a whole before anything is written: its names, sizes, hashes, counts, and every line.

It may come from anywhere, so nothing of it is believed: no name leads to a file of this machine, and what swells
beyond what the manifest says, or more than text ever does, is refused while it is read.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import IO
from zipfile import BadZipFile, ZipFile

import sqlalchemy as sa

from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.archives.lines import row_of
from sales_campaigns.archives.manifest import MOST_BYTES, NAME, Manifest, Part, read
from sales_campaigns.archives.tables import archived, part_name
from sales_campaigns.errors import Invalid
from sales_campaigns.migrating import newest_revision

LONGEST_LINE = 64 * 1024 * 1024  # the largest row is a file of 23 MB in Base64
MOST_SWELLING = 250  # times; lines of JSON that are nearly alike shrink to a hundredth
SMALL = 1024 * 1024  # what may swell as it likes


@contextmanager
def opened(path: Path) -> Iterator[ZipFile]:
    """The archive. Raises Invalid for what is no ZIP."""
    with _readable():
        archive = ZipFile(path)
    with archive:
        yield archive


@contextmanager
def _readable() -> Iterator[None]:
    """Around reading and nothing else: what fails while rows are written is no fault of the file."""
    try:
        yield
    except (BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError):
        raise Invalid("This is no archive, or it is damaged or cut short.") from None


def check(path: Path, seal: Seal) -> Manifest:
    """Read all of it once. Raises Invalid with what is wrong."""
    with opened(path) as archive:
        manifest = manifest_of(archive)
        tables = {part_name(table): table for table in archived()}
        for part in manifest.parts:
            table = tables.get(part.name)
            for line in lines_of(archive, part):
                if table is not None:
                    _check_line(table, line, seal)
    return manifest


def manifest_of(archive: ZipFile) -> Manifest:
    """Its manifest, when the archive holds exactly what that says."""
    names = [entry.filename for entry in archive.infolist()]
    if NAME not in names or archive.getinfo(NAME).file_size > MOST_BYTES:
        raise Invalid("The archive has no manifest.")
    with _readable():
        written = archive.read(NAME)
    manifest = read(written, newest_revision())
    expected = [part.name for part in manifest.parts]
    tables = [part_name(table) for table in archived()]
    others = expected[len(tables) :]
    known = expected[: len(tables)] == tables and all(map(_is_campaign_file, others))
    if not known or sorted(names) != sorted([*expected, NAME]):
        raise Invalid("The archive holds other parts than its manifest says, or not all of them.")
    return manifest


def lines_of(archive: ZipFile, part: Part) -> Iterator[bytes]:
    """The lines of a part; at its end it was what the manifest says. Raises Invalid."""
    packed = archive.getinfo(part.name)
    if packed.file_size != part.size or part.size > max(SMALL, packed.compress_size * MOST_SWELLING):
        raise Invalid(f"{part.name} is larger than it can be.")
    digest, rows = sha256(), 0
    with _readable():
        file = archive.open(packed)
    with file:
        while line := _line(file):
            digest.update(line)
            rows += 1
            yield line
    told = rows if part.name.startswith("tables/") else part.rows
    if digest.hexdigest() != part.sha256 or told != part.rows:
        raise Invalid(f"{part.name} is not what the manifest says: it was changed or damaged.")


def _line(file: IO[bytes]) -> bytes:
    with _readable():
        return file.readline(LONGEST_LINE)


def _check_line(table: sa.Table, line: bytes, seal: Seal) -> None:
    try:
        row_of(table, line, seal)
    except (ValueError, TypeError, KeyError):
        raise Invalid(f"A line of {part_name(table)} is no row of that table.") from None


def _is_campaign_file(name: str) -> bool:
    stem = name.removeprefix("campaigns/").removesuffix(".yaml")
    return name == f"campaigns/{stem}.yaml" and stem.isascii() and stem.isdecimal()
