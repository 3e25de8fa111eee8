"""Finding people, and a search that is kept as a group: whoever it finds is in it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sales_campaigns.campaigns.listing import campaign_of
from sales_campaigns.errors import Invalid, NotFound
from sales_campaigns.people.engagement import LONGEST
from sales_campaigns.people.listing import Wanted, people_page, teammates
from sales_campaigns.people.models import Consent
from sales_campaigns.people.searches import resolved, save_search
from web.api.people.groups import GroupShown, group_shown
from web.api.people.shapes import PersonShown, person_line
from web.api.protocol import cursors
from web.api.protocol.operations import Area
from web.api.protocol.shapes import Asked, AskedPage, Id, Line, Page
from web.request_scope import me, work

api = Area("people", "")
Did = Literal["opened", "clicked", "replied", "mailed", "not_mailed", "never_mailed"]
StandsIn = Literal["under_way", "active", "paused", "held", "finished", "ended", "over"]


class Searched(Asked):
    """`words` are looked for in names, company and address: all of them."""

    words: str = Field("", max_length=200)
    owner_id: Id | None = None
    group_id: Id | None = None
    import_id: Id | None = None
    unsubscribed: bool = False
    consent: Consent | None = None
    did: Did | None = Field(None, description="What they did, or was done, in the last `days`.")
    days: int = Field(30, ge=1, le=LONGEST)
    campaign_id: Id | None = Field(None, description="They are in it, or were once.")
    standing: StandsIn | None = Field(None, description="How they stand in that campaign.")
    ended_why: str = Field("", max_length=200, description="Words of why that campaign ended for them.")

    def wanted(self) -> Wanted:
        asked = {name: getattr(self, name) for name in Searched.model_fields}
        words = {name: asked[name] or "" for name in ("consent", "did", "standing")}
        return Wanted(**{**asked, **words}, as_of=work().now)


class PeopleAsked(Searched, AskedPage):
    """Whom to find, and which page of them."""


class SearchNamed(Searched):
    name: Line
    shared: bool = False


@api.get("/people")
def list_people(query: PeopleAsked) -> Page[PersonShown]:
    """People of your team by last name and first name."""
    wanted = resolved(work().session, query.wanted())
    after = cursors.read(query.after, str) or ""
    found = people_page(work().session, me(), wanted, after=after, limit=query.limit)
    return Page[PersonShown](
        items=[person_line(line) for line in found.lines], after=cursors.written(found.after)
    )


@api.post("/groups/searches", status=201, example={"name": "Have opened", "did": "opened", "days": 14})
def save_search_of_people(body: SearchNamed) -> GroupShown:
    """A group that is whoever this finds, asked anew each time."""
    _look_for_their_rows(body)
    return group_shown(save_search(work(), me(), body.name, body.wanted(), shared=body.shared))


def _look_for_their_rows(body: SearchNamed) -> None:
    """What is kept leads to rows of the team. Raises Invalid."""
    session = work().session
    if body.owner_id is not None and body.owner_id not in {id for id, _ in teammates(session, me())}:
        raise Invalid({"owner_id": "Nobody of the team has this id."})
    if body.campaign_id is not None:
        try:
            campaign_of(session, me(), body.campaign_id)
        except NotFound:
            raise Invalid({"campaign_id": "The team has no such campaign."}) from None
