"""Trying a channel before it is kept."""

from __future__ import annotations

from sales_campaigns.accounts.channels.keeping import ChannelWish
from sales_campaigns.accounts.channels.models import Channel
from sales_campaigns.errors import Invalid
from web.parts.mailbox_check import Answered, answer_of
from web.request_scope import house


def tried(wish: ChannelWish, secret: str) -> Answered:
    """What the server says of it. Raises Invalid({"": words}) where it does not take us."""
    answered = answer_of(wish.server.account(secret))
    if answered.words:
        raise Invalid({"": answered.words})
    return answered


def secret_of(channel: Channel, wish: ChannelWish, typed: str) -> str:
    """What was typed, else the stored one where it belongs to the same server and user. Raises Invalid."""
    if typed or not channel.sealed_secret:
        return typed
    if not wish.is_of(channel):
        raise Invalid({"password": "Type the password again: server or user name are others now."})
    return house().seal.open(channel.sealed_secret)
