"""What the gate of a bulk lane sees: due mails with their people, holds, senders and mailbox, locked without waiting.

What somebody else is writing at this moment is left out. So nothing is waited for while messages are locked, and
their locks may come before those of the holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, lazyload

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.database import among
from sales_campaigns.messages.due_mails import OF_MESSAGE, OF_PERSON, DueMail
from sales_campaigns.messages.holds import HOLDERS, INSTANCE, nothing_holds
from sales_campaigns.messages.models import DUE, DomainLimit, Hold, Message
from sales_campaigns.people.models import Address, Person
from sales_campaigns.people.suppression import first_cause

Place = tuple[datetime, int]  # where a mail stands among those that are due: its instant and its number
Held = dict[str, set[int]]  # kind of hold → those that let mails leave and are locked


def due_rows(
    session: Session, mailbox_id: int, now: datetime, after: Place | None, limit: int
) -> list[DueMail]:
    """Up to `limit` due mails behind the place `after`, the longest due first; none that a hold stops."""
    at, id = after or (datetime.min.replace(tzinfo=now.tzinfo), 0)
    given = {"box": mailbox_id, "now": now, "at": at, "after": id, "most": limit}
    session.flush()
    # A mail is asked for forty things: of a tuple with names that takes a tenth of the time that a row takes.
    return [DueMail._make(tuple(row)) for row in session.connection().execute(_DUE, given)]


@dataclass(frozen=True, slots=True)
class Way:
    """How the mails of a lane leave: its mailbox, their senders by number, and whether domains have limits at all."""

    box: Mailbox
    senders: dict[int, User]
    domains_limited: bool


def free_way(session: Session, mailbox_id: int, sender_ids: Iterable[int]) -> Way | None:
    """Locked, as they stand: without the senders that somebody writes, None while somebody writes the mailbox."""
    rows = session.execute(_WAY, {"boxes": [mailbox_id], "senders": sorted(sender_ids)}).all()
    if not rows:
        return None
    return Way(rows[0][0], {sender.id: sender for _, sender, _ in rows}, rows[0][2])


def all_free(session: Session, rows: Sequence[DueMail]) -> Sequence[DueMail]:
    """Those of which nothing that they name stops them, or is about to: whoever stops it now waits."""
    named = {kind: set(map(column, rows)) - {None} for kind, column in _COLUMNS.items()}
    held = _held(session, named)
    if INSTANCE[1] in held[INSTANCE[0]] and all(keys <= held[kind] for kind, keys in named.items()):
        return rows
    return [row for row in rows if _is_free(row, held)]


def _is_free(row: DueMail, held: Held) -> bool:
    keys = ((kind, column(row)) for kind, column in _COLUMNS.items())
    return INSTANCE[1] in held[INSTANCE[0]] and all(key is None or key in held[kind] for kind, key in keys)


def _held(session: Session, named: dict[str, set[int]]) -> Held:
    """Those of these that stop nothing and that nobody is writing."""
    held: Held = {kind: set() for kind in (INSTANCE[0], *HOLDERS)}
    for kind, key in session.execute(_HOLDS, {kind: sorted(keys) for kind, keys in named.items()}):
        held[kind].add(key)
    return held


_COLUMNS = {kind: attrgetter(column) for kind, column in HOLDERS.items()}

_HOLDS = (
    sa.select(Hold.kind, Hold.key)
    .where(
        ~Hold.stopped,
        sa.or_(
            sa.and_(Hold.kind == INSTANCE[0], Hold.key == INSTANCE[1]),
            *(sa.and_(Hold.kind == kind, among(Hold.key, kind)) for kind in HOLDERS),
        ),
    )
    .with_for_update(read=True, skip_locked=True)
)


_WAY = (
    sa.select(Mailbox, User, sa.exists(sa.select(DomainLimit.domain)).label("limited"))
    .join(User, sa.true())
    .where(among(Mailbox.id, "boxes"), among(User.id, "senders"))
    .options(lazyload(Mailbox.user), lazyload(User.team))
    .order_by(User.id)
    .with_for_update(read=True, skip_locked=True, of=(Mailbox, User))
    .execution_options(populate_existing=True)
)


def _usual() -> sa.ColumnElement[bool]:
    """Nothing edited, no files of its own, no thread, no copies, no test, no draft: what `recipes.has_recipe` says,
    and a little more."""
    own = (Message.edited_html, Message.edited_subject, Message.bundle_id, Message.follows_id)
    others = (Message.replies_to_id, Message.draft_id, Message.came_back_at)
    return sa.and_(
        *(column.is_(None) for column in (*own, *others)),
        Message.wording_id.is_not(None),
        ~Message.proof,
        ~Message.despite_opt_out,
        Message.cc == "",
        Message.bcc == "",
    )


def _filled(values: Any) -> sa.ColumnElement[Any]:
    """None in place of an object without values, which need not be read."""
    return sa.type_coerce(sa.func.nullif(sa.cast(values, sa.Text), "{}"), values.type)


def _due() -> sa.Select[Any]:
    place = sa.tuple_(Message.act_at, Message.id)
    due = (
        sa.select(
            *(getattr(Message, name) for name in OF_MESSAGE),
            Message.email.label("named_email"),
            _usual().label("usual"),
        )
        .where(
            Message.mailbox_id == sa.bindparam("box"),
            sa.text(f"message.{DUE}"),
            Message.act_at <= sa.bindparam("now", type_=Message.act_at.type),
            place > sa.tuple_(sa.bindparam("at", type_=Message.act_at.type), sa.bindparam("after")),
            nothing_holds(),
        )
        .order_by(Message.act_at, Message.id)
        .limit(sa.bindparam("most"))
        .with_for_update(skip_locked=True)
        .cte("due")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    return (
        sa.select(
            *due.c,
            *(
                _filled(Person.custom).label(name) if name == "custom" else getattr(Person, name)
                for name in OF_PERSON
            ),
            Person.zone.label("time_zone"),
            first_cause().label("cause"),
        )
        .select_from(due)
        .join(Person, Person.id == due.c.person_id)
        .join(Address, Address.id == Person.address_id)
        .order_by(due.c.act_at, due.c.id)
        .with_for_update(read=True, skip_locked=True, of=(Person, Address))
    )


_DUE = _due()
