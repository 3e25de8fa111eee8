"""The folders of the outbox, and what a list of mails may be narrowed to: as conditions that a query can use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import sees_every_team
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.messages.outbox.engagement import Did, did_with_it
from sales_campaigns.messages.states import LEFT
from sales_campaigns.people.models import Address, Person

BAD_ADDRESS = "unknown_recipient"


class Folder(StrEnum):
    """What became of a mail, as a rep sorts them. Drafts are rows of their own."""

    DELIVERED = "delivered"
    ARCHIVED = "archived"
    SCHEDULED = "scheduled"
    DRAFT = "draft"
    IN_PROGRESS = "in_progress"
    UNCERTAIN = "uncertain"
    FAILED = "failed"
    BOUNCED = "bounced"
    SPAM = "spam"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Search:
    """What a list of mails is narrowed to. `since` and `until` bound the planned instant; `own`: a rep's own mails
    (True), those of campaigns and deliveries (False), or both (None). `did` and `did_not`: by its recipient.
    """

    words: str = ""
    campaign_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    succeeded: bool = False
    own: bool | None = None
    did: Did | None = None
    did_not: Did | None = None


def folder_conditions(now: datetime) -> dict[Folder, sa.ColumnElement[bool]]:
    """Each mail is in exactly one folder; the folder of drafts holds none."""
    waits, left = Message.state == MessageState.PENDING, Message.state.in_(LEFT)
    failed, shown = Message.state == MessageState.FAILED, Message.archived_at.is_(None)
    under_way = {MessageState.CLAIMED, MessageState.SENDING, MessageState.RETRYING}
    spam = reported_as_spam()
    return {
        Folder.DELIVERED: sa.and_(left, shown, ~spam),
        Folder.ARCHIVED: sa.and_(left, ~shown, ~spam),
        Folder.SCHEDULED: sa.and_(waits, Message.act_at > now),
        Folder.IN_PROGRESS: sa.or_(Message.state.in_(under_way), sa.and_(waits, Message.act_at <= now)),
        Folder.UNCERTAIN: Message.state == MessageState.UNCERTAIN,
        Folder.FAILED: sa.or_(
            sa.and_(failed, Message.reason != BAD_ADDRESS), Message.state == MessageState.EXPIRED
        ),
        Folder.BOUNCED: sa.and_(failed, Message.reason == BAD_ADDRESS),
        Folder.SPAM: sa.and_(left, spam),
        Folder.CANCELLED: Message.state == MessageState.CANCELLED,
    }


def reported_as_spam() -> sa.ColumnElement[bool]:
    """Sent to an address that reported mail of ours as spam."""
    return Message.email.in_(sa.select(Address.email).where(Address.complained_at.is_not(None)))


def folder_of(message: Message, now: datetime, *, spam: bool = False) -> Folder:
    """The same sorting for one row; `spam` says whether it was reported."""
    if message.state in LEFT:
        if spam:
            return Folder.SPAM
        return Folder.ARCHIVED if message.archived_at is not None else Folder.DELIVERED
    if message.state is MessageState.PENDING:
        return Folder.SCHEDULED if message.act_at > now else Folder.IN_PROGRESS
    if message.state is MessageState.FAILED and message.reason == BAD_ADDRESS:
        return Folder.BOUNCED
    return _SIMPLE.get(message.state, Folder.IN_PROGRESS)


def in_sight(actor: User) -> list[sa.ColumnElement[bool]]:
    """Mails of the actor's team that nobody has taken away."""
    gone = Message.removed_at.is_(None)
    return [gone] if sees_every_team(actor) else [gone, Message.team_id == actor.team_id]


def search_conditions(search: Search) -> list[sa.ColumnElement[bool]]:
    """Over Message joined to Person."""
    found: list[sa.ColumnElement[bool]] = []
    columns = (Message.subject, Message.edited_subject, Message.email, Person.company)
    names = (Person.first_name, Person.last_name)
    for word in search.words.split()[:5]:
        found.append(sa.or_(*(column.icontains(word, autoescape=True) for column in (*columns, *names))))
    if search.campaign_id is not None:
        found.append(Message.campaign_id == search.campaign_id)
    if search.since is not None:
        found.append(Message.due_at >= search.since)
    if search.until is not None:
        found.append(Message.due_at < search.until)
    if search.succeeded:
        found.append(Message.succeeded_at.is_not(None))
    if search.own is not None:
        found.append(Message.campaign_id.is_(None) if search.own else Message.campaign_id.is_not(None))
    return found + _engagement_conditions(search)


def _engagement_conditions(search: Search) -> list[sa.ColumnElement[bool]]:
    wanted = [did_with_it(search.did)] if search.did is not None else []
    return wanted + ([~did_with_it(search.did_not)] if search.did_not is not None else [])


_SIMPLE = {
    MessageState.FAILED: Folder.FAILED,
    MessageState.EXPIRED: Folder.FAILED,
    MessageState.CANCELLED: Folder.CANCELLED,
    MessageState.UNCERTAIN: Folder.UNCERTAIN,
}
