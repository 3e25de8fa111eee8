"""Command Center › E-mails: the outbox by what became of each mail, and one mail with its attempts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session, undefer

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.accounts.ramps import limit_on
from sales_campaigns.accounts.roles import sees_every_team
from sales_campaigns.errors import NotFound
from sales_campaigns.messages.handing_over.recipes import as_it_left, made_again
from sales_campaigns.messages.models import Attempt, Message, MessageState
from sales_campaigns.messages.outbox.folders import (
    Folder,
    Search,
    folder_conditions,
    in_sight,
    reported_as_spam,
    search_conditions,
)
from sales_campaigns.people.models import Person

PAGE = 50
EVERYTHING = Search()


@dataclass(frozen=True, slots=True)
class MailLine:
    """One mail of a list."""

    message: Message
    person: Person
    sender: str
    folder: Folder

    @property
    def subject(self) -> str:
        return self.message.subject or self.message.edited_subject or ""

    @property
    def key(self) -> str:
        return f"{self.message.due_at.timestamp():.6f}~{self.message.id}"


@dataclass(frozen=True, slots=True)
class MailboxDay:
    """What left from a mailbox on the owner's local day, of at most `limit`, and when the last one did."""

    mailbox: Mailbox
    limit: int
    sent: int
    waiting: int
    last_at: datetime | None


def mail_lines(
    session: Session,
    actor: User,
    folder: Folder,
    now: datetime,
    *,
    search: Search = EVERYTHING,
    sender_id: int | None = None,
    before: tuple[datetime, int] | None = None,
    limit: int = PAGE,
) -> list[MailLine]:
    """One folder; what is still to leave soonest first, everything else newest first."""
    ahead = folder is Folder.SCHEDULED
    here = sa.tuple_(Message.due_at, Message.id)
    query = (
        sa.select(Message, Person, User)
        .join(Person, Person.id == Message.person_id)
        .join(User, User.id == Message.sender_id)
        .where(*in_sight(actor), folder_conditions(now)[folder], *search_conditions(search))
    )
    if sender_id is not None:
        query = query.where(Message.sender_id == sender_id)
    if before is not None:
        there = sa.tuple_(sa.literal(before[0], Message.due_at.type), sa.literal(before[1]))
        query = query.where(here > there if ahead else here < there)
    order = (Message.due_at, Message.id) if ahead else (Message.due_at.desc(), Message.id.desc())
    rows = session.execute(query.order_by(*order).limit(limit))
    return [MailLine(message, person, user.name, folder) for message, person, user in rows]


def mail_ids(
    session: Session,
    actor: User,
    folder: Folder,
    now: datetime,
    *,
    search: Search = EVERYTHING,
    sender_id: int | None = None,
    limit: int,
) -> list[int]:
    """The ids of all that the folder shows on whatever page; at most `limit`."""
    query = (
        sa.select(Message.id)
        .join(Person, Person.id == Message.person_id)
        .where(*in_sight(actor), folder_conditions(now)[folder], *search_conditions(search))
    )
    if sender_id is not None:
        query = query.where(Message.sender_id == sender_id)
    return list(session.scalars(query.order_by(Message.id).limit(limit)))


def folder_counts(
    session: Session,
    actor: User,
    now: datetime,
    *,
    search: Search = EVERYTHING,
    sender_id: int | None = None,
) -> dict[Folder, int]:
    """How many mails each folder holds, in one query; drafts are counted elsewhere."""
    counted = {
        folder: sa.func.count(sa.case((condition, Message.id)))
        for folder, condition in folder_conditions(now).items()
    }
    query = sa.select(*counted.values()).select_from(Message).where(*in_sight(actor))
    if search != EVERYTHING:
        query = query.join(Person, Person.id == Message.person_id).where(*search_conditions(search))
    if sender_id is not None:
        query = query.where(Message.sender_id == sender_id)
    return dict(zip(counted, session.execute(query).one(), strict=True))


def message_of(session: Session, actor: User, message_id: int, *, lock: bool = False) -> Message:
    """A message of the actor's team. Raises NotFound."""
    query = sa.select(Message).where(Message.id == message_id, *_team(actor))
    message = session.scalar(query.with_for_update() if lock else query)
    if message is None:
        raise NotFound("This mail is not there, or it belongs to another team.")
    return message


def messages_among(session: Session, actor: User, ids: Sequence[int]) -> Sequence[Message]:
    """Those of these ids that are mails of the actor's team."""
    return session.scalars(sa.select(Message).where(Message.id.in_(ids), *_team(actor))).all()


def was_reported(session: Session, message: Message) -> bool:
    """Whether whoever got it reported it as spam."""
    return bool(session.scalar(sa.select(reported_as_spam()).where(Message.id == message.id)))


def attempts_of(session: Session, message: Message) -> Sequence[Attempt]:
    """Every hand-over with the server's own answer, in order."""
    return session.scalars(
        sa.select(Attempt).where(Attempt.message_id == message.id).order_by(Attempt.id)
    ).all()


def exact_mail(session: Session, message: Message) -> bytes | None:
    """The very bytes that were handed over; None while nothing was. Raises Invalid when they cannot be made again."""
    row = session.scalars(
        sa.select(Message)
        .where(Message.id == message.id)
        .options(undefer(Message.mime), undefer(Message.recipe), undefer(Message.mime_hash))
        .execution_options(populate_existing=True)
    ).one()
    if row.recipe is not None:
        return made_again(session, row, row.recipe, row.mime_hash)
    return as_it_left(session, row, row.mime, row.mime_hash)


def mailbox_days(session: Session, user: User, start: datetime, end: datetime) -> list[MailboxDay]:
    """For each mailbox of the user: mails of the day from `start` to `end`, in one query."""
    left = Message.state.in_({MessageState.SENT, MessageState.RELAYED})
    rows = session.execute(
        sa.select(
            Mailbox,
            sa.func.count(sa.case((left, Message.id))),
            sa.func.count(sa.case((Message.state.in_(_STILL), Message.id))),
            sa.func.max(Message.sent_at),
        )
        .outerjoin(
            Message,
            sa.and_(Message.mailbox_id == Mailbox.id, Message.due_at >= start, Message.due_at < end),
        )
        .where(Mailbox.user_id == user.id)
        .group_by(Mailbox.id)
        .order_by(Mailbox.id)
    )
    today = start.astimezone(ZoneInfo(user.zone)).date()
    return [
        MailboxDay(box, limit_on(box, box.daily_limit, today), sent, waiting, last)
        for box, sent, waiting, last in rows
    ]


_STILL = frozenset({MessageState.PENDING, MessageState.RETRYING, MessageState.CLAIMED, MessageState.SENDING})


def _team(actor: User) -> list[sa.ColumnElement[bool]]:
    return [] if sees_every_team(actor) else [Message.team_id == actor.team_id]
