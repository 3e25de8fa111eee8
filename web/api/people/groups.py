"""Groups of people."""

from __future__ import annotations

from typing import ClassVar

from pydantic import AwareDatetime, Field

from sales_campaigns.people.groups import (
    add_to_group,
    change_group,
    create_group,
    delete_group,
    group_of,
    groups_of,
    remove_from_group,
)
from sales_campaigns.people.models import Group
from web.api.protocol.cursors import short_list
from web.api.protocol.operations import Area, Edits
from web.api.protocol.shapes import Asked, AskedPage, Done, Ids, Line, Page, Shown
from web.request_scope import me, work

api = Area("people", "")


class GroupShown(Shown):
    PASSING: ClassVar[frozenset[str]] = frozenset({"people"})

    id: int
    name: str
    category: str
    shared: bool
    owner_id: int
    created_at: AwareDatetime
    people: int | None = None
    living: bool = Field(False, description="Whether it is a saved search: whoever that finds is in it.")


class GroupTyped(Asked):
    name: Line
    category: str | None = Field(None, max_length=120, description="It stays where none is given.")
    shared: bool = False


class Members(Asked):
    people: Ids


@api.get("/groups")
def list_groups(query: AskedPage) -> Page[GroupShown]:
    """The groups that you may use, each with its number of people."""
    return short_list(
        groups_of(work().session, me()),
        lambda line: line.group.id,
        lambda line: group_shown(line.group, line.people),
        query.after,
        query.limit,
    )


@api.post("/groups", status=201, example={"name": "Spring fair", "shared": True})
def create_group_of_people(body: GroupTyped) -> GroupShown:
    """A new group."""
    return group_shown(
        create_group(work(), me(), body.name, shared=body.shared, category=body.category or "")
    )


@api.get("/groups/<int:group_id>")
def get_group(group_id: int) -> GroupShown:
    """One group."""
    return group_shown(group_of(work().session, me(), group_id))


@api.put("/groups/<int:group_id>", edits=Edits(Group, get_group), example={"name": "Fair", "shared": True})
def change_group_of_people(group_id: int, body: GroupTyped) -> GroupShown:
    """Rename it, share it, make it private."""
    return group_shown(change_group(work(), me(), group_id, **body.model_dump()))


@api.delete("/groups/<int:group_id>")
def delete_group_of_people(group_id: int) -> None:
    """The list goes, the people stay."""
    delete_group(work(), me(), group_id)


@api.post("/groups/<int:group_id>/people", example={"people": [1]})
def add_people_to_group(group_id: int, body: Members) -> Done:
    """Add people; `count` is how many were not in it before."""
    return Done(words="Added.", count=add_to_group(work(), me(), group_id, body.people))


@api.post("/groups/<int:group_id>/people/remove", status=204, example={"people": [1]})
def remove_people_from_group(group_id: int, body: Members) -> None:
    """Take people out of the group."""
    remove_from_group(work(), me(), group_id, body.people)


def group_shown(group: Group, people: int | None = None) -> GroupShown:
    found = {"people": people, "living": group.search is not None}
    return GroupShown.model_validate(group).model_copy(update=found)
