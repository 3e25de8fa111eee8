"""The people of a simulation, read from a file without storing anybody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from sales_campaigns.errors import Invalid
from sales_campaigns.people.columns import CUSTOM, guess_meanings
from sales_campaigns.people.guessing import guess_delimiter, guess_encoding, has_headings
from sales_campaigns.people.reading import read_rows, refuse_swallowed_rows

PIECE = 5_000  # rows


def read_people(path: Path) -> Iterator[Mapping[str, str]]:
    """One mapping a row, by field: `email`, `first_name`, `time_zone`, and so on; custom fields by their own names.

    Encoding, delimiter and columns are guessed as an import guesses them. Raises Invalid for a file that cannot
    be told apart, is empty, or has no headings.
    """
    encoding = guess_encoding(path)
    delimiter = guess_delimiter(path, encoding)
    first, place = read_rows(path, encoding, delimiter, 1)
    if not first or not has_headings(first[0][1]):
        raise Invalid({"people": "Write headings into the first row, such as email, first_name, time_zone."})
    fields = [_field(meaning) for meaning in guess_meanings(first[0][1])]
    while (piece := read_rows(path, encoding, delimiter, PIECE, place))[0]:
        rows, place = piece
        for number, cells in rows:
            refuse_swallowed_rows(number, cells, len(fields), delimiter)
            yield {field: cell.strip() for field, cell in zip(fields, cells, strict=False) if field}


def _field(meaning: str) -> str:
    return "time_zone" if meaning == "zone" else meaning.removeprefix(CUSTOM)
