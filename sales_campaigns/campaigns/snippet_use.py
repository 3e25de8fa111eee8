"""Where a snippet stands: templates, campaigns and deliveries that say what it says now, found by the words.

The rule: “where is this used? on templates, snippets, groups, schedules before an edit”. What was inserted hangs on
nothing, so a place whose words were changed since is not among them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.campaigns.models import Campaign, CampaignState, CampaignVersion, Step, StepVariant
from sales_campaigns.content.html import sanitise, to_text
from sales_campaigns.content.models import Snippet, Template, Wording
from sales_campaigns.content.template_list import visible_to
from sales_campaigns.deliveries.models import Delivery, DeliverySetup
from sales_campaigns.deliveries.states import OVER
from sales_campaigns.deliveries.variants.models import DeliveryVariant

# No markup and no entity stands within a word of such letters, whoever wrote the HTML.
PLAIN_WORD = re.compile(r"[A-Za-z0-9]{3,}")


@dataclass(frozen=True, slots=True)
class SnippetUse:
    """A place whose words hold those of a snippet: a `template`, `campaign` or `delivery`, by its id."""

    kind: str
    id: int
    name: str


def uses_of(session: Session, actor: User, snippet: Snippet) -> Sequence[SnippetUse]:
    """By kind and name, in one query. Templates that are somebody else's own are not told."""
    said = _said(snippet.html)
    if not said:
        return []  # a picture alone has no words to be found by
    places = sa.union_all(_templates(actor, snippet), *_campaigns(snippet), *_deliveries(snippet)).subquery()
    query = (
        sa.select(places.c.kind, places.c.id, places.c.name, Wording.html)
        .join(Wording, Wording.id == places.c.wording_id)
        .where(Wording.html.icontains(_rarest(said), autoescape=True))
        .order_by(places.c.kind, places.c.name, places.c.id)
    )
    found = (
        SnippetUse(row.kind, row.id, row.name) for row in session.execute(query) if said in _said(row.html)
    )
    return list(dict.fromkeys(found))


def _said(html: str) -> str:
    """The words, however they are laid out."""
    return " ".join(to_text(sanitise(html)).split())


def _rarest(said: str) -> str:
    """Its longest plain word, so that the database leaves out what cannot hold it; "" leaves out nothing."""
    return max(PLAIN_WORD.findall(said), key=len, default="")


def _place(kind: str, row: Any, wording_id: Any) -> sa.Select[Any]:
    return sa.select(
        sa.literal(kind).label("kind"),
        row.id.label("id"),
        row.name.label("name"),
        wording_id.label("wording_id"),
    )


def _templates(actor: User, snippet: Snippet) -> sa.Select[Any]:
    return _place("template", Template, Template.wording_id).where(
        Template.team_id == snippet.team_id, Template.archived_at.is_(None), visible_to(actor)
    )


def _campaigns(snippet: Snippet) -> tuple[sa.Select[Any], sa.Select[Any]]:
    """Of the version in force, and of later ones that wait."""
    counts = sa.and_(CampaignVersion.campaign_id == Campaign.id, CampaignVersion.number >= Campaign.version)
    mine = (Campaign.team_id == snippet.team_id, Campaign.state != CampaignState.ARCHIVED)
    steps = _place("campaign", Campaign, Step.wording_id)
    variants = _place("campaign", Campaign, StepVariant.wording_id)
    return (
        steps.join(CampaignVersion, counts).join(Step, Step.version_id == CampaignVersion.id).where(*mine),
        variants.join(CampaignVersion, counts)
        .join(Step, Step.version_id == CampaignVersion.id)
        .join(StepVariant, StepVariant.step_id == Step.id)
        .where(*mine),
    )


def _deliveries(snippet: Snippet) -> tuple[sa.Select[Any], sa.Select[Any]]:
    mine = (Delivery.team_id == snippet.team_id, Delivery.state.not_in(OVER))
    return (
        _place("delivery", Delivery, DeliverySetup.wording_id)
        .join(DeliverySetup, DeliverySetup.delivery_id == Delivery.id)
        .where(*mine),
        _place("delivery", Delivery, DeliveryVariant.wording_id)
        .join(DeliveryVariant, DeliveryVariant.delivery_id == Delivery.id)
        .where(*mine),
    )
