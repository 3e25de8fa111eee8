"""What is known of a person: one file of it, and its erasure, for administrators of the installation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request, url_for

from sales_campaigns.accounts.roles import require
from sales_campaigns.erasure.erasing import count_of, erase
from sales_campaigns.erasure.subjects import Subject, subject_of
from sales_campaigns.erasure.telling import tell
from sales_campaigns.errors import NotFound
from web.answers import go, page
from web.filters import count_words
from web.numbers import row_of
from web.parts.person_files import written
from web.request_scope import me, work

pages = Blueprint("personal_data", __name__, url_prefix="/admin/personal-data")


@pages.get("")
def index() -> str | tuple[str, int]:
    require(me(), "manage_installation")
    if not _asked(request.args):
        return _page(None, "")
    try:
        return _page(subject_of(work().session, **_asked(request.args)), "")
    except NotFound as nobody:
        return _page(None, nobody.words), 404


@pages.post("/file")
def file() -> Response:
    """By POST: that somebody was told is kept."""
    told = tell(work(), me(), **_asked(request.form))
    given = Response(written(told), mimetype="application/json")
    given.headers.set("Content-Disposition", "attachment", filename=f"person-{told['person'][0]['id']}.json")
    return given


@pages.post("/erase")
def forget() -> Response:
    erased = erase(work(), me(), **_asked(request.form))
    gone = f"{count_words(erased.mails, 'mail')} and {count_words(erased.tasks, 'task')}"
    return go(url_for(".index"), f"Erased, with what {gone} said. The address is never mailed again.")


def _asked(typed: Mapping[str, str]) -> dict[str, Any]:
    """By number where there is one, else by address; nothing when nothing was typed."""
    number, email = row_of(typed.get("person", "")), typed.get("email", "").strip()
    return {"person_id": number} if number else {"email": email} if email else {}


def _page(subject: Subject | None, problem: str) -> str:
    return page(
        "personal_data/index.html",
        subject=subject,
        found=count_of(work(), subject) if subject else None,
        typed=request.args,
        problem=problem,
    )
