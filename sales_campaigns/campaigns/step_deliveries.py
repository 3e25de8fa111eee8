"""Each e-mail step owns a continuous delivery, so that its mails have a log and figures like any other's."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.campaigns.drafts import StepDraft, Steps
from sales_campaigns.campaigns.models import Campaign, CampaignState
from sales_campaigns.campaigns.planner import StepKind
from sales_campaigns.deliveries.models import Delivery, DeliveryKind
from sales_campaigns.messages.holds import make_holds
from sales_campaigns.messages.letters.marking import Tracked, choose_tracking
from sales_campaigns.messages.models import Hold, Message
from sales_campaigns.unit_of_work import UnitOfWork


def keep_deliveries(uow: UnitOfWork, campaign: Campaign, steps: Steps, tracked: Tracked) -> None:
    """Make a delivery and its hold for every e-mail step without one, and name them all after their place.
    `tracked` holds for all of them, also for those of steps that are gone.

    The delivery of a step that is gone stays for its log; a draft has sent nothing, so there it goes too.
    """
    known = _deliveries_of(uow, campaign)
    mails = {step.key: step for step in steps if step.kind is StepKind.EMAIL}
    for key, step in mails.items():
        if key in known:
            known[key].name = _name(campaign, step)
        else:
            _add(uow, campaign, step)
    if campaign.state is CampaignState.DRAFT:
        _drop(uow, [known[key].id for key in known.keys() - mails.keys()])
    choose_tracking(uow.session, (row.id for row in _deliveries_of(uow, campaign).values()), tracked)


def step_deliveries(session: Session, campaign: Campaign) -> dict[str, int]:
    """Key of an e-mail step → the id of its delivery, also of steps that are gone."""
    query = sa.select(Delivery.step_key, Delivery.id).where(Delivery.campaign_id == campaign.id)
    return {key or "": id for key, id in session.execute(query)}


def _deliveries_of(uow: UnitOfWork, campaign: Campaign) -> dict[str, Delivery]:
    rows = uow.session.scalars(sa.select(Delivery).where(Delivery.campaign_id == campaign.id))
    return {row.step_key or "": row for row in rows}


def _add(uow: UnitOfWork, campaign: Campaign, step: StepDraft) -> None:
    delivery = Delivery(
        team_id=campaign.team_id,
        owner_id=campaign.owner_id,
        kind=DeliveryKind.CONTINUOUS,
        name=_name(campaign, step),
        campaign_id=campaign.id,
        step_key=step.key,
        created_at=uow.now,
    )
    uow.session.add(delivery)
    uow.session.flush()
    make_holds(uow.session, "delivery", [delivery.id])


def _drop(uow: UnitOfWork, ids: list[int]) -> None:
    unused = sa.select(Delivery.id).where(
        Delivery.id.in_(ids), ~sa.exists().where(Message.delivery_id == Delivery.id)
    )
    gone = list(uow.session.scalars(unused))
    uow.session.execute(sa.delete(Hold).where(Hold.kind == "delivery", Hold.key.in_(gone)))
    uow.session.execute(sa.delete(Delivery).where(Delivery.id.in_(gone)))


def _name(campaign: Campaign, step: StepDraft) -> str:
    return f"{campaign.name} · day {step.day}, step {step.number}"
