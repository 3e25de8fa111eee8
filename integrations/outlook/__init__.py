"""Outlook by Microsoft Graph: consent by msal, mails sent by way of drafts, what came read by delta."""

from integrations.outlook.consent import MicrosoftConsent
from integrations.outlook.delegation import MicrosoftDelegation
from integrations.outlook.drafts import OutlookDrafts, drafts_of
from integrations.outlook.provider import OutlookProvider
from integrations.outlook.reader import OutlookReader
from integrations.outlook.settings import EVERYBODY, Settings, settings_of

__all__ = [
    "EVERYBODY",
    "MicrosoftConsent",
    "MicrosoftDelegation",
    "OutlookDrafts",
    "OutlookProvider",
    "OutlookReader",
    "Settings",
    "drafts_of",
    "settings_of",
]
