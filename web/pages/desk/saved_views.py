"""Saved views: keep what a list shows under a name, share it, open the list with it, delete it."""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for

from sales_campaigns.errors import NotFound
from sales_campaigns.saved_views.models import ListName
from sales_campaigns.saved_views.reading import view_of
from sales_campaigns.saved_views.saving import delete_view, open_with, save_view
from web.answers import go
from web.parts.view_chips import LISTS, NARROWING, address_of
from web.parts.way_back import way_back
from web.request_scope import me, work

pages = Blueprint("saved_views", __name__, url_prefix="/views")


@pages.post("")
def save() -> Response:
    form = request.form
    list_name = _list(form.get("list", ""))
    query = {name: form[f"q.{name}"] for name in NARROWING[list_name] if form.get(f"q.{name}")}
    columns, shared = form.getlist("column"), "shared" in form
    view = save_view(work(), me(), list_name, form.get("name", ""), query, columns=columns, shared=shared)
    if "default" in form:
        open_with(work(), me(), list_name, view)
    return go(address_of(view), f"Saved as “{view.name}”.")


@pages.post("/<int:view_id>/open-with")
def open_with_it(view_id: int) -> Response:
    view = view_of(work().session, me(), view_id)
    wanted = view if request.form.get("wanted") else None
    open_with(work(), me(), view.list_name, wanted)
    words = f"The list opens with “{view.name}” from now on." if wanted else "The list opens as it is."
    return go(way_back(url_for(LISTS[view.list_name])), words)


@pages.post("/<int:view_id>/delete")
def delete(view_id: int) -> Response:
    view = view_of(work().session, me(), view_id)
    delete_view(work(), me(), view)
    return go(url_for(LISTS[view.list_name], view="0"), f"The view “{view.name}” is deleted.")


def _list(name: str) -> ListName:
    if name not in set(ListName):
        raise NotFound
    return ListName(name)
