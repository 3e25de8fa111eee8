"""Connecting the mailboxes of many users by the key of their organisation."""

from __future__ import annotations

from collections.abc import Sequence

from sales_campaigns.absence.reconnecting import consented_and_go_on
from sales_campaigns.accounts.authorising.delegating import key_of
from sales_campaigns.accounts.listing import user_of
from sales_campaigns.accounts.mailboxes import mailbox_of
from sales_campaigns.accounts.models import User
from sales_campaigns.errors import Invalid, NotFound, Outside
from sales_campaigns.ports import Delegation
from web.request_scope import give_up, house, me, outside, work, writing


def connect_users(provider: str, user_ids: Sequence[int]) -> tuple[int, dict[str, str]]:
    """How many are connected, and why others (by their address) are not.

    One after the other, with no transaction open while the provider is asked. Raises NotFound.
    """
    delegation, key = delegation_named(provider), key_of(work().session, me(), provider, house().seal)
    chosen = [user_of(work().session, me(), id) for id in user_ids]
    addresses = {user.id: _address_of(user) for user in chosen}
    give_up()
    refused = {
        address: words
        for id, address in addresses.items()
        if (words := _connected(provider, delegation, key, id, address))
    }
    return len(addresses) - len(refused), refused


def delegation_named(provider: str) -> Delegation:
    delegation = outside().delegations.get(provider)
    if delegation is None:
        raise NotFound("This provider is not set up here.")
    return delegation


def _connected(provider: str, delegation: Delegation, key: str, user_id: int, address: str) -> str:
    """Why not; "" where it is."""
    try:
        granted = delegation.grant(key, address)
        with writing() as uow:
            owner = user_of(uow.session, me(), user_id)
            how = {"reads": True, "delegated": True}
            consented_and_go_on(uow, me(), owner, provider, granted, house().seal, **how)
    except (Outside, Invalid) as refused:
        return refused.words.removeprefix("address: ")
    return ""


def _address_of(user: User) -> str:
    """The one that the user writes from already, else the one of the sign-in."""
    box = mailbox_of(work().session, user)
    return box.address if box else user.email
