"""Mailboxes of a whole organisation by an application of its own, without each rep's consent.

The rule: Graph application permission limited to named mailboxes (spec/5). Which those are, Exchange says; whoever is
not named is refused when the mailbox is asked for, before anything is kept.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from integrations.calls import answered
from integrations.outlook.api import GraphApi
from integrations.outlook.asking import asked_of, hurried
from integrations.outlook.settings import APPLICATION, DRAFT, SEND, Settings
from integrations.outlook.whose import address_in
from sales_campaigns.clock import machine_now
from sales_campaigns.errors import Outside, OutsideKind
from sales_campaigns.ports import Granted, MailAccount, Tokens

NO_KEY = "This is not a key: write the application (client) ID, a space, and the value of its secret."
NOT_NAMED = (
    "Exchange does not let this application into the mailbox: name it in the scope of the application there."
)
OURS = {"MICROSOFT_CLIENT_ID": "The ID in this key", "MICROSOFT_CLIENT_SECRET": "The secret in this key"}
LONGEST = 300  # characters
SCOPES = (DRAFT, SEND, APPLICATION)


class MicrosoftDelegation:
    """The port's Delegation. The key is the id of an application and its secret, with a space between."""

    label = "Outlook"
    asks_for = (
        "Write the application (client) ID and the value of its secret, with a space between: an app registration that "
        "has Mail.ReadWrite and Mail.Send as application permissions, limited to the mailboxes that may be connected."
    )

    def __init__(self, settings: Settings) -> None:
        self._settings = hurried(settings)

    def whose(self, key: str) -> str:
        return f"the application {_parts(key)[0]}"

    def grant(self, key: str, address: str) -> Granted:
        client, secret = _parts(key)
        settings = replace(self._settings, client_id=client, client_secret=secret)
        everything = [f"{settings.graph_url}/.default"]
        try:
            given = asked_of(settings, lambda app: app.acquire_token_for_client(everything))
        except Outside as refused:
            raise Outside(refused.kind, _of_this_key(refused.words), code=refused.code) from refused
        until = machine_now() + timedelta(seconds=int(given.get("expires_in") or 3600))
        granted = Granted(Tokens(str(given["access_token"])), SCOPES, address, until)
        self._look(granted)
        return granted

    def _look(self, granted: Granted) -> None:
        """Whether we are let into this mailbox. Raises Outside (policy) where it is not named."""
        account = MailAccount(
            0, "outlook", granted.address, secret=granted.tokens.access, token=True, scopes=granted.scopes
        )
        api = GraphApi(account, self._settings)
        try:
            answered(lambda: address_in(api))
        except Outside as refused:
            if refused.code in (401, 403, 404):
                words = f"{refused.words} {NOT_NAMED}"
                raise Outside(OutsideKind.POLICY, words, code=refused.code) from refused
            raise
        finally:
            api.close()


def _parts(key: str) -> tuple[str, str]:
    parts = key.split()
    if len(parts) != 2 or len(key) > LONGEST:
        raise Outside(OutsideKind.POLICY, NO_KEY)
    return parts[0], parts[1]


def _of_this_key(words: str) -> str:
    for setting, ours in OURS.items():
        words = words.replace(setting, ours)
    return words
