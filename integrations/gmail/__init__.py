"""Gmail by its API: consent by OAuth 2.0, mails sent by way of drafts, what came read by its history."""

from integrations.gmail.consent import GoogleConsent
from integrations.gmail.delegation import GoogleDelegation
from integrations.gmail.drafts import GmailDrafts, drafts_of
from integrations.gmail.knocks import GmailKnocks
from integrations.gmail.provider import GmailProvider
from integrations.gmail.reader import GmailReader
from integrations.gmail.settings import Settings, settings_of

__all__ = [
    "GmailDrafts",
    "GmailKnocks",
    "GmailProvider",
    "GmailReader",
    "GoogleConsent",
    "GoogleDelegation",
    "Settings",
    "drafts_of",
    "settings_of",
]
