"""Reading campaigns: one row with the right to see it, and the list by category."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import Team, User
from sales_campaigns.accounts.roles import sees_every_team
from sales_campaigns.campaigns.models import Campaign, CampaignState, CampaignVersion, Step, StepVariant
from sales_campaigns.errors import Invalid, NotFound


@dataclass(frozen=True, slots=True)
class CampaignLine:
    """One campaign in the list. `changes` tells that its newest version is not in force yet."""

    id: int
    name: str
    category: str
    state: CampaignState
    owner: str
    steps: int
    days: int
    changed_at: datetime
    changes: bool


def campaign_of(session: Session, actor: User, campaign_id: int, *, lock: bool = False) -> Campaign:
    """The row. Raises NotFound when it is not there or of another team. `lock` is for those who change it."""
    query = sa.select(Campaign).where(Campaign.id == campaign_id, of_team(actor))
    campaign = session.scalar(query.with_for_update() if lock else query)
    if campaign is None:
        raise NotFound("There is no such campaign, or it belongs to another team.")
    return campaign


def only_campaign_named(session: Session, name: str, team: str = "") -> Campaign:
    """For the operator, who sees all: the one campaign of this name, in the team of that name where it is given.

    Raises NotFound, and Invalid when several teams have one.
    """
    query = sa.select(Campaign).join(Team, Team.id == Campaign.team_id).where(Campaign.name == name)
    found = session.scalars(query.where(Team.name == team) if team else query).all()
    if not found:
        raise NotFound(f"There is no campaign called “{name}”{f' in {team}' if team else ''}.")
    if len(found) > 1:
        raise Invalid({"team": f"Several teams have a campaign called “{name}”. Say which team."})
    return found[0]


def of_team(actor: User) -> sa.ColumnElement[bool]:
    """The rule: a team sees its own campaigns, administrators see all."""
    return sa.true() if sees_every_team(actor) else Campaign.team_id == actor.team_id


def campaigns_of(
    session: Session,
    actor: User,
    *,
    search: str = "",
    category: str | None = None,
    states: Sequence[CampaignState] = (),
) -> list[CampaignLine]:
    """By category, then name. Archived ones are there only when `states` asks for them."""
    counts = _counts()
    query = (
        sa.select(Campaign, User, counts.c.steps, counts.c.days, counts.c.number)
        .join(User, User.id == Campaign.owner_id)
        .join(counts, counts.c.campaign_id == Campaign.id)
        .where(of_team(actor), *_narrowed(search, category, states))
        .order_by(sa.func.lower(Campaign.category), sa.func.lower(Campaign.name), Campaign.id)
    )
    return [_line(*row) for row in session.execute(query)]


def categories_of(session: Session, actor: User) -> list[str]:
    """The categories in use, in order."""
    query = (
        sa.select(Campaign.category)
        .where(of_team(actor), Campaign.state != CampaignState.ARCHIVED)
        .distinct()
    )
    return sorted(filter(None, session.scalars(query)), key=lambda name: (name.lower(), name))


def campaign_names(session: Session, actor: User) -> dict[int, str]:
    """Id → name of every campaign the actor sees, by name."""
    query = sa.select(Campaign.id, Campaign.name).where(of_team(actor))
    return {row.id: row.name for row in session.execute(query.order_by(sa.func.lower(Campaign.name)))}


def campaigns_using(session: Session, actor: User, template_id: int) -> list[tuple[int, str]]:
    """(id, name) of the campaigns that took words from a template, in a version people go through."""
    query = (
        sa.select(Campaign.id, Campaign.name)
        .join(
            CampaignVersion,
            sa.and_(CampaignVersion.campaign_id == Campaign.id, CampaignVersion.number == Campaign.version),
        )
        .join(Step, Step.version_id == CampaignVersion.id)
        .where(
            of_team(actor),
            Campaign.state != CampaignState.ARCHIVED,
            sa.or_(
                Step.template_id == template_id,
                Step.variants.any(StepVariant.template_id == template_id),
            ),
        )
        .distinct()
        .order_by(Campaign.name)
    )
    return [(row.id, row.name) for row in session.execute(query)]


def _counts() -> sa.Subquery:
    """Steps and last day of every campaign's newest version, in one pass."""
    newest = (
        sa.select(CampaignVersion.campaign_id, sa.func.max(CampaignVersion.number).label("number"))
        .group_by(CampaignVersion.campaign_id)
        .subquery()
    )
    return (
        sa.select(
            newest.c.campaign_id,
            newest.c.number,
            sa.func.count(Step.id).label("steps"),
            sa.func.coalesce(sa.func.max(Step.day), 0).label("days"),
        )
        .join(
            CampaignVersion,
            sa.and_(
                CampaignVersion.campaign_id == newest.c.campaign_id,
                CampaignVersion.number == newest.c.number,
            ),
        )
        .outerjoin(Step, Step.version_id == CampaignVersion.id)
        .group_by(newest.c.campaign_id, newest.c.number)
        .subquery()
    )


def _narrowed(
    search: str, category: str | None, states: Sequence[CampaignState]
) -> list[sa.ColumnElement[bool]]:
    wanted = Campaign.state.in_(states) if states else Campaign.state != CampaignState.ARCHIVED
    conditions = [wanted]
    if category is not None:
        conditions.append(Campaign.category == category)
    for word in search.split():
        looked_in = (Campaign.name, Campaign.category)
        conditions.append(sa.or_(*(column.icontains(word, autoescape=True) for column in looked_in)))
    return conditions


def _line(campaign: Campaign, owner: User, steps: int, days: int, newest: int) -> CampaignLine:
    return CampaignLine(
        id=campaign.id,
        name=campaign.name,
        category=campaign.category,
        state=campaign.state,
        owner=owner.name,
        steps=steps,
        days=days,
        changed_at=campaign.changed_at,
        changes=newest != campaign.version,
    )
