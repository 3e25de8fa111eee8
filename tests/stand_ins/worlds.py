"""The outside as the product connects it, with stand-ins at the ends of its wires."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from integrations.calls import Manners
from integrations.directory import Providers, outside_as_set
from integrations.gmail import Settings as GmailSettings
from sales_campaigns.ports import MailAccount, OutsideWorld
from sales_campaigns.settings import Settings
from tests.stand_ins.google import CLIENT, SECRET, Google

SCOPES = ("https://www.googleapis.com/auth/gmail.compose", "https://www.googleapis.com/auth/gmail.readonly")
SEND_ONLY = ("https://www.googleapis.com/auth/gmail.send",)


def settings_with(google: Google, data_dir: Path = Path("var")) -> Settings:
    return Settings(
        secret_key="only for the tests, and long enough",
        data_dir=data_dir,
        google_client_id=CLIENT,
        google_client_secret=SECRET,
        google_accounts_url=google.address,
        google_token_url=f"{google.address}/token",
        gmail_api_url=google.address,
    )


@contextmanager
def world_with(google: Google) -> Iterator[OutsideWorld]:
    world = outside_as_set(settings_with(google))
    yield world
    assert isinstance(world.mail, Providers)
    world.mail.close_all()


def gmail_settings(google: Google, **other: object) -> GmailSettings:
    """Waits are short: a test that lets an answer be lost should not wait for it."""
    return GmailSettings(
        client_id=CLIENT,
        client_secret=SECRET,
        accounts_url=google.address,
        token_url=f"{google.address}/token",
        api_url=google.address,
        manners=Manners(connect_seconds=2, answer_seconds=2),
        **other,  # type: ignore[arg-type]
    )


def gmail_account(google: Google, address: str = "ana@ana.example", *scopes: str) -> MailAccount:
    granted = scopes or SCOPES
    token = google.token_of(address, *granted)
    return MailAccount(1, "gmail", address, secret=token, token=True, scopes=granted)
