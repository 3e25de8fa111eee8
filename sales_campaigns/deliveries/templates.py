"""Delivery templates: settings that a team uses again, under a name. What is made from one keeps its own copy.

The rule: “delivery templates keep reusable settings: typology, validity, waves, tracking, who starts it”.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import may, require, sees_every_team
from sales_campaigns.deliveries.confirming import require_start
from sales_campaigns.deliveries.inputs import Settings, StartBy, settings_from, stored
from sales_campaigns.deliveries.listing import delivery_of
from sales_campaigns.deliveries.models import DeliveryTemplate
from sales_campaigns.deliveries.setups import settings_of, setup_of
from sales_campaigns.deliveries.waves import check_validity
from sales_campaigns.deliveries.wishes import settings_problems
from sales_campaigns.errors import Invalid, NotFound
from sales_campaigns.unit_of_work import UnitOfWork


def delivery_templates_of(session: Session, actor: User) -> Sequence[DeliveryTemplate]:
    """Those of the actor's team, by name."""
    mine = sa.select(DeliveryTemplate).where(DeliveryTemplate.team_id == actor.team_id)
    return session.scalars(mine.order_by(sa.func.lower(DeliveryTemplate.name), DeliveryTemplate.id)).all()


def delivery_template_of(session: Session, actor: User, template_id: int) -> DeliveryTemplate:
    """Raises NotFound for a template of another team."""
    found = session.get(DeliveryTemplate, template_id)
    if found is None or (found.team_id != actor.team_id and not sees_every_team(actor)):
        raise NotFound
    return found


def settings_in(template: DeliveryTemplate, actor: User) -> Settings:
    """What a delivery of the actor begins with. Starting by itself is only for those who may start."""
    given = settings_from(template.settings)
    if may(actor, "start_deliveries"):
        return given
    return settings_from({**stored(given), "start_by": StartBy.PERSON})


def save_delivery_template(
    uow: UnitOfWork, actor: User, name: str, settings: Settings, template_id: int | None = None
) -> DeliveryTemplate:
    """A new one, or a change of a known one: for what is made from now on. Raises Invalid by field."""
    known = None if template_id is None else delivery_template_of(uow.session, actor, template_id)
    require(actor, "prepare_deliveries")
    before = settings_from(known.settings).start_by if known else StartBy.PERSON
    if settings.start_by is not before:
        require_start(uow.session, actor)
    said = " ".join(name.split())
    problems = {**_of_name(uow.session, actor, said, known), **_of_settings(settings)}
    if problems:
        raise Invalid(problems)
    template = known or DeliveryTemplate(team_id=actor.team_id, author_id=actor.id)
    template.name, template.settings, template.changed_at = said, stored(settings), uow.now
    uow.session.add(template)
    uow.session.flush()
    uow.record("delivery_template.changed" if known else "delivery_template.added", **_about(actor, template))
    return template


def template_from(uow: UnitOfWork, actor: User, delivery_id: int) -> DeliveryTemplate:
    """The settings of a delivery, under its name; with a number where there is one of that name."""
    delivery = delivery_of(uow.session, actor, delivery_id)
    settings = settings_of(setup_of(uow.session, delivery))
    names = {one.name for one in delivery_templates_of(uow.session, actor)}
    base = delivery.name[:110]
    free = next(
        name for name in (base, *(f"{base} {n}" for n in range(2, len(names) + 3))) if name not in names
    )
    return save_delivery_template(uow, actor, free, settings)


def delete_delivery_template(uow: UnitOfWork, actor: User, template_id: int) -> str:
    """What was made from it stays as it is. Its name."""
    template = delivery_template_of(uow.session, actor, template_id)
    require(actor, "prepare_deliveries")
    uow.record("delivery_template.deleted", **_about(actor, template))
    uow.session.delete(template)
    return template.name


def _of_name(session: Session, actor: User, name: str, known: DeliveryTemplate | None) -> dict[str, str]:
    if not 0 < len(name) <= 120:
        return {"name": "Give it a name of 1 to 120 characters."}
    team = known.team_id if known else actor.team_id
    found = session.scalar(
        sa.select(DeliveryTemplate.id).where(DeliveryTemplate.team_id == team, DeliveryTemplate.name == name)
    )
    taken = found is not None and (known is None or found != known.id)
    return {"name": "Another template has this name."} if taken else {}


def _of_settings(settings: Settings) -> dict[str, str]:
    problems = settings_problems(settings)
    if not problems and (late := check_validity(settings.waves, 0, settings.validity)):
        problems = {"waves": late}
    return problems


def _about(actor: User, template: DeliveryTemplate) -> dict[str, Any]:
    data = {"template": template.id, "name": template.name}
    return {"actor_id": actor.id, "team_id": template.team_id, "data": data}
