"""Numbers as addresses and forms carry them: those that a database can hold, and no others."""

from __future__ import annotations

from flask import Flask
from werkzeug.routing import IntegerConverter, Map

MOST = 2**31 - 1  # the largest number of a row


class RowConverter(IntegerConverter):
    """`<int:…>` of an address. A larger number names nothing: 404."""

    def __init__(self, map: Map) -> None:
        super().__init__(map, max=MOST)


def whole(written: str) -> int:
    """A number of a form or query, for `get(…, type=whole)`. Raises ValueError for one that no row can have."""
    number = int(written)
    if not 0 <= number <= MOST:
        raise ValueError(written)
    return number


def whole_numbers(written: str) -> list[int]:
    """Numbers of rows between commas; what is none is left out."""
    return [row for one in written.split(",") if (row := row_of(one))]


def row_of(written: str) -> int:
    """The number of a row, 0 for what names none."""
    written = written.strip()
    number = int(written) if written.isascii() and written.isdecimal() and len(written) < 11 else 0
    return number if number <= MOST else 0


def install(app: Flask) -> None:
    app.url_map.converters["int"] = RowConverter
