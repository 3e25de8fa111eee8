"""Reads of received mail for pages: the replies that wait, one mail, all mails of a person, and who wrote last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session, undefer

from sales_campaigns.accounts.models import User
from sales_campaigns.accounts.roles import sees_every_team
from sales_campaigns.content.html import sanitise
from sales_campaigns.content.rendering import Rendered
from sales_campaigns.messages.incoming.disposing import FROM_PEOPLE
from sales_campaigns.messages.incoming.facts import html_of, parsed, text_of
from sales_campaigns.messages.incoming.models import MailKind, ReceivedMail
from sales_campaigns.messages.models import Message, MessageState
from sales_campaigns.people.models import Person

PAGE = 50


class Box(StrEnum):
    """Where a received mail stands in the list."""

    WAITING = "waiting"
    DONE = "done"
    AUTOMATIC = "automatic"


BOXES = {
    Box.WAITING: sa.and_(ReceivedMail.kind.in_(FROM_PEOPLE), ReceivedMail.disposal.is_(None)),
    Box.DONE: sa.and_(ReceivedMail.kind.in_(FROM_PEOPLE), ReceivedMail.disposal.is_not(None)),
    Box.AUTOMATIC: ReceivedMail.kind.in_(set(MailKind) - FROM_PEOPLE),
}


@dataclass(frozen=True, slots=True)
class ReplyLine:
    """One received mail with its person, whose mailbox it came to, and the subject of ours that it answers."""

    mail: ReceivedMail
    person: Person
    user: str
    answered: str = ""

    @property
    def key(self) -> str:
        return str(self.mail.id)


def reply_lines(
    session: Session,
    actor: User,
    box: Box,
    *,
    user_id: int | None = None,
    beyond: int | None = None,
    limit: int = PAGE,
) -> list[ReplyLine]:
    """One page; what waits longest first, everything else newest first. `beyond`: the last id of the page before."""
    waits = box is Box.WAITING
    query = _lines().where(*_team(actor), BOXES[box])
    if user_id is not None:
        query = query.where(ReceivedMail.user_id == user_id)
    if beyond is not None:
        query = query.where(ReceivedMail.id > beyond if waits else ReceivedMail.id < beyond)
    order = ReceivedMail.id if waits else ReceivedMail.id.desc()
    return [_line(row) for row in session.execute(query.order_by(order).limit(limit))]


def box_counts(session: Session, actor: User, *, user_id: int | None = None) -> dict[Box, int]:
    """How many mails stand where, in one query."""
    counted = {box: sa.func.count(sa.case((condition, ReceivedMail.id))) for box, condition in BOXES.items()}
    query = sa.select(*counted.values()).where(*_team(actor))
    if user_id is not None:
        query = query.where(ReceivedMail.user_id == user_id)
    return dict(zip(counted, session.execute(query).one(), strict=True))


def waiting(session: Session, user: User) -> tuple[int, datetime | None]:
    """How many replies of this user's wait, and since when the oldest does."""
    query = sa.select(sa.func.count(ReceivedMail.id), sa.func.min(ReceivedMail.at))
    count, oldest = session.execute(query.where(ReceivedMail.user_id == user.id, BOXES[Box.WAITING])).one()
    return count, oldest


def mails_from(session: Session, person: Person, limit: int = PAGE) -> list[ReplyLine]:
    """Everything that came from or about this person, the newest first."""
    query = _lines().where(ReceivedMail.person_id == person.id, ReceivedMail.team_id == person.team_id)
    return [_line(row) for row in session.execute(query.order_by(ReceivedMail.id.desc()).limit(limit))]


def answers_to(session: Session, message: Message) -> Sequence[ReceivedMail]:
    """What came back to this message, in order."""
    query = sa.select(ReceivedMail).where(ReceivedMail.answers_id == message.id)
    return session.scalars(query.order_by(ReceivedMail.id)).all()


def unanswered_of(session: Session, person: Person) -> ReceivedMail | None:
    """The newest mail of this person that waits for an answer."""
    mine = (ReceivedMail.person_id == person.id, ReceivedMail.team_id == person.team_id)
    query = sa.select(ReceivedMail).where(*mine, BOXES[Box.WAITING])
    return session.scalar(query.order_by(ReceivedMail.id.desc()).limit(1))


def raw_of(session: Session, mail: ReceivedMail) -> bytes:
    """The very bytes that came in."""
    query = sa.select(ReceivedMail).where(ReceivedMail.id == mail.id).options(undefer(ReceivedMail.raw))
    return session.scalars(query.execution_options(populate_existing=True)).one().raw


def copy_of(session: Session, mail: ReceivedMail) -> Rendered:
    """The mail as it came, quotes included: what an answer quotes."""
    whole = parsed(raw_of(session, mail))
    return Rendered(mail.subject, sanitise(html_of(whole)), text_of(whole))


def wrote_last(session: Session, mail: ReceivedMail) -> bool:
    """Whether this mail of a person is not answered yet: nothing of ours left after it, and nothing is on its way."""
    after = sa.and_(Message.sent_at > mail.at, Message.replies_to_id.is_distinct_from(mail.id))
    over = {MessageState.FAILED, MessageState.CANCELLED, MessageState.EXPIRED}
    answers = sa.and_(Message.replies_to_id == mail.id, Message.state.not_in(over))
    ours = sa.exists().where(Message.person_id == mail.person_id, ~Message.proof, sa.or_(after, answers))
    return mail.kind in FROM_PEOPLE and not session.scalar(sa.select(ours))


def _lines() -> sa.Select[*tuple[object, ...]]:
    return (
        sa.select(ReceivedMail, Person, User, Message.subject.label("answered"))
        .join(Person, Person.id == ReceivedMail.person_id)
        .join(User, User.id == ReceivedMail.user_id)
        .outerjoin(Message, Message.id == ReceivedMail.answers_id)
    )


def _line(row: sa.Row[*tuple[object, ...]]) -> ReplyLine:
    return ReplyLine(row.ReceivedMail, row.Person, row.User.name, row.answered or "")


def _team(actor: User) -> list[sa.ColumnElement[bool]]:
    return [] if sees_every_team(actor) else [ReceivedMail.team_id == actor.team_id]
