"""A channel and its identities, for tests."""

from __future__ import annotations

from typing import Any

from sales_campaigns.absence.going_through import send_through
from sales_campaigns.accounts.channels.keeping import add_channel, channel_typed
from sales_campaigns.accounts.channels.models import Channel, SenderIdentity
from sales_campaigns.accounts.channels.verifying import ask_code, confirm_code
from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.unit_of_work import UnitOfWork

RELAY = {"name": "Office relay", "address": "relay@north.example", "host": "127.0.0.1", "security": "none"}


def a_channel(uow: UnitOfWork, admin: User, port: int = 9, **typed: Any) -> Channel:
    """A channel of the administrator's team, at this port of this machine."""
    wish = channel_typed({**RELAY, "port": str(port), **{name: str(value) for name, value in typed.items()}})
    return add_channel(uow, admin, wish, "")


def verified(uow: UnitOfWork, user: User, channel: Channel, address: str = "") -> SenderIdentity:
    """As if the mailed code had been typed."""
    identity, code = ask_code(uow, user, channel.id, address or user.email)
    return confirm_code(uow, user, identity.id, code)


def sends_through(uow: UnitOfWork, user: User, channel: Channel, address: str = "") -> Mailbox:
    """The user's mailbox, which sends through the channel from now on."""
    return send_through(uow, user, verified(uow, user, channel, address).id)
