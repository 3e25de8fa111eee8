"""The audit log, for administrators: narrowed, page by page, or as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from flask import Blueprint, Response, request

from sales_campaigns.accounts.audit import PAGE, TOPICS, Asked, AuditLine, audit_page, audit_rows
from sales_campaigns.accounts.listing import users_of
from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.database import Sessions
from sales_campaigns.people.error_file import guarded
from sales_campaigns.tasks.days import at_local
from web.answers import answer
from web.numbers import whole
from web.request_scope import house, me, work

pages = Blueprint("audit", __name__, url_prefix="/admin/audit")
HEAD = ("At (UTC)", "Who", "Team", "What", "Person", "Campaign", "Details")


@pages.get("")
def index() -> str:
    require(me(), "see_team")
    before = request.args.get("before", type=whole)
    lines = audit_page(work().session, me(), _asked(), before=before)
    narrowed = {name: value for name, value in request.args.items() if name != "before" and value}
    return answer(
        "audit/index.html",
        "audit/_list.html",
        lines=lines,
        typed=request.args,
        narrowed=narrowed,
        topics=[("", "Everything"), *TOPICS.items()],
        users=[("", "Anybody"), *((one.user.id, one.user.name) for one in users_of(work().session, me()))],
        more=lines[-1].id if len(lines) == PAGE else None,
    )


@pages.get("/audit.csv")
def file() -> Response:
    """Read by a session of its own, because it outlives the request."""
    require(me(), "see_team")
    given = Response(_lines(house().reads, me(), _asked()), mimetype="text/csv")
    given.headers["Content-Disposition"] = 'attachment; filename="audit.csv"'
    return given


def _lines(reads: Sessions, actor: User, asked: Asked) -> Iterator[str]:
    yield "\ufeff" + ",".join(HEAD) + "\r\n"
    with reads() as session:
        for line in audit_rows(session, actor, asked):
            text = io.StringIO()
            csv.writer(text).writerow([guarded(str(cell)) for cell in _cells(line)])
            yield text.getvalue()


def _cells(line: AuditLine) -> tuple[object, ...]:
    ids = (line.person_id or "", line.campaign_id or "")
    return (line.at.isoformat(), line.who, line.team, line.kind, *ids, "; ".join(line.details))


def _asked() -> Asked:
    wanted = request.args
    return Asked(
        user_id=wanted.get("user", type=whole),
        topic=wanted.get("topic", ""),
        by_itself=wanted.get("by_itself") == "1",
        since=_day("since"),
        until=_day("until", after=1),
    )


def _day(name: str, after: int = 0) -> datetime | None:
    """Local midnight of the day that was typed, or of one behind it; what is no date narrows nothing."""
    try:
        day = date.fromisoformat(request.args.get(name, "")) + timedelta(days=after)
    except (ValueError, OverflowError):
        return None
    return at_local(day, time(0), me().zone)
