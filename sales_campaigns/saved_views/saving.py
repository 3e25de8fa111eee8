"""Save what a list is narrowed to, share it, open the list with it, throw it away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.errors import Invalid, NotFound
from sales_campaigns.saved_views.models import ListName, SavedView
from sales_campaigns.unit_of_work import UnitOfWork

MOST = 50  # the rule: saved searches, at most 50 per user


def save_view(
    uow: UnitOfWork,
    actor: User,
    list_name: ListName,
    name: str,
    query: Mapping[str, str],
    *,
    columns: Sequence[str] = (),
    shared: bool = False,
) -> SavedView:
    """A new view, or the one of this name anew. Raises Invalid({"name": words})."""
    require(actor, "work_tasks")
    name = name.strip()
    mine = uow.session.scalars(
        sa.select(SavedView).where(SavedView.owner_id == actor.id).with_for_update()
    ).all()
    known = next((one for one in mine if (one.list_name, one.name) == (list_name, name)), None)
    _check(name, len(mine) - (known is not None))
    view = known or SavedView(
        team_id=actor.team_id, owner_id=actor.id, list_name=list_name, name=name, created_at=uow.now
    )
    view.query, view.columns, view.shared = dict(query), list(columns), shared
    uow.session.add(view)
    uow.session.flush()
    data = {"name": name, "list": list_name.value, "shared": shared}
    uow.record("view.saved", actor_id=actor.id, team_id=actor.team_id, data=data)
    return view


def delete_view(uow: UnitOfWork, actor: User, view: SavedView) -> None:
    """Raises NotFound for a colleague's: sharing lets others look, not throw away."""
    require(actor, "work_tasks")
    if view.owner_id != actor.id:
        raise NotFound("Only whoever made a view can delete it.")
    data = {"name": view.name, "list": view.list_name.value}
    uow.session.delete(view)
    uow.record("view.deleted", actor_id=actor.id, team_id=actor.team_id, data=data)


def open_with(uow: UnitOfWork, actor: User, list_name: ListName, view: SavedView | None) -> None:
    """The view with which the list opens from now on; None is the list as it is."""
    kept = dict(actor.preferences.get("default_views", {}))
    kept[list_name.value] = view.id if view is not None else None
    _prefer(uow, actor, "default_views", kept)


def choose_columns(uow: UnitOfWork, actor: User, place: str, columns: Sequence[str]) -> None:
    """The columns of one list or folder, remembered for this user."""
    kept = {**actor.preferences.get("columns", {}), place: list(columns)}
    _prefer(uow, actor, "columns", kept)


def _prefer(uow: UnitOfWork, actor: User, name: str, value: object) -> None:
    user = uow.session.get_one(User, actor.id)
    user.preferences = {**user.preferences, name: value}


def _check(name: str, others: int) -> None:
    if not name:
        raise Invalid({"name": "Give the view a name."})
    if len(name) > 60:
        raise Invalid({"name": "Use 60 characters or fewer."})
    if others >= MOST:
        raise Invalid({"name": f"You have {MOST} views. Delete one first."})
