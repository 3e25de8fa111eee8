"""Groups of people: make, rename, share, delete."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, request, url_for

from sales_campaigns.deliveries.group_use import deliveries_to_group
from sales_campaigns.errors import Invalid
from sales_campaigns.people.groups import (
    categories_of,
    change_group,
    create_group,
    delete_group,
    group_of,
    groups_of,
)
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
        group = create_group(
            work(),
            me(),
            typed.get("name", ""),
            shared="shared" in typed,
            category=typed.get("category", ""),
        )
    except Invalid as error:
        return _list(dict(typed), dict(error.problems)), 422
    return go(url_for("groups.index"), f"The group “{group.name}” was made.")


@pages.get("/groups/<int:group_id>")
def edit(group_id: int) -> str:
    group = group_of(work().session, me(), group_id)
    typed = {"name": group.name, "category": group.category, **({"shared": "1"} if group.shared else {})}
    return _form(group, typed, {})


@pages.post("/groups/<int:group_id>")
def change(group_id: int) -> Response | tuple[str, int]:
    group, typed = group_of(work().session, me(), group_id), request.form
    wanted = {"name": typed.get("name", ""), "category": typed.get("category", "")}
    try:
        change_group(work(), me(), group_id, **wanted, shared="shared" in typed)
    except Invalid as error:
        return _form(group, typed, error.problems), 422
    return go(url_for("groups.index"), "Saved.")


@pages.post("/groups/<int:group_id>/delete")
def delete(group_id: int) -> Response:
    delete_group(work(), me(), group_id)
    return go(url_for("groups.index"), "The group was deleted. Its people stay.")


def _form(group: Group, typed: Mapping[str, str], problems: Mapping[str, str]) -> str:
    return page(
        "groups/form.html",
        group=group,
        typed=typed,
        problems=problems,
        categories=categories_of(work().session, me()),
        used_in=deliveries_to_group(work().session, me(), group.id),
    )


def _list(typed: dict[str, str], problems: dict[str, str]) -> str:
    session = work().session
    groups = groups_of(session, me())
    found = counts_of(session, [line.group for line in groups])
    categories = categories_of(session, me())
    shown = {"groups": groups, "found": found, "categories": categories}
    return page("groups/index.html", **shown, typed=typed, problems=problems)
