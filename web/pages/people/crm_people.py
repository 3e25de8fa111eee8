"""People from the CRM: a list view, a report or a query becomes an import; so do the rows that a button sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Blueprint, Response, make_response, request, url_for

from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.crm.adding import addition_of
from sales_campaigns.crm.finding import bring_in
from sales_campaigns.crm.models import CrmConnection
from sales_campaigns.crm.reading import VENDOR_WORDS, live_connection
from sales_campaigns.errors import Invalid, NotFound, Outside
from sales_campaigns.people.groups import ensure_group, groups_of
from sales_campaigns.people.importing import check_import
from sales_campaigns.people.models import ImportState, PeopleImport
from sales_campaigns.ports.crm import Crm, CrmPerson, PeopleBy
from web.answers import go, page
from web.filters import count_words, when_words
from web.numbers import whole
from web.parts.crm_links import answer_of
from web.request_scope import me, settings, work

pages = Blueprint("crm_people", __name__, url_prefix="/people/crm")
WAYS = {PeopleBy.LIST: "A list view", PeopleBy.REPORT: "A report", PeopleBy.QUERY: "A query"}


Way = tuple[str, str, Sequence[tuple[str, str]]]


@pages.get("")
def form() -> Response:
    return _page()


@pages.post("")
def find() -> Response:
    """Found there, stored here as a file to be looked at; nobody is in yet."""
    connection = _connection()
    by = request.form.get("by", "")
    what = request.form.get(f"what-{by}", "").strip()
    try:
        if by not in WAYS or not what:
            raise Invalid({"what": "Choose whom to bring in."})
        found = answer_of(connection, lambda crm: crm.find_people(PeopleBy(by), [what]))
        return _to_the_import(found, WAYS[PeopleBy(by)].lower(), request.form.get("group", type=whole))
    except Invalid as refusal:
        return _page(request.form, refusal.problems)
    except Outside as refusal:
        return _page(request.form, {"what": refusal.words})


@pages.get("/chosen/<int:addition_id>")
def chosen(addition_id: int) -> str:
    """Rows that this rep chose in the CRM, on their way into a campaign."""
    session = work().session
    row = addition_of(session, me(), addition_id)
    made = session.get(PeopleImport, row.import_id) if row.import_id else None
    return page(
        "crm/chosen.html",
        row=row,
        made=made,
        imported=made is not None and made.state is ImportState.IMPORTED,
        campaign=session.get(Campaign, row.campaign_id) if row.campaign_id else None,
        vendor=VENDOR_WORDS[session.get_one(CrmConnection, row.connection_id).vendor],
    )


@pages.post("/chosen/<int:addition_id>")
def bring_chosen(addition_id: int) -> Response:
    """Fetch them, and check them at once: their columns are known."""
    row = addition_of(work().session, me(), addition_id)
    ids = [str(one) for one in row.crm_ids]
    found = answer_of(_connection(), lambda crm: crm.find_people(PeopleBy.ID, ids))
    group = ensure_group(work(), me(), f"Chosen in the CRM, {when_words(row.created_at, me().zone)}")
    made, left_out = bring_in(
        work(), me(), _connection(), settings().data_dir / "uploads", found, "selection", group.id
    )
    check_import(work(), me(), made.id)
    addition_of(work().session, me(), addition_id).import_id = made.id
    return go(url_for("people_import.show", import_id=made.id), _left_out(left_out))


def _to_the_import(found: Sequence[CrmPerson], name: str, group_id: int | None) -> Response:
    made, left_out = bring_in(
        work(), me(), _connection(), settings().data_dir / "uploads", found, name, group_id
    )
    return go(url_for("people_import.show", import_id=made.id), _left_out(left_out))


def _left_out(number: int) -> str:
    return f"{count_words(number, 'person is', 'people are')} left out: opted out there." if number else ""


def _connection() -> CrmConnection:
    found = live_connection(work().session, me().team_id)
    if found is None:
        raise NotFound("No CRM is connected.")
    return found


def _page(typed: Mapping[str, str] | None = None, problems: Mapping[str, str] | None = None) -> Response:
    connection = live_connection(work().session, me().team_id)
    ways, trouble = _ways(connection) if connection is not None else ([], "")
    shown = page(
        "crm/people.html",
        vendor=VENDOR_WORDS[connection.vendor] if connection else "",
        ways=ways,
        trouble=trouble,
        groups=groups_of(work().session, me()),
        typed=typed or {},
        problems=problems or {},
    )
    return make_response(shown, 422 if problems else 200)


def _ways(connection: CrmConnection) -> tuple[list[Way], str]:
    """(name, words, what to choose from) of each way that this CRM knows; a query is written."""

    def ask(crm: Crm) -> list[Way]:
        offered = [by for by in WAYS if by in crm.offers]
        return [(by.value, WAYS[by], _options(crm, by)) for by in offered]

    try:
        return answer_of(connection, ask), ""
    except Outside as refusal:
        return [], refusal.words


def _options(crm: Crm, by: PeopleBy) -> Sequence[tuple[str, str]]:
    return [] if by is PeopleBy.QUERY else [("", "–"), *((one.id, one.name) for one in crm.choices(by))]
