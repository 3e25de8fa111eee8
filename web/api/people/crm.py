"""People from the CRM: a list view, a report or a query becomes an import; so do the rows that a button sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from sales_campaigns.crm.adding import addition_of
from sales_campaigns.crm.finding import bring_in
from sales_campaigns.crm.models import CrmConnection
from sales_campaigns.crm.reading import live_connection
from sales_campaigns.errors import NotFound
from sales_campaigns.people.importing import check_import
from sales_campaigns.ports.crm import CrmPerson, PeopleBy
from web.api.people.imports import ImportShown, get_import
from web.api.protocol.operations import Area
from web.api.protocol.shapes import Asked, Id, Shown
from web.parts.crm_links import answer_of
from web.request_scope import me, settings, work

api = Area("people", "")


class WaysAsked(Asked):
    by: Literal["list", "report"]


class FoundBy(Asked):
    by: Literal["list", "report", "query"]
    what: str = Field(
        min_length=1, max_length=10_000, description="The id of the list or report, or the query."
    )
    group_id: Id | None = Field(None, description="The group that the people join.")


class CrmChoiceShown(Shown):
    id: str
    name: str


class CrmChoicesShown(Shown):
    choices: list[CrmChoiceShown]


@api.get("/crm/lists", outside=True)
def list_crm_lists(query: WaysAsked) -> CrmChoicesShown:
    """List views or reports of the CRM, to choose from."""
    found = answer_of(_connection(), lambda crm: list(crm.choices(PeopleBy(query.by))))
    return CrmChoicesShown(choices=[CrmChoiceShown.model_validate(one) for one in found])


@api.post("/crm/people", status=201, outside=True, example={"by": "list", "what": "00B5g00000AbCdE"})
def find_crm_people(body: FoundBy) -> ImportShown:
    """Found there, kept here as an import to be checked and started; nobody is in yet."""
    found = answer_of(_connection(), lambda crm: crm.find_people(PeopleBy(body.by), [body.what.strip()]))
    return _brought(found, body.by, body.group_id)


@api.post("/crm/chosen/<int:addition_id>", status=201, outside=True)
def bring_chosen_crm_people(addition_id: int) -> ImportShown:
    """Rows that you chose in the CRM, as an import that is checked at once."""
    ids = [str(one) for one in addition_of(work().session, me(), addition_id).crm_ids]
    found = answer_of(_connection(), lambda crm: crm.find_people(PeopleBy.ID, ids))
    made = _brought(found, "selection", None)
    check_import(work(), me(), made.id)
    addition_of(work().session, me(), addition_id).import_id = made.id
    return get_import(made.id)


def _brought(found: Sequence[CrmPerson], name: str, group_id: int | None) -> ImportShown:
    uploads = settings().data_dir / "uploads"
    made, _left_out = bring_in(work(), me(), _connection(), uploads, found, name, group_id)
    work().session.flush()
    return get_import(made.id)


def _connection() -> CrmConnection:
    found = live_connection(work().session, me().team_id)
    if found is None:
        raise NotFound("No CRM is connected.")
    return found
