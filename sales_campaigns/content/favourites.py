"""Templates that a user wants to find first."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import require
from sales_campaigns.content.models import FavouriteTemplate, Template
from sales_campaigns.content.template_list import template_of
from sales_campaigns.unit_of_work import UnitOfWork


def favourites_of(session: Session, actor: User) -> frozenset[int]:
    """The ids of the actor's own favourites, whether or not they may still be seen."""
    mine = sa.select(FavouriteTemplate.template_id).where(FavouriteTemplate.user_id == actor.id)
    return frozenset(session.scalars(mine))


def mark_favourite(uow: UnitOfWork, actor: User, template_id: int, *, wanted: bool) -> Template:
    """One's own mark: it needs no right beyond seeing the template, and twice is once. Raises NotFound."""
    require(actor, "work_tasks")
    template = template_of(uow.session, actor, template_id)
    known = uow.session.get(FavouriteTemplate, (actor.id, template.id), with_for_update=True)
    if wanted and known is None:
        uow.session.add(FavouriteTemplate(user_id=actor.id, template_id=template.id))
    if not wanted and known is not None:
        uow.session.delete(known)
    return template
