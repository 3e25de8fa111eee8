"""The views that somebody may pick: their own, and what teammates share."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.errors import NotFound
from sales_campaigns.saved_views.models import ListName, SavedView


def views_of(session: Session, user: User, list_name: ListName) -> Sequence[SavedView]:
    """Their own and the team's shared ones, by name."""
    query = sa.select(SavedView).where(*_visible(user), SavedView.list_name == list_name)
    return session.scalars(query.order_by(sa.func.lower(SavedView.name), SavedView.id)).all()


def view_of(session: Session, user: User, view_id: int) -> SavedView:
    """Raises NotFound for one that is private to somebody else, or of another team."""
    found = session.scalar(sa.select(SavedView).where(*_visible(user), SavedView.id == view_id))
    if found is None:
        raise NotFound("This view is not there, or it is not shared with you.")
    return found


def default_view(session: Session, user: User, list_name: ListName) -> SavedView | None:
    """The view with which the list opens for this user; one that is gone is none."""
    wanted = user.preferences.get("default_views", {}).get(list_name.value)
    if not isinstance(wanted, int):
        return None
    return session.scalar(sa.select(SavedView).where(*_visible(user), SavedView.id == wanted))


def _visible(user: User) -> list[sa.ColumnElement[bool]]:
    shared = sa.and_(SavedView.shared, SavedView.team_id == user.team_id)
    return [sa.or_(SavedView.owner_id == user.id, shared)]
