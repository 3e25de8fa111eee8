"""Mailboxes for all: the key of an organisation, and whose mailboxes it connects."""

from __future__ import annotations

from pydantic import Field

from sales_campaigns.accounts.authorising.delegating import hanging_on, keys_of, lay_down, take_away
from sales_campaigns.accounts.roles import require
from sales_campaigns.api_access.scopes import Scope
from web.api.protocol.operations import Area
from web.api.protocol.shapes import Asked, Done, Ids, Shown
from web.parts.delegating import connect_users, delegation_named
from web.request_scope import house, me, outside, work

api = Area("mailboxes", "", Scope.ADMIN)


class KeyTyped(Asked):
    key: str = Field(min_length=1, max_length=20_000, description="As the provider gave it. Kept sealed.")


class Users(Asked):
    users: Ids


class DelegationShown(Shown):
    provider: str
    label: str
    whose: str = Field(description="Whose key is kept; empty for none.")
    mailboxes: int = Field(description="How many hang on it.")


class DelegationsShown(Shown):
    delegations: list[DelegationShown]


class Connected(Shown):
    connected: int
    refused: dict[str, str] = Field(description="Address → why not.")


@api.get("/delegations")
def list_delegations() -> DelegationsShown:
    """The providers whose mailboxes one key can connect."""
    require(me(), "manage_installation")
    session = work().session
    keys = keys_of(session)
    return DelegationsShown(
        delegations=[
            DelegationShown(
                provider=name,
                label=one.label,
                whose=keys[name].whose if name in keys else "",
                mailboxes=hanging_on(session, name),
            )
            for name, one in outside().delegations.items()
        ]
    )


@api.put("/delegations/<provider>/key", example={"key": "{}"})
def keep_delegation_key(provider: str, body: KeyTyped) -> Done:
    """Keep it instead of the former one. Nobody is connected by it yet."""
    require(me(), "manage_installation")
    row = lay_down(work(), me(), provider, delegation_named(provider), body.key, house().seal)
    return Done(words=f"The key of {row.whose} is kept.")


@api.delete("/delegations/<provider>/key", status=200)
def take_delegation_key_away(provider: str) -> Done:
    """`count` is how many mailboxes wait within the hour."""
    require(me(), "manage_installation")
    number, whose = hanging_on(work().session, provider), take_away(work(), me(), provider)
    return Done(words=f"The key of {whose} is gone.", count=number)


@api.post("/delegations/<provider>/connect", outside=True, example={"users": [1]})
def connect_mailboxes_of_users(provider: str, body: Users) -> Connected:
    """One after the other; what fails is told by address."""
    require(me(), "manage_installation")
    done, refused = connect_users(provider, body.users)
    return Connected(connected=done, refused=refused)
