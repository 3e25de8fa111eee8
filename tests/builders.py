"""Builders of campaigns and people in them: plain functions with sensible defaults."""

from __future__ import annotations

from datetime import time
from typing import Any

from sales_campaigns.accounts.models import User
from sales_campaigns.campaigns.creating import add_campaign
from sales_campaigns.campaigns.drafts import StepDraft, arranged
from sales_campaigns.campaigns.models import Campaign
from sales_campaigns.campaigns.planner import SendOption, StepKind
from sales_campaigns.campaigns.versions import new_key
from sales_campaigns.content.rendering import Content
from sales_campaigns.content.wordings import wording_of
from sales_campaigns.deliveries.editing import create
from sales_campaigns.deliveries.inputs import Audience
from sales_campaigns.deliveries.listing import mailboxes_for
from sales_campaigns.deliveries.models import Delivery
from sales_campaigns.deliveries.wishes import Wish
from sales_campaigns.unit_of_work import UnitOfWork


def a_mail(
    uow: UnitOfWork,
    day: int,
    subject: str = "Quick question, {{ first_name }}",
    html: str = "<p>Hello {{ first_name }}</p>",
    at: str | None = None,
    **fields: Any,
) -> StepDraft:
    """An automatic e-mail step; at a fixed time when `at` is given, chosen at launch otherwise."""
    send = SendOption.AT if at else SendOption.CHOOSE
    return StepDraft(
        **{
            "key": new_key(),
            "day": day,
            "kind": StepKind.EMAIL,
            "send": send,
            "at": time.fromisoformat(at) if at else None,
            "wording_id": wording_of(uow.session, subject, html).id,
            **fields,
        }
    )


def a_follow_up(uow: UnitOfWork, day: int, html: str = "<p>And again</p>", **fields: Any) -> StepDraft:
    """A mail in the thread of the one before, at the same time of day."""
    return a_mail(uow, day, "", html, **{"follow_up": True, "send": SendOption.SAME_AS_PREVIOUS, **fields})


def a_call(day: int, name: str = "Call about the question", **fields: Any) -> StepDraft:
    return StepDraft(**{"key": new_key(), "day": day, "kind": StepKind.CALL, "name": name, **fields})


def a_campaign(
    uow: UnitOfWork, actor: User, steps: list[StepDraft], name: str = "Q4 outreach", **settings: Any
) -> Campaign:
    campaign = add_campaign(uow, actor, name, "Outbound", arranged(steps), settings)
    uow.session.flush()
    return campaign


def a_wish(uow: UnitOfWork, actor: User, **fields: Any) -> Wish:
    """A delivery to everybody of the team, from the first mailbox of it, at once."""
    known: dict[str, Any] = {
        "name": "Autumn price list",
        "content": Content("New prices, {{ first_name }}", "<p>Hello {{ first_name }}</p>"),
        "mailbox_id": mailboxes_for(uow.session, actor)[0].id,
        "audience": Audience(everybody=True),
    }
    return Wish(**{**known, **fields})


def a_delivery(uow: UnitOfWork, actor: User, **fields: Any) -> Delivery:
    return create(uow, actor, a_wish(uow, actor, **fields))
