"""Change what a continuous delivery says while it goes on: a version for what has not left, and its template.

The rule: an edit of its content makes a version for what has not left, updates the template it came from, and first
lists every place that uses that template, with *here only*.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import User
from sales_campaigns.content.models import Template, Wording
from sales_campaigns.content.templates import TemplateDraft, edit_template
from sales_campaigns.content.wordings import content_of
from sales_campaigns.deliveries.confirming import require_start
from sales_campaigns.deliveries.continuous.models import ContentVersion, Intake
from sales_campaigns.deliveries.journal import note
from sales_campaigns.deliveries.models import Delivery, DeliverySetup, DeliveryState
from sales_campaigns.deliveries.setups import schedule_of
from sales_campaigns.deliveries.states import OVER
from sales_campaigns.deliveries.wishes import Wish
from sales_campaigns.errors import Invalid
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.unit_of_work import UnitOfWork

CONTINUES = OVER | {DeliveryState.IN_PROGRESS, DeliveryState.PAUSED}


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One version of the words, the newest first; `mails` is how many messages have it."""

    version: ContentVersion
    author: str
    subject: str
    mails: int


def change_continuous(
    uow: UnitOfWork, actor: User, delivery: Delivery, setup: DeliverySetup, wish: Wish
) -> Wish:
    """Check a change of one that goes on, and change its template where that is wanted; the wish as it is kept.

    Raises Invalid({"also_template": …}) where nobody has said whether the template changes too.
    """
    require_start(uow.session, actor)
    _refuse(delivery, setup, wish)
    if wish.from_template not in ("", setup.from_template):
        return wish  # the words of another template were picked: they are of that one now
    template = template_behind(uow.session, delivery, setup)
    if template is None or content_of(uow.session.get(Wording, setup.wording_id)) == wish.content:
        return replace(wish, from_template=setup.from_template)
    if wish.also_template is None:
        words = "Say whether the template changes too, or only this delivery."
        raise Invalid({"also_template": words})
    if not wish.also_template:
        return replace(wish, from_template="")
    _rewrite_template(uow, actor, template, wish)
    return replace(wish, from_template=template.name)


def write_version(uow: UnitOfWork, actor: User, delivery: Delivery, setup: DeliverySetup) -> None:
    """The new words for what has not left. What has left, or is in hand again after a refusal, keeps its bytes."""
    if uow.session.get(Intake, delivery.id) is None:
        return
    newest = sa.select(sa.func.max(ContentVersion.number)).where(ContentVersion.delivery_id == delivery.id)
    number = (uow.session.scalar(newest) or 0) + 1
    uow.session.add(
        ContentVersion(
            delivery_id=delivery.id,
            number=number,
            wording_id=setup.wording_id,
            author_id=actor.id,
            created_at=uow.now,
        )
    )
    changed = uow.session.scalars(
        sa.update(Message)
        .where(Message.delivery_id == delivery.id, ~Message.proof, *_not_left())
        .values(wording_id=setup.wording_id)
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    )
    waiting = len(changed.all())
    note(uow, delivery.id, f"{actor.name} wrote version {number}, also for {waiting:,} mails in the outbox.")


def versions_of(session: Session, delivery: Delivery) -> list[VersionLine]:
    mails = (
        sa.select(Message.wording_id, sa.func.count().label("mails"))
        .where(Message.delivery_id == delivery.id, ~Message.proof)
        .group_by(Message.wording_id)
        .subquery()
    )
    rows = session.execute(
        sa.select(ContentVersion, User, Wording.subject, sa.func.coalesce(mails.c.mails, 0))
        .join(Wording, Wording.id == ContentVersion.wording_id)
        .outerjoin(User, User.id == ContentVersion.author_id)
        .outerjoin(mails, mails.c.wording_id == ContentVersion.wording_id)
        .where(ContentVersion.delivery_id == delivery.id)
        .order_by(ContentVersion.number.desc())
    )
    return [
        VersionLine(version, author.name if author else "", subject, number)
        for version, author, subject, number in rows
    ]


def template_behind(session: Session, delivery: Delivery, setup: DeliverySetup) -> Template | None:
    """The template that its words came from; None for words of its own, and where it is archived."""
    if setup.template_id is None:
        return None
    return session.scalar(
        sa.select(Template).where(
            Template.team_id == delivery.team_id,
            Template.id == setup.template_id,
            Template.archived_at.is_(None),
        )
    )


def deliveries_using(session: Session, template: Template) -> list[tuple[int, str]]:
    """(id, name) of the deliveries that took words from a template and are not over."""
    query = (
        sa.select(Delivery.id, Delivery.name)
        .join(DeliverySetup, DeliverySetup.delivery_id == Delivery.id)
        .where(
            Delivery.team_id == template.team_id,
            DeliverySetup.template_id == template.id,
            Delivery.state.not_in(OVER),
        )
        .order_by(Delivery.name, Delivery.id)
    )
    return [(row.id, row.name) for row in session.execute(query)]


def _refuse(delivery: Delivery, setup: DeliverySetup, wish: Wish) -> None:
    if delivery.state in OVER:
        raise Invalid({"name": "This delivery is over: duplicate it to write another one."})
    if wish.schedule != schedule_of(setup):
        raise Invalid({"at": "It has begun: its contact date stays as it is."})
    if wish.settings.waves:
        raise Invalid({"waves": "A continuous delivery leaves as people come, all at once."})


def _rewrite_template(uow: UnitOfWork, actor: User, template: Template, wish: Wish) -> None:
    content = wish.content
    draft = TemplateDraft(
        template.name,
        content.subject,
        content.html,
        content.text,
        template.category,
        template.shared,
        content.bundle_id,
    )
    edit_template(uow, actor, template.id, draft)


def _not_left() -> list[sa.ColumnElement[bool]]:
    """The gate locks a message until it has begun: what it holds then keeps the words that it was made of."""
    waits = Message.state.in_((MessageState.PENDING, MessageState.CLAIMED))
    return [waits, Message.message_id.is_(None), Message.attempts == 0]
