"""Gmail and Outlook as the settings of the product say: how their mailboxes are let into, sent from and read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from integrations import gmail, outlook
from sales_campaigns.ports import Consent, Delegation, Drafts, MailAccount, MailProvider, MailReader
from sales_campaigns.settings import LOOPBACK
from sales_campaigns.settings import Settings as Product


@dataclass(frozen=True, slots=True)
class ByConsent:
    """Everything about mailboxes without a password, by the provider's name."""

    providers: Mapping[str, Callable[[MailAccount], MailProvider]]
    readers: Mapping[str, Callable[[MailAccount], MailReader]]
    drafts: Mapping[str, Callable[[MailAccount], Drafts | None]]
    consents: Mapping[str, Consent] = field(default_factory=dict)
    delegations: Mapping[str, Delegation] = field(default_factory=dict)


def mailboxes_as_set(settings: Product) -> ByConsent:
    """A mailbox that is connected stays reachable whatever the settings offer to others."""
    google, microsoft = gmail.settings_of(settings), outlook.settings_of(settings)
    return ByConsent(
        providers={
            "gmail": lambda account: gmail.GmailProvider(account, google),
            "outlook": lambda account: outlook.OutlookProvider(account, microsoft),
        },
        readers={
            "gmail": lambda account: gmail.GmailReader(account, google),
            "outlook": lambda account: outlook.OutlookReader(account, microsoft),
        },
        drafts={
            "gmail": lambda account: gmail.drafts_of(account, google),
            "outlook": lambda account: outlook.drafts_of(account, microsoft),
        },
        consents=_consents(settings, google, microsoft),
        delegations=_delegations(settings, google, microsoft),
    )


def _delegations(
    settings: Product, google: gmail.Settings, microsoft: outlook.Settings
) -> dict[str, Delegation]:
    """An application of Microsoft's stands for one organisation: without a tenant of one's own there is none."""
    delegations: dict[str, Delegation] = {}
    if _may(settings, google.api_url):
        delegations["gmail"] = gmail.GoogleDelegation(google)
    if microsoft.tenant not in outlook.EVERYBODY and _may(settings, microsoft.graph_url):
        delegations["outlook"] = outlook.MicrosoftDelegation(microsoft)
    return delegations


def _consents(settings: Product, google: gmail.Settings, microsoft: outlook.Settings) -> dict[str, Consent]:
    """Those that the settings know a client of."""
    consents: dict[str, Consent] = {}
    if google.client_id and _may(settings, google.api_url):
        consents["gmail"] = gmail.GoogleConsent(google)
    if microsoft.client_id and _may(settings, microsoft.graph_url):
        consents["outlook"] = outlook.MicrosoftConsent(microsoft)
    return consents


def _may(settings: Product, where: str) -> bool:
    """The rule: mail of the demo stays on this machine, so nothing that leads away from it is connected there."""
    return not settings.demo or urlsplit(where).hostname in LOOPBACK
