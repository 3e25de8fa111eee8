"""The outside as the product connects it, with stand-ins at the ends of its wires."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from integrations.calls import Manners
from integrations.directory import Providers, outside_as_set
from integrations.gmail import Settings as GmailSettings
from integrations.outlook import Settings as OutlookSettings
from sales_campaigns.ports import MailAccount, OutsideWorld
from sales_campaigns.settings import Settings
from tests.stand_ins import microsoft as entra
from tests.stand_ins.google import CLIENT, SECRET, Google
from tests.stand_ins.google_oauth import SERVICE
from tests.stand_ins.microsoft import Microsoft

SCOPES = ("https://www.googleapis.com/auth/gmail.compose", "https://www.googleapis.com/auth/gmail.readonly")
SEND_ONLY = ("https://www.googleapis.com/auth/gmail.send",)


Vendor = Google | Microsoft


def settings_with(vendor: Vendor, data_dir: Path = Path("var")) -> Settings:
    return Settings(
        secret_key="only for the tests, and long enough", data_dir=data_dir, **settings_of(vendor)
    )


def settings_of(vendor: Vendor) -> dict[str, Any]:
    """Those that lead to this stand-in, by their names."""
    return _google_ends(vendor) if isinstance(vendor, Google) else _microsoft_ends(vendor)


def _google_ends(google: Google) -> dict[str, Any]:
    return {
        "google_client_id": CLIENT,
        "google_client_secret": SECRET,
        "google_accounts_url": google.address,
        "google_token_url": f"{google.address}/token",
        "google_revoke_url": f"{google.address}/revoke",
        "gmail_api_url": google.address,
    }


def _microsoft_ends(microsoft: Microsoft) -> dict[str, Any]:
    return {
        "microsoft_client_id": entra.CLIENT,
        "microsoft_client_secret": entra.SECRET,
        "microsoft_authority_url": microsoft.address,
        "microsoft_graph_url": microsoft.address,
        "ca_bundle": microsoft.bundle,
    }


@contextmanager
def world_with(vendor: Vendor) -> Iterator[OutsideWorld]:
    world = outside_as_set(settings_with(vendor))
    yield world
    assert isinstance(world.mail, Providers)
    world.mail.close_all()


@cache
def service_key() -> str:
    """The JSON file of a service account, as Google gives it."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    told = {"type": "service_account", "client_email": SERVICE, "private_key_id": "1"}
    return json.dumps({**told, "private_key": private.private_bytes(*form).decode()})


def gmail_settings(google: Google, **other: object) -> GmailSettings:
    """Waits are short: a test that lets an answer be lost should not wait for it."""
    return GmailSettings(
        client_id=CLIENT,
        client_secret=SECRET,
        accounts_url=google.address,
        token_url=f"{google.address}/token",
        revoke_url=f"{google.address}/revoke",
        api_url=google.address,
        manners=Manners(connect_seconds=2, answer_seconds=2),
        **other,  # type: ignore[arg-type]
    )


def gmail_account(google: Google, address: str = "ana@ana.example", *scopes: str) -> MailAccount:
    granted = scopes or SCOPES
    token = google.token_of(address, *granted)
    return MailAccount(1, "gmail", address, secret=token, token=True, scopes=granted)


def outlook_settings(microsoft: Microsoft, **other: Any) -> OutlookSettings:
    """Waits are short here as well."""
    known: dict[str, Any] = {
        "client_id": entra.CLIENT,
        "client_secret": entra.SECRET,
        "authority_url": microsoft.address,
        "graph_url": microsoft.address,
        "manners": Manners(ca_bundle=microsoft.bundle, connect_seconds=2, answer_seconds=2),
    }
    return OutlookSettings(**(known | other))


def outlook_account(microsoft: Microsoft, address: str = "ana@ana.example", *scopes: str) -> MailAccount:
    granted = scopes or entra.SCOPES
    token = microsoft.token_of(address, *granted)
    return MailAccount(1, "outlook", address, secret=token, token=True, scopes=granted)
