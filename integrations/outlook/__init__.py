"""Outlook by Microsoft Graph: consent by msal, mails sent by way of drafts, what came read by delta."""

from integrations.outlook.consent import MicrosoftConsent
from integrations.outlook.drafts import OutlookDrafts, drafts_of
from integrations.outlook.provider import OutlookProvider
from integrations.outlook.reader import OutlookReader
from integrations.outlook.settings import Settings, settings_of

__all__ = [
    "MicrosoftConsent",
    "OutlookDrafts",
    "OutlookProvider",
    "OutlookReader",
    "Settings",
    "drafts_of",
    "settings_of",
]
