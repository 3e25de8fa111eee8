"""Decide between variants: stop one, or use one for all from now on. In force at once, and undone at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.campaigns.editing import Edited, bring_back
from sales_campaigns.campaigns.listing import campaign_of
from sales_campaigns.campaigns.varying import start_variant, stop_variant, use_for_all
from sales_campaigns.campaigns.versions import newest
from sales_campaigns.enrollments.changes.changing import change_campaign, may_change
from sales_campaigns.enrollments.changes.effects import Effect
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.states import WAITING
from sales_campaigns.unit_of_work import UnitOfWork

ACTS = {"stop": stop_variant, "start": start_variant, "only": use_for_all}


@dataclass(frozen=True, slots=True)
class Settled:
    """The new version; `effect` is None where it waits to be put into force, with the other changes."""

    edited: Edited
    effect: Effect | None


def settle_variant(
    uow: UnitOfWork, actor: User, campaign_id: int, key: str, letter: str, act: str
) -> Settled:
    """`act` is a name of ACTS. Mails that are scheduled with a variant that is stopped get another one.

    It is in force at once unless other changes wait, or the actor may not change it for colleagues. Raises NotFound,
    NotAllowed, IllegalMove.
    """
    return _at_once(uow, actor, campaign_id, lambda: ACTS[act](uow, actor, campaign_id, key, letter))


def unsettle(uow: UnitOfWork, actor: User, campaign_id: int, key: str, number: int) -> Settled:
    """Back to the version of this number, in force at once as the decision was.

    Mails that were scheduled when it was made get what the rule gives them, and so what they had.
    """
    campaign = campaign_of(uow.session, actor, campaign_id, lock=True)
    decided_at = newest(uow.session, campaign).created_at
    return _at_once(
        uow,
        actor,
        campaign_id,
        lambda: bring_back(uow, actor, campaign_id, number),
        lambda: _draw_again(uow, campaign_id, key, decided_at),
    )


def _at_once(
    uow: UnitOfWork,
    actor: User,
    campaign_id: int,
    edit: Callable[[], Edited],
    before: Callable[[], None] = lambda: None,
) -> Settled:
    """Edit, and put it into force where nothing else would be with it; `before` is done only then."""
    campaign = campaign_of(uow.session, actor, campaign_id, lock=True)
    clean = newest(uow.session, campaign).number == campaign.version
    edited = edit()
    if edited.version.number == campaign.version:
        return Settled(edited, Effect())
    if not (clean and may_change(uow, actor, campaign)):
        return Settled(edited, None)
    before()
    return Settled(edited, change_campaign(uow, actor, campaign_id))


def _draw_again(uow: UnitOfWork, campaign_id: int, key: str, decided_at: datetime) -> None:
    """Mails that wait since before then keep no variant."""
    uow.session.execute(
        sa.update(Message)
        .where(
            Message.campaign_id == campaign_id,
            Message.step_key == key,
            Message.state.in_(WAITING),
            Message.created_at <= decided_at,
        )
        .values(variant="")
    )
