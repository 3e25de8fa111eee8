"""Saved views as chips above a list, and the form that saves what the list shows now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import request, url_for

from sales_campaigns.saved_views.models import ListName, SavedView
from sales_campaigns.saved_views.reading import default_view, views_of
from web.parts.email_filters import NARROWING as EMAILS
from web.parts.task_filters import NARROWING as TASKS
from web.request_scope import me, work

NARROWING = {ListName.TASKS: TASKS, ListName.EMAILS: EMAILS}  # what of an address a view keeps
LISTS = {ListName.TASKS: "tasks.index", ListName.EMAILS: "emails.index"}


def view_chips(list_name: ListName, kept: Mapping[str, Any], columns: Sequence[str] = ()) -> dict[str, Any]:
    """For templates/components/saved_views.html."""
    user, endpoint = me(), LISTS[list_name]
    default = default_view(work().session, user, list_name)
    current = request.args.get("view", "")
    views = [
        {
            "id": view.id,
            "label": view.name,
            "href": address_of(view),
            "current": current == str(view.id),
            "mine": view.owner_id == user.id,
            "shared": view.shared,
            "default": default is not None and default.id == view.id,
        }
        for view in views_of(work().session, user, list_name)
    ]
    return {
        "list_name": list_name.value,
        "views": views,
        "chosen": next((one for one in views if one["current"]), None),
        "plain": url_for(endpoint, view="0"),
        "query": {name: value for name, value in kept.items() if name != "view"},
        "columns": list(columns),
    }


def opened_with(list_name: ListName) -> str:
    """Where a bare address leads: to the view that the user opens the list with; "" where there is none."""
    if request.args:
        return ""
    view = default_view(work().session, me(), list_name)
    return address_of(view) if view is not None else ""


def address_of(view: SavedView) -> str:
    """Its list, narrowed as it was when the view was saved."""
    query: dict[str, Any] = {**view.query, "view": view.id}
    return url_for(LISTS[view.list_name], **query)
