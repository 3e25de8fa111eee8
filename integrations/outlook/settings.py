"""What holds for every Outlook mailbox, and what its permissions are called."""

from __future__ import annotations

from dataclasses import dataclass, field

from integrations.calls import Manners
from integrations.outlook.turns import Turns
from sales_campaigns.settings import Settings as Product

DRAFT, SEND, WHO = "Mail.ReadWrite", "Mail.Send", "User.Read"
WANTED = (DRAFT, SEND, WHO)  # msal asks for openid, profile and offline_access by itself

# Beside them: an application's own permission, so that whose mailbox it is stands in every address.
APPLICATION = "application"
EVERYBODY = ("organizations", "common", "consumers")  # what stands for a tenant where there is none alone


@dataclass(frozen=True, slots=True)
class Settings:
    """Addresses without a slash at the end; any server that speaks the protocol can stand in.

    `tenant`: whose accounts may be connected, by the tenant's id or name; `organizations` for those of any.
    """

    client_id: str = ""
    client_secret: str = ""
    tenant: str = "organizations"
    authority_url: str = "https://login.microsoftonline.com"
    graph_url: str = "https://graph.microsoft.com"
    reach_back_days: int = 7
    manners: Manners = field(default_factory=Manners)
    turns: Turns = field(default_factory=Turns, compare=False)


def settings_of(product: Product) -> Settings:
    """As the settings of the product say."""
    return Settings(
        client_id=product.microsoft_client_id,
        client_secret=product.microsoft_client_secret,
        tenant=product.microsoft_tenant,
        authority_url=product.microsoft_authority_url,
        graph_url=product.microsoft_graph_url,
        manners=Manners(ca_bundle=product.ca_bundle or None),
    )


def short(scope: str) -> str:
    """A permission without the address of the service that it is for: both forms are in use."""
    return scope.rpartition("/")[2]


def may_send(scopes: tuple[str, ...]) -> bool:
    """By way of drafts: a mail that is sent without one could not be found again."""
    return {DRAFT, SEND} <= {short(scope) for scope in scopes}


def may_read(scopes: tuple[str, ...]) -> bool:
    return DRAFT in {short(scope) for scope in scopes}
