"""Channels of a team, kept by its administrators: add, change, take away. Use them again: `absence.going_through`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from sales_campaigns.accounts.channels.models import Channel
from sales_campaigns.accounts.channels.reading import channel_of
from sales_campaigns.accounts.channels.sharing import boxes_of
from sales_campaigns.accounts.losing import lose
from sales_campaigns.accounts.mailboxes import MOST_A_MINUTE, MailboxSettings, settings_typed
from sales_campaigns.accounts.models import MailboxState, Team, User
from sales_campaigns.accounts.roles import require
from sales_campaigns.errors import IllegalMove, Invalid
from sales_campaigns.unit_of_work import UnitOfWork

MOST_A_DAY = 1_000_000
LONGEST_NAME = 80
TAKEN_AWAY = "“{name}” was taken away. Choose another way to send, or ask an administrator of your team."
_LIMITS = {"per_minute": MOST_A_MINUTE, "per_day": MOST_A_DAY}


@dataclass(frozen=True, slots=True)
class ChannelWish:
    """A channel as typed and checked. Limits bind all who send through it together; None: as its server takes."""

    name: str
    server: MailboxSettings
    per_minute: int | None
    per_day: int | None

    def is_of(self, channel: Channel) -> bool:
        """Whether the stored password belongs to these settings: it is never sent to another server."""
        known = (channel.host, channel.port, channel.security, channel.username)
        return known == (self.server.host, self.server.port, self.server.security, self.server.username)


def channel_typed(typed: Mapping[str, str]) -> ChannelWish:
    """From `name`, `address`, `host`, `port`, `security`, `username` and the limits. Raises Invalid by field."""
    problems: dict[str, str] = {}
    name, server = " ".join(typed.get("name", "").split()), None
    try:
        server = settings_typed(typed)
    except Invalid as refusal:
        problems |= refusal.problems
    if not 0 < len(name) <= LONGEST_NAME:
        problems["name"] = f"Write a name of at most {LONGEST_NAME} characters, such as Office relay."
    limits = {field: _limit(typed.get(field, "").strip(), field, problems) for field in _LIMITS}
    if problems or server is None:
        raise Invalid(problems)
    return ChannelWish(name, server, **limits)


def _limit(typed: str, field: str, problems: dict[str, str]) -> int | None:
    if not typed:
        return None
    if typed.isdecimal() and len(typed) < 8 and 1 <= int(typed) <= _LIMITS[field]:
        return int(typed)
    problems[field] = f"Write a number from 1 to {_LIMITS[field]:,}, or nothing."
    return None


def add_channel(uow: UnitOfWork, actor: User, wish: ChannelWish, sealed_secret: str) -> Channel:
    """Keep what was tried with success, for the actor's team. Raises NotAllowed, Invalid for a name that is taken."""
    require(actor, "manage_team")
    _only_name(uow, actor.team_id, wish.name)
    channel = Channel(team_id=actor.team_id, author_id=actor.id, added_at=uow.now)
    channel.team = uow.session.get_one(Team, actor.team_id)
    _write(channel, wish, sealed_secret)
    uow.session.add(channel)
    uow.session.flush()
    _record(uow, actor, "channel.added", channel)
    return channel


def change_channel(
    uow: UnitOfWork, actor: User, channel_id: int, wish: ChannelWish, sealed_secret: str
) -> Channel:
    """The same for one that is there; identities stay verified. Raises NotFound, NotAllowed, Invalid."""
    channel = channel_of(uow.session, actor, channel_id)
    _only_name(uow, channel.team_id, wish.name, channel.id)
    _write(channel, wish, sealed_secret)
    _record(uow, actor, "channel.changed", channel)
    return channel


def take_away(uow: UnitOfWork, actor: User, channel_id: int) -> int:
    """Nothing leaves through it any more; its reps hear of it, and what waits is held. How many mailboxes that are.

    Raises NotFound, NotAllowed, IllegalMove for one that was taken away before.
    """
    channel = channel_of(uow.session, actor, channel_id)
    if channel.closed_at is not None:
        raise IllegalMove(f"“{channel.name}” was taken away before.")
    channel.closed_at = uow.now
    boxes = boxes_of(uow.session, channel)
    for box in boxes:
        lose(uow, box, MailboxState.NEEDS_RECONNECT, TAKEN_AWAY.format(name=channel.name))
    _record(uow, actor, "channel.taken_away", channel, mailboxes=len(boxes))
    return len(boxes)


def _write(channel: Channel, wish: ChannelWish, sealed_secret: str) -> None:
    server = wish.server
    channel.name, channel.address, channel.sealed_secret = wish.name, server.address, sealed_secret
    channel.host, channel.port = server.host, server.port
    channel.security, channel.username = server.security, server.username
    channel.per_minute, channel.per_day = wish.per_minute, wish.per_day


def _only_name(uow: UnitOfWork, team_id: int, name: str, besides: int = 0) -> None:
    same = (Channel.team_id == team_id, sa.func.lower(Channel.name) == name.lower(), Channel.id != besides)
    if uow.session.scalar(sa.select(Channel.id).where(*same)):
        raise Invalid({"name": "Your team has a channel of this name already."})


def _record(uow: UnitOfWork, actor: User, kind: str, channel: Channel, **data: object) -> None:
    told = {"channel": channel.id, "name": channel.name, **data}
    uow.record(kind, actor_id=actor.id, team_id=channel.team_id, data=told)
