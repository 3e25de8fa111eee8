"""Command Center › E-mails: the outbox in folders, searched, in the columns that somebody wants."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, request, url_for

from sales_campaigns.campaigns.listing import campaign_names
from sales_campaigns.enrollments.explaining.history import subjects_ahead
from sales_campaigns.messages.explaining.waiting import traces_of
from sales_campaigns.messages.outbox.drafting import count_drafts, drafts_of
from sales_campaigns.messages.outbox.folders import Folder, Search
from sales_campaigns.messages.outbox.lines import PAGE, MailLine, folder_counts, mail_lines
from sales_campaigns.messages.states import WAITING
from sales_campaigns.saved_views.models import ListName
from sales_campaigns.saved_views.reading import view_of
from sales_campaigns.saved_views.saving import choose_columns
from web.answers import answer, go
from web.numbers import row_of
from web.pages.mails.bulk_emails import SHIFTS
from web.parts.email_filters import COLUMNS, DEEDS, columns_of, folder_in, narrowed, search_in
from web.parts.mail_rows import FOLDERS, GROUPS, draft_row, mail_row
from web.parts.view_chips import opened_with, view_chips
from web.parts.way_back import way_back
from web.request_scope import me, work

pages = Blueprint("emails", __name__, url_prefix="/emails")
PRESETS = {
    "today": "Today",
    "tomorrow": "Tomorrow",
    "yesterday": "Yesterday",
    "last": "The last 7 days",
    "month": "The last 30 days",
    "days": "Between two days",
}


@pages.get("")
def index() -> Response | str:
    there = opened_with(ListName.EMAILS)
    if there:
        return go(there)
    folder, search, kept = folder_in(request.args), search_in(request.args), narrowed(request.args)
    columns = columns_of(folder, _columns_of_view())
    rows, older = _drafts() if folder is Folder.DRAFT else _mails(folder, search)
    return answer(
        "emails/index.html",
        "emails/_list.html",
        rows=rows,
        older=older,
        folder=folder,
        folder_words=FOLDERS[folder],
        everybody=_whose() is None,
        args=kept,
        presets=list(PRESETS.items()),
        deeds=DEEDS,
        searched=search != Search(),
        columns=columns,
        all_columns=COLUMNS,
        shifts=[(value, words) for value, (words, _) in SHIFTS.items()],
        campaigns=campaign_names(work().session, me()),
        saved=view_chips(ListName.EMAILS, kept, columns),
        **_folders(folder, search, kept),
    )


@pages.post("/columns")
def columns() -> Response:
    folder = folder_in(request.form)
    wanted = [name for name in request.form.getlist("column") if name in COLUMNS]
    choose_columns(work(), me(), f"emails.{folder.value}", wanted)
    return go(way_back(url_for(".index", folder=folder)), f"The columns of {FOLDERS[folder]} are saved.")


def _mails(folder: Folder, search: Search) -> tuple[list[dict[str, Any]], str]:
    uow = work()
    lines = mail_lines(uow.session, me(), folder, uow.now, search=search, sender_id=_whose(), before=_place())
    kept = narrowed(request.args)
    older = (
        url_for(".index", **{**kept, "folder": folder, "before": lines[-1].key}) if len(lines) == PAGE else ""
    )
    ahead = subjects_ahead(uow.session, lines)
    whys = _whys(lines)
    rows = [mail_row(line, whys.get(line.message.id, "")) for line in lines]
    return [{**row, "subject": ahead.get(row["id"], row["subject"])} for row in rows], older


def _whys(lines: Sequence[MailLine]) -> dict[int, str]:
    """Message → the binding reason, of those that wait."""
    waiting = [line.message for line in lines if line.message.state in WAITING]
    traces = traces_of(work().session, waiting, work().now, work().speed)
    return {id: trace.sentence.rstrip(".") for id, trace in traces.items()}


def _drafts() -> tuple[list[dict[str, Any]], str]:
    return [draft_row(draft, person) for draft, person in drafts_of(work().session, me())], ""


def _folders(folder: Folder, search: Search, kept: dict[str, Any]) -> dict[str, Any]:
    """The folders with their numbers; drafts are one's own and know no search."""
    uow = work()
    counts = folder_counts(uow.session, me(), uow.now, search=search, sender_id=_whose())
    counts[Folder.DRAFT] = count_drafts(uow.session, me())
    groups = {
        name: [
            {
                "label": FOLDERS[one],
                "href": url_for(".index", **{**kept, "folder": one}),
                "count": counts[one],
                "current": one is folder,
            }
            for one in folders
        ]
        for name, folders in GROUPS.items()
    }
    return {"counts": counts, "groups": groups}


def _columns_of_view() -> list[str]:
    view = row_of(request.args.get("view", ""))
    return view_of(work().session, me(), view).columns if view else []


def _whose() -> int | None:
    return None if request.args.get("owner") == "all" else me().id


def _place() -> tuple[datetime, int] | None:
    seconds, _, number = request.args.get("before", "").partition("~")
    try:
        return datetime.fromtimestamp(float(seconds), UTC), int(number)
    except (ValueError, OverflowError, OSError):
        return None
