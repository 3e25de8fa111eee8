"""A small table as a CSV file that spreadsheets take for UTF-8, and in which nothing computes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from flask import Response

from sales_campaigns.people.error_file import guarded


def csv_file(name: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """Downloaded as `name`.csv."""
    text = io.StringIO("\ufeff", newline="")
    text.seek(0, io.SEEK_END)
    writer = csv.writer(text)
    writer.writerow(heads)
    writer.writerows([guarded(one) if isinstance(one, str) else one for one in row] for row in rows)
    given = Response(text.getvalue(), mimetype="text/csv")
    given.headers.set("Content-Disposition", "attachment", filename=f"{name}.csv")
    return given
