"""Who our users are in the CRM, for administrators."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, request, url_for

from sales_campaigns.accounts.roles import require
from sales_campaigns.crm.connecting import connection_of, map_users, the_connection
from sales_campaigns.crm.models import CrmConnection
from sales_campaigns.crm.reading import VENDOR_WORDS, UserLine, user_lines
from sales_campaigns.errors import Invalid, Outside
from sales_campaigns.ports.crm import CrmChoice
from web.answers import go, page
from web.filters import count_words
from web.parts.crm_links import answer_of
from web.request_scope import me, work

pages = Blueprint("crm_users", __name__, url_prefix="/admin/crm/users")


@pages.get("")
def index() -> Response:
    """What an equal address suggests is chosen already, and holds when it is saved."""
    require(me(), "manage_team")
    return _page()


@pages.post("")
def keep() -> Response:
    connection = the_connection(work(), me())
    there, trouble = _there(connection)
    if trouble:
        return _page({"": trouble})
    by_id = {one.id: one for one in there}
    lines = user_lines(work().session, the_connection(work(), me()))
    chosen = {line.user.id: by_id.get(request.form.get(f"user-{line.user.id}", "")) for line in lines}
    try:
        number = map_users(work(), me(), chosen)
    except Invalid as refusal:
        return _page(refusal.problems)
    return go(url_for("crm.index"), f"{count_words(number, 'user is', 'users are')} known in the CRM.")


def _page(problems: dict[str, str] | None = None) -> Response:
    connection = connection_of(work().session, me())
    there, trouble = _there(connection) if connection is not None else ([], "")
    lines = user_lines(work().session, connection) if connection is not None else []
    shown = page(
        "crm/users.html",
        connection=connection,
        vendor=VENDOR_WORDS[connection.vendor] if connection else "the CRM",
        lines=[(line, _chosen(line, there)) for line in lines],
        options=[
            ("", "Nobody"),
            *((one.id, f"{one.name} ({one.email})" if one.email else one.name) for one in there),
        ],
        trouble=trouble,
        problems=problems or {},
    )
    return make_response(shown, 422 if problems else 200)


def _there(connection: CrmConnection) -> tuple[list[CrmChoice], str]:
    try:
        return list(answer_of(connection, lambda crm: crm.users())), ""
    except Outside as refusal:
        return [], refusal.words


def _chosen(line: UserLine, there: list[CrmChoice]) -> str:
    typed = request.form.get(f"user-{line.user.id}")
    if typed is not None:
        return typed
    if line.known is not None:
        return line.known.crm_id
    return next((one.id for one in there if one.email.lower() == line.user.email.lower()), "")
