"""Reading channels: those that an administrator keeps, those that a rep may use, and who sends as whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from sales_campaigns.accounts.channels.models import Channel, SenderIdentity
from sales_campaigns.accounts.models import Mailbox, Team, User
from sales_campaigns.accounts.roles import require, sees_every_team
from sales_campaigns.errors import NotFound


@dataclass(slots=True)
class ChannelLine:
    """A channel with its identities, by address, and how many mailboxes send through it now."""

    channel: Channel
    identities: list[SenderIdentity] = field(default_factory=list)
    mailboxes: int = 0


def channel_lines(session: Session, actor: User) -> list[ChannelLine]:
    """Those of the actor's team, for administrators of the installation all; in three queries. Raises NotAllowed."""
    require(actor, "manage_team")
    return _lines(session) if sees_every_team(actor) else _lines(session, Channel.team_id == actor.team_id)


def every_channel(session: Session) -> list[ChannelLine]:
    """The same of the whole installation, for its operators."""
    return _lines(session)


def _lines(session: Session, *which: sa.ColumnElement[bool]) -> list[ChannelLine]:
    query = sa.select(Channel).join(Team, Team.id == Channel.team_id).where(*which)
    query = query.order_by(Team.name, Channel.name)
    lines = {channel.id: ChannelLine(channel) for channel in session.scalars(query)}
    identities = (
        sa.select(SenderIdentity)
        .where(SenderIdentity.channel_id.in_(lines))
        .options(joinedload(SenderIdentity.user))
        .order_by(SenderIdentity.address, SenderIdentity.id)
    )
    for one in session.scalars(identities):
        lines[one.channel_id].identities.append(one)
    for channel_id, number in _mailboxes(session, lines):
        lines[channel_id].mailboxes = number
    return list(lines.values())


def channel_of(session: Session, actor: User, channel_id: int) -> Channel:
    """One that the actor keeps. Raises NotFound for another team's, NotAllowed."""
    channel = session.get(Channel, channel_id)
    if channel is None or not (sees_every_team(actor) or channel.team_id == actor.team_id):
        raise NotFound("This channel is not there, or it belongs to another team.")
    require(actor, "manage_team")
    return channel


def open_channels(session: Session, user: User) -> list[Channel]:
    """Those through which a user of this team may send, by name."""
    mine = (Channel.team_id == user.team_id, Channel.closed_at.is_(None))
    return list(session.scalars(sa.select(Channel).where(*mine).order_by(Channel.name)))


def open_channel(session: Session, user: User, channel_id: int) -> Channel:
    """One of these. Raises NotFound."""
    channel = session.get(Channel, channel_id)
    if channel is None or channel.team_id != user.team_id or channel.closed_at is not None:
        raise NotFound("Your team has no such channel.")
    return channel


def identities_of(session: Session, user: User) -> list[SenderIdentity]:
    """Every address that the user has verified, or begun to, on a channel that is there; by address."""
    query = (
        sa.select(SenderIdentity)
        .join(Channel, Channel.id == SenderIdentity.channel_id)
        .where(SenderIdentity.user_id == user.id, Channel.closed_at.is_(None))
        .order_by(SenderIdentity.address, SenderIdentity.id)
    )
    return list(session.scalars(query))


def identity_of(session: Session, user: User, identity_id: int, *, lock: bool = False) -> SenderIdentity:
    """One of the user's own. Raises NotFound."""
    how = {"of": SenderIdentity} if lock else None
    identity = session.get(SenderIdentity, identity_id, with_for_update=how)
    if identity is None or identity.user_id != user.id:
        raise NotFound("This identity is not there, or it belongs to somebody else.")
    return identity


def what_lacks(session: Session, user: User) -> str:
    """What a user without a mailbox has to do before mail can leave, in words."""
    begun = next((one for one in identities_of(session, user) if one.verified_at is None), None)
    if begun is not None:
        return f"Verify {begun.address} first: under Mailbox, type the code that was mailed to it."
    channels = open_channels(session, user)
    if channels:
        name = channels[0].name
        return f"Verify your address first, under Mailbox: mails leave through “{name}”, as your own address."
    return "Connect a mailbox first: mails leave from your own address."


def _mailboxes(session: Session, ids: Sequence[int] | dict[int, ChannelLine]) -> Sequence[tuple[int, int]]:
    query = (
        sa.select(SenderIdentity.channel_id, sa.func.count())
        .join(Mailbox, Mailbox.identity_id == SenderIdentity.id)
        .where(SenderIdentity.channel_id.in_(ids))
        .group_by(SenderIdentity.channel_id)
    )
    return [(channel_id, number) for channel_id, number in session.execute(query)]
