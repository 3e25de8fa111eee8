"""Groups of people: make, rename, share, delete."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, request, url_for

from sales_campaigns.deliveries.group_use import deliveries_to_group
from sales_campaigns.errors import Invalid
from sales_campaigns.people.groups import change_group, create_group, delete_group, group_of, groups_of
from sales_campaigns.people.models import Group
from sales_campaigns.people.searches import counts_of
from web.answers import go, page
from web.request_scope import me, work

pages = Blueprint("groups", __name__)


@pages.get("/groups")
def index() -> str:
    return _list({}, {})


@pages.post("/groups")
def create() -> Response | tuple[str, int]:
    typed = request.form
    try:
        group = create_group(work(), me(), typed.get("name", ""), shared="shared" in typed)
    except Invalid as error:
        return _list(dict(typed), dict(error.problems)), 422
    return go(url_for("groups.index"), f"The group “{group.name}” was made.")


@pages.get("/groups/<int:group_id>")
def edit(group_id: int) -> str:
    group = group_of(work().session, me(), group_id)
    return _form(group, group.name, shared=group.shared, problems={})


@pages.post("/groups/<int:group_id>")
def change(group_id: int) -> Response | tuple[str, int]:
    group, typed = group_of(work().session, me(), group_id), request.form
    name, shared = typed.get("name", ""), "shared" in typed
    try:
        change_group(work(), me(), group_id, name=name, shared=shared)
    except Invalid as error:
        return _form(group, name, shared=shared, problems=error.problems), 422
    return go(url_for("groups.index"), "Saved.")


@pages.post("/groups/<int:group_id>/delete")
def delete(group_id: int) -> Response:
    delete_group(work(), me(), group_id)
    return go(url_for("groups.index"), "The group was deleted. Its people stay.")


def _form(group: Group, name: str, *, shared: bool, problems: Mapping[str, str]) -> str:
    used_in = deliveries_to_group(work().session, me(), group.id)
    return page("groups/form.html", group=group, name=name, shared=shared, problems=problems, used_in=used_in)


def _list(typed: dict[str, str], problems: dict[str, str]) -> str:
    session = work().session
    groups = groups_of(session, me())
    found = counts_of(session, [line.group for line in groups])
    return page("groups/index.html", groups=groups, found=found, typed=typed, problems=problems)
