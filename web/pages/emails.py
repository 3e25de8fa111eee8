"""Command Center › E-mails: the outbox in folders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, request, url_for

from sales_campaigns.messages.outbox import PAGE, Folder, MailLine, folder_counts, mail_lines
from sales_campaigns.messages.states import WAITING
from sales_campaigns.messages.waiting import traces_of
from web.answers import answer
from web.mail_rows import FOLDERS, GROUPS, mail_row
from web.request_scope import me, work

pages = Blueprint("emails", __name__, url_prefix="/emails")


@pages.get("")
def index() -> str:
    uow, folder, everybody = work(), _folder(), request.args.get("owner") == "all"
    whose = None if everybody else me().id
    counts = folder_counts(uow.session, me(), uow.now, sender_id=whose)
    lines = mail_lines(uow.session, me(), folder, uow.now, sender_id=whose, before=_place())
    whys = _whys(lines)
    kept: dict[str, Any] = {"owner": "all"} if everybody else {}
    older = url_for(".index", folder=folder, before=lines[-1].key, **kept) if len(lines) == PAGE else ""
    return answer(
        "emails/index.html",
        "emails/_list.html",
        rows=[mail_row(line, whys.get(line.message.id, "")) for line in lines],
        older=older,
        folder=folder,
        folder_words=FOLDERS[folder],
        everybody=everybody,
        counts=counts,
        groups={
            name: [
                {
                    "label": FOLDERS[one],
                    "href": url_for(".index", folder=one, **kept),
                    "count": counts[one],
                    "current": one is folder,
                }
                for one in folders
            ]
            for name, folders in GROUPS.items()
        },
    )


def _whys(lines: Sequence[MailLine]) -> dict[int, str]:
    """Message → the binding reason, of those that wait."""
    waiting = [line.message for line in lines if line.message.state in WAITING]
    traces = traces_of(work().session, waiting, work().now, work().speed)
    return {id: trace.sentence.rstrip(".") for id, trace in traces.items()}


def _folder() -> Folder:
    wanted = request.args.get("folder", "")
    return Folder(wanted) if wanted in set(Folder) else Folder.DELIVERED


def _place() -> tuple[datetime, int] | None:
    seconds, _, number = request.args.get("before", "").partition("~")
    try:
        return datetime.fromtimestamp(float(seconds), UTC), int(number)
    except (ValueError, OverflowError, OSError):
        return None
