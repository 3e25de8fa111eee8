"""Channels: relays of a team, through which its reps send; added, checked, taken away."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from sales_campaigns.absence.going_through import channel_works
from sales_campaigns.accounts.channels.keeping import add_channel, change_channel, channel_typed, take_away
from sales_campaigns.accounts.channels.models import SenderIdentity
from sales_campaigns.accounts.channels.reading import ChannelLine, channel_lines, channel_of
from sales_campaigns.accounts.reaching import channel_account
from sales_campaigns.accounts.roles import require
from sales_campaigns.api_access.scopes import Scope
from sales_campaigns.errors import NotFound, Outside, OutsideKind
from web.api.protocol.operations import Area
from web.api.protocol.shapes import Asked, Done, Line, Shown
from web.parts.channel_checks import secret_of, tried
from web.parts.mailbox_check import answer_of
from web.request_scope import house, me, work

api = Area("mailboxes", "", Scope.ADMIN)
EXAMPLE = {
    "name": "Office relay",
    "address": "relay@example.com",
    "host": "127.0.0.1",
    "port": 25,
    "security": "none",
}


class ChannelTyped(Asked):
    """The password is never given back; left empty in a change it stays, where server and user stay."""

    name: Line
    address: Line = Field(description="From which codes and checks leave.")
    host: Line
    port: int = Field(587, ge=1, le=65535)
    security: Literal["tls", "starttls", "none"] = "starttls"
    username: Line = ""
    password: Line = ""
    per_minute: int | None = Field(None, ge=1, le=1_000_000)
    per_day: int | None = Field(None, ge=1, le=1_000_000)

    def typed(self) -> dict[str, str]:
        kept = self.model_dump(exclude={"password"}, exclude_none=True)
        return {name: str(value) for name, value in kept.items()}


class IdentityOfUser(Shown):
    id: int
    user_id: int
    address: str
    verified_at: AwareDatetime | None


class ChannelShown(Shown):
    id: int
    team_id: int
    name: str
    address: str
    host: str
    port: int
    security: str
    username: str
    per_minute: int | None
    per_day: int | None
    trouble: str
    lost_at: AwareDatetime | None
    closed_at: AwareDatetime | None
    mailboxes: int = Field(description="How many send through it.")
    identities: list[IdentityOfUser]


class ChannelsShown(Shown):
    channels: list[ChannelShown]


@api.get("/channels")
def list_channels() -> ChannelsShown:
    """Those of your team; for administrators of the installation all."""
    return ChannelsShown(channels=[_shown(line) for line in channel_lines(work().session, me())])


@api.post("/channels", status=201, outside=True, example=EXAMPLE)
def create_channel(body: ChannelTyped) -> ChannelShown:
    """Tried first: it is kept only when the server takes the sign-in."""
    require(me(), "manage_team")
    wish = channel_typed(body.typed())
    answered = tried(wish, body.password)
    channel = add_channel(work(), me(), wish, house().seal.close(body.password))
    channel_works(work(), me(), channel.id, answered.largest_mail)
    return get_channel(channel.id)


@api.get("/channels/<int:channel_id>")
def get_channel(channel_id: int) -> ChannelShown:
    """One of them, with who may send as whom through it."""
    work().session.flush()
    channel = channel_of(work().session, me(), channel_id)
    for line in channel_lines(work().session, me()):
        if line.channel.id == channel.id:
            return _shown(line)
    raise NotFound


@api.put("/channels/<int:channel_id>", outside=True, example=EXAMPLE)
def change_channel_of_team(channel_id: int, body: ChannelTyped) -> ChannelShown:
    """Tried first; identities stay verified."""
    wish = channel_typed(body.typed())
    secret = secret_of(channel_of(work().session, me(), channel_id), wish, body.password)
    answered = tried(wish, secret)
    change_channel(work(), me(), channel_id, wish, house().seal.close(secret))
    channel_works(work(), me(), channel_id, answered.largest_mail)
    return get_channel(channel_id)


@api.post("/channels/<int:channel_id>/check", outside=True)
def check_channel(channel_id: int) -> Done:
    """Ask the server with what is stored; a lost channel sends again. `count` is how many people get new dates."""
    answered = answer_of(channel_account(channel_of(work().session, me(), channel_id), house().seal))
    if answered.words:
        raise Outside(OutsideKind.AUTHORISATION, answered.words)
    _, people = channel_works(work(), me(), channel_id, answered.largest_mail)
    return Done(words="The server took the sign-in. Mail can leave.", count=people)


@api.post("/channels/<int:channel_id>/take-away")
def take_channel_away(channel_id: int) -> Done:
    """Nothing leaves through it any more. `count` is how many mailboxes wait."""
    return Done(words="Taken away.", count=take_away(work(), me(), channel_id))


def _shown(line: ChannelLine) -> ChannelShown:
    beside = {"mailboxes", "identities"}
    kept = {name: getattr(line.channel, name) for name in ChannelShown.model_fields if name not in beside}
    return ChannelShown(**kept, mailboxes=line.mailboxes, identities=[_as(one) for one in line.identities])


def _as(one: SenderIdentity) -> IdentityOfUser:
    return IdentityOfUser.model_validate(one)
