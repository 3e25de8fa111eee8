"""Which adapter speaks for a CRM. Settings of the vendors come from the product's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from integrations import hubspot, salesforce
from sales_campaigns.errors import Invalid
from sales_campaigns.ports.crm import Crm, CrmAccount, SignInPage
from sales_campaigns.settings import Settings

Opener = Callable[[CrmAccount], Crm]


class ConnectedCrms:
    """The port's Crms."""

    def __init__(self, salesforce_settings: salesforce.Settings, openers: Mapping[str, Opener]) -> None:
        self._salesforce = salesforce_settings
        self._openers = dict(openers)
        self.vendors: Sequence[str] = tuple(openers)

    def open(self, account: CrmAccount) -> Crm:
        if account.vendor not in self._openers:
            raise Invalid({"vendor": f"“{account.vendor}” is no CRM that is known here."})
        return self._openers[account.vendor](account)

    def sign_in_page(self, account: CrmAccount, back: str, state: str) -> SignInPage:
        self._with_page(account)
        return salesforce.sign_in_page(self._salesforce, account, back, state)

    def signed_in(self, account: CrmAccount, back: str, code: str, verifier: str) -> CrmAccount:
        self._with_page(account)
        return salesforce.signed_in(self._salesforce, account, back, code, verifier)

    def _with_page(self, account: CrmAccount) -> None:
        if account.vendor != "salesforce":
            raise Invalid({"vendor": f"{account.vendor} has no page for signing in; give its token."})


def crms_as_set(settings: Settings) -> ConnectedCrms:
    """Every CRM, at the addresses that the settings say."""
    trusted = settings.ca_bundle or None
    force = salesforce.Settings(settings.salesforce_login_url, settings.salesforce_api_version, trusted)
    spot = hubspot.Settings(settings.hubspot_api_url, trusted)
    return ConnectedCrms(
        force,
        {
            "salesforce": lambda account: salesforce.Salesforce(account, force),
            "hubspot": lambda account: hubspot.HubSpot(account, spot),
        },
    )
