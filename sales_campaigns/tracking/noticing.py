"""An opening or a click is one insert; what follows from it is told a little later, see `telling`."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.content.models import Wording
from sales_campaigns.content.tracked_links import links_of
from sales_campaigns.messages.models import Message, TrackingChoice
from sales_campaigns.messages.states import LEFT
from sales_campaigns.tracking.machines import Hit, machine_reason
from sales_campaigns.tracking.models import EventKind, TrackingEvent
from sales_campaigns.unit_of_work import UnitOfWork

# So many of one kind and one mail are enough to know; nobody fills the database by asking again and again.
MOST = 200


def target_of(session: Session, message_id: int, place: int) -> str | None:
    """Where the link at this place of the mail leads, with the parameters of its delivery; None for no such link.

    The rule: redirects by id only, http and https: what the wording says, never what the address says.
    """
    row = session.execute(
        sa.select(Message.edited_html, Wording.html, TrackingChoice.utm)
        .outerjoin(Wording, Wording.id == Message.wording_id)
        .outerjoin(TrackingChoice, TrackingChoice.delivery_id == Message.delivery_id)
        .where(Message.id == message_id)
    ).one_or_none()
    links = links_of((row[0] if row[0] is not None else row[1]) or "") if row else []
    return with_parameters(links[place - 1], row[2] or "") if row and 0 < place <= len(links) else None


def with_parameters(address: str, utm: str) -> str:
    """The address with these parameters; those that it has already stay."""
    if not utm:
        return address
    parts = urlsplit(address)
    has = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    more = urlencode([(name, value) for name, value in parse_qsl(utm) if name not in has])
    return urlunsplit(parts._replace(query="&".join(filter(None, [parts.query, more]))))


def notice(uow: UnitOfWork, message_id: int, kind: EventKind, hit: Hit, link: int | None = None) -> bool:
    """Store one event with its reason; whether it was. `hit.after` is filled in here.

    The rule: archived = tracking off. What did not leave and test mails are not noticed either.
    """
    row = uow.session.execute(
        sa.select(Message.state, Message.archived_at, Message.proof, Message.sent_at).where(
            Message.id == message_id
        )
    ).one_or_none()
    if row is None or row.archived_at is not None or row.proof or row.state not in LEFT:
        return False
    if _known(uow.session, message_id, kind) >= MOST:
        return False
    after = (uow.now - row.sent_at).total_seconds() / uow.speed if row.sent_at else None
    uow.session.add(
        TrackingEvent(
            message_id=message_id,
            kind=kind,
            link=link,
            at=uow.now,
            machine=machine_reason(replace(hit, after=after)),
            agent_hash=sha256(hit.agent.encode()).hexdigest()[:16] if hit.agent else "",
        )
    )
    return True


def note_opt_out(uow: UnitOfWork, message_id: int) -> None:
    """That this mail was the way out, for the log of its delivery; the feed is told by whoever opts out."""
    uow.session.add(
        TrackingEvent(message_id=message_id, kind=EventKind.OPT_OUT, at=uow.now, machine="", told=True)
    )


def _known(session: Session, message_id: int, kind: EventKind) -> int:
    query = sa.select(sa.func.count()).where(
        TrackingEvent.message_id == message_id, TrackingEvent.kind == kind
    )
    return session.scalar(query) or 0
