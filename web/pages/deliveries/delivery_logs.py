"""The logs of a delivery: recipients, exclusions, its journal; narrowed, page by page or as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session
from werkzeug.utils import secure_filename

from sales_campaigns.database import Sessions
from sales_campaigns.deliveries.figures import causes_of
from sales_campaigns.deliveries.journal import journal_of, journal_rows
from sales_campaigns.deliveries.listing import delivery_of
from sales_campaigns.deliveries.logs import (
    PAGE,
    STATUS_WORDS,
    Status,
    exclusion_log,
    exclusion_rows,
    sending_log,
    sending_rows,
)
from sales_campaigns.deliveries.models import Delivery, Level
from sales_campaigns.deliveries.typology.rules import sentences
from sales_campaigns.people.error_file import guarded
from web.answers import answer, page
from web.request_scope import house, me, work

pages = Blueprint("delivery_logs", __name__, url_prefix="/deliveries/<int:delivery_id>")
Rows = Callable[[Session], Iterable[Sequence[Any]]]
LEVELS = {Level.INFO: "Information", Level.WARNING: "Warnings", Level.ERROR: "Errors"}
TONES = {Status.SENT: "ok", Status.FAILED: "bad", Status.UNCERTAIN: "hot", Status.PENDING: "info"}


@pages.get("/log")
def log(delivery_id: int) -> str:
    delivery, wanted = _delivery(delivery_id), _status()
    words, after = _asked()
    lines = sending_log(work().session, delivery, status=wanted, words=words, after=after)
    return answer(
        "delivery/log.html",
        "delivery/_log.html",
        delivery=delivery,
        lines=lines,
        status=wanted,
        statuses=STATUS_WORDS,
        tones=TONES,
        words=words,
        more=lines[-1].key if len(lines) == PAGE else None,
    )


@pages.get("/exclusions")
def exclusions(delivery_id: int) -> str:
    session, delivery = work().session, _delivery(delivery_id)
    words, after = _asked()
    cause = request.args.get("cause", "")[:40]
    lines = exclusion_log(session, delivery, cause=cause, words=words, after=after)
    return answer(
        "delivery/exclusions.html",
        "delivery/_exclusions.html",
        delivery=delivery,
        lines=lines,
        cause=cause,
        causes=causes_of(session, delivery),
        sentences=sentences(session, delivery.team_id),
        words=words,
        more=lines[-1].key if len(lines) == PAGE else None,
    )


@pages.get("/journal")
def journal(delivery_id: int) -> str:
    """The newest lines first."""
    delivery, wanted, before = _delivery(delivery_id), _level(), request.args.get("before", "")
    place = int(before) if before.isdecimal() and len(before) < 18 else 0
    lines = journal_of(work().session, delivery.id, PAGE, level=wanted, before=place)
    return page(
        "delivery/journal.html",
        delivery=delivery,
        lines=lines[::-1],
        level=wanted,
        levels=LEVELS,
        more=lines[0].id if len(lines) == PAGE else None,
    )


@pages.get("/log.csv")
def log_file(delivery_id: int) -> Response:
    delivery, status = _delivery(delivery_id), _status()
    head = ("Address", "Name", "Status", "At", "Words", "Variant")
    return file_of(delivery, "log", head, lambda session: sending_rows(session, delivery, status))


@pages.get("/exclusions.csv")
def exclusions_file(delivery_id: int) -> Response:
    delivery, cause = _delivery(delivery_id), request.args.get("cause", "")[:40]
    known, head = sentences(work().session, delivery.team_id), ("Address", "Name", "Cause", "Words")
    return file_of(
        delivery, "exclusions", head, lambda session: exclusion_rows(session, delivery, cause, known)
    )


@pages.get("/journal.csv")
def journal_file(delivery_id: int) -> Response:
    delivery, wanted = _delivery(delivery_id), _level()
    head = ("At", "Level", "Words")
    return file_of(delivery, "journal", head, lambda session: journal_rows(session, delivery.id, wanted))


def _delivery(delivery_id: int) -> Delivery:
    return delivery_of(work().session, me(), delivery_id)


def _status() -> Status | None:
    wanted = request.args.get("status", "")
    return Status(wanted) if wanted in set(Status) else None


def _level() -> Level | None:
    wanted = request.args.get("level", "")
    return Level(wanted) if wanted in set(Level) else None


def _asked() -> tuple[str, int]:
    after = request.args.get("after", "")
    return request.args.get("words", "")[:200], int(after) if after.isdecimal() and len(after) < 18 else 0


def file_of(delivery: Delivery, kind: str, head: Sequence[str], rows: Rows) -> Response:
    """Read by a session of its own, because it outlives the request.

    It begins with a byte order mark, as spreadsheets want it; nothing in it computes when it is opened.
    """
    stem = secure_filename(delivery.name) or "delivery"
    given = Response(_lines(house().reads, head, rows), mimetype="text/csv")
    given.headers["Content-Disposition"] = f'attachment; filename="{stem}-{kind}.csv"'
    return given


def _lines(reads: Sessions, head: Sequence[str], rows: Rows) -> Iterator[str]:
    yield "\ufeff" + ",".join(head) + "\r\n"
    with reads() as session:
        for row in rows(session):
            text = io.StringIO()
            csv.writer(text).writerow([guarded(str(cell)) for cell in row])
            yield text.getvalue()
