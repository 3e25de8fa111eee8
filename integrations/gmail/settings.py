"""What holds for every Gmail mailbox, and what its permissions are called."""

from __future__ import annotations

from dataclasses import dataclass, field

from integrations.calls import Manners
from sales_campaigns.settings import Settings as Product

API = "https://www.googleapis.com/auth/"
COMPOSE, READ, SEND = f"{API}gmail.compose", f"{API}gmail.readonly", f"{API}gmail.send"
FULL = "https://mail.google.com/"
WANTED = ("openid", "email", COMPOSE, READ)


@dataclass(frozen=True, slots=True)
class Settings:
    """Addresses without a slash at the end; any server that speaks the protocol can stand in."""

    client_id: str = ""
    client_secret: str = ""
    accounts_url: str = "https://accounts.google.com"
    token_url: str = "https://oauth2.googleapis.com/token"  # noqa: S105  an address
    revoke_url: str = "https://oauth2.googleapis.com/revoke"
    api_url: str = "https://gmail.googleapis.com"
    web_url: str = "https://mail.google.com"
    reach_back_days: int = 7
    manners: Manners = field(default_factory=Manners)


def settings_of(product: Product) -> Settings:
    """As the settings of the product say."""
    return Settings(
        client_id=product.google_client_id,
        client_secret=product.google_client_secret,
        accounts_url=product.google_accounts_url,
        token_url=product.google_token_url,
        revoke_url=product.google_revoke_url,
        api_url=product.gmail_api_url,
        web_url=product.gmail_web_url,
        manners=Manners(ca_bundle=product.ca_bundle or None),
    )


def may_draft(scopes: tuple[str, ...]) -> bool:
    return COMPOSE in scopes or FULL in scopes


def may_read(scopes: tuple[str, ...]) -> bool:
    return READ in scopes or FULL in scopes


def may_send(scopes: tuple[str, ...]) -> bool:
    return SEND in scopes or may_draft(scopes)
