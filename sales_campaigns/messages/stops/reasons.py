"""Why the instance, a mailbox or a sender stands still: each reason is a row, and the hold follows from them."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.messages.models import Cause, Hold, Message, Stop
from sales_campaigns.messages.states import WAITING
from sales_campaigns.unit_of_work import UnitOfWork

# Every page asks for its own: what is the same each time is built once.
_LINES = (
    sa.select(
        Stop,
        User,
        sa.select(Mailbox.address)
        .where(Stop.kind == "mailbox", Mailbox.id == Stop.key)
        .correlate(Stop)
        .scalar_subquery(),
    )
    .outerjoin(User, User.id == Stop.author_id)
    .options(sa.orm.lazyload(User.team))
    .order_by(Stop.at)
)


@dataclass(frozen=True, slots=True)
class StopLine:
    """One stop with who made it, and the address of the mailbox that it is about."""

    stop: Stop
    author: User | None
    address: str = ""


def put_stop(
    uow: UnitOfWork, kind: str, key: int, cause: Cause, why: str, author: User | None = None
) -> bool:
    """Nothing that names this hold is gated once this transaction stands. False when the reason stood already."""
    _lock(uow.session, kind, key)
    if uow.session.get(Stop, (kind, key, cause)) is not None:
        return False
    row = Stop(kind=kind, key=key, cause=cause, why=why[:200], at=uow.now, author_id=author and author.id)
    uow.session.add(row)
    _write_hold(uow.session, kind, key)
    return True


def lift_stop(uow: UnitOfWork, kind: str, key: int, cause: Cause) -> bool:
    """Take one reason away; the hold is released with the last. False when the reason was not there."""
    _lock(uow.session, kind, key)
    found = uow.session.get(Stop, (kind, key, cause))
    if found is None:
        return False
    uow.session.delete(found)
    _write_hold(uow.session, kind, key)
    return True


def is_stopped(session: Session, kind: str, key: int) -> bool:
    return bool(session.scalar(sa.select(Hold.stopped).where(Hold.kind == kind, Hold.key == key)))


def stops_on(session: Session, *where: sa.ColumnElement[bool]) -> list[StopLine]:
    """Stops with their author, the widest first: the instance, then mailboxes, then senders; in one query."""
    rank = {"instance": 0, "mailbox": 1, "sender": 2}
    rows = session.execute(_LINES.where(*where))
    lines = [StopLine(stop, author, at or "") for stop, author, at in rows]
    return sorted(lines, key=lambda line: rank[line.stop.kind])


def about(user: User) -> sa.ColumnElement[bool]:
    """A condition on Stop: it keeps mail of this user from leaving."""
    boxes = sa.select(Mailbox.id).where(Mailbox.user_id == user.id)
    return sa.or_(
        Stop.kind == "instance",
        sa.and_(Stop.kind == "mailbox", Stop.key.in_(boxes)),
        sa.and_(Stop.kind == "sender", Stop.key == user.id),
    )


def waiting_mails(session: Session, *where: sa.ColumnElement[bool]) -> int:
    """How many mails wait for their time, or for a stop to be lifted."""
    query = sa.select(sa.func.count()).select_from(Message).where(Message.state.in_(WAITING), *where)
    return session.scalar(query) or 0


def _lock(session: Session, kind: str, key: int) -> None:
    """Two reasons that come and go at the same time must see each other."""
    mine = sa.select(Hold.key).where(Hold.kind == kind, Hold.key == key)
    session.execute(mine.with_for_update())


def _write_hold(session: Session, kind: str, key: int) -> None:
    session.flush()
    whys = session.scalars(
        sa.select(Stop.why).where(Stop.kind == kind, Stop.key == key).order_by(Stop.at)
    ).all()
    session.execute(
        sa.update(Hold)
        .where(Hold.kind == kind, Hold.key == key)
        .values(stopped=bool(whys), why=whys[0] if whys else "")
    )
