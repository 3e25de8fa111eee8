"""Saved views: what a list is narrowed to, under a name; of your own, or shared with the team."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, Field

from sales_campaigns.saved_views.models import ListName, SavedView
from sales_campaigns.saved_views.reading import default_view, view_of, views_of
from sales_campaigns.saved_views.saving import delete_view, open_with, save_view
from web.api.protocol.operations import Area
from web.api.protocol.shapes import Asked, Line, Shown
from web.parts.view_chips import NARROWING
from web.request_scope import me, work

api = Area("desk", "")


class ViewsAsked(Asked):
    list_name: ListName


class ViewTyped(Asked):
    """`query` is what stands in the address of the page, as `{"kind": "call"}`; what it does not know is left out."""

    list_name: ListName
    name: Line
    query: Annotated[dict[str, Line], Field(max_length=40)] = Field(default_factory=dict)
    columns: Annotated[list[Line], Field(max_length=40)] = Field(default_factory=list)
    shared: bool = False


class OpensWith(Asked):
    wanted: bool = True


class ViewShown(Shown):
    id: int
    list_name: ListName
    name: str
    query: dict[str, str]
    columns: list[str]
    shared: bool
    owner_id: int
    created_at: AwareDatetime
    opens: bool = Field(description="Whether the list opens with it for you.")


class ViewsShown(Shown):
    views: list[ViewShown]


@api.get("/views")
def list_views(query: ViewsAsked) -> ViewsShown:
    """Your own views of a list, and those that the team shares."""
    default = default_view(work().session, me(), query.list_name)
    found = views_of(work().session, me(), query.list_name)
    return ViewsShown(views=[_shown(one, default) for one in found])


@api.post("/views", example={"list_name": "tasks", "name": "Calls", "query": {"kind": "call"}})
def save_view_of_list(body: ViewTyped) -> ViewShown:
    """Keep one, or write over yours of this name."""
    query = {name: words for name, words in body.query.items() if name in NARROWING[body.list_name] and words}
    view = save_view(work(), me(), body.list_name, body.name, query, columns=body.columns, shared=body.shared)
    work().session.flush()
    return _now(view)


@api.post("/views/<int:view_id>/open-with", example={"wanted": True})
def open_list_with_view(view_id: int, body: OpensWith) -> ViewShown:
    """The list opens with it for you from now on, or as it is."""
    view = view_of(work().session, me(), view_id)
    open_with(work(), me(), view.list_name, view if body.wanted else None)
    return _now(view)


@api.delete("/views/<int:view_id>")
def delete_view_of_list(view_id: int) -> None:
    """It is gone for everybody with whom it was shared."""
    delete_view(work(), me(), view_of(work().session, me(), view_id))


def _shown(view: SavedView, default: SavedView | None) -> ViewShown:
    kept = {name: getattr(view, name) for name in ViewShown.model_fields if name != "opens"}
    return ViewShown(**kept, opens=default is not None and default.id == view.id)


def _now(view: SavedView) -> ViewShown:
    return _shown(view, default_view(work().session, me(), view.list_name))
