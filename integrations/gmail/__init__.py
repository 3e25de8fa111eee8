"""Gmail by its API: consent by OAuth 2.0, mails sent by way of drafts, what came read by its history."""

from integrations.gmail.consent import GoogleConsent
from integrations.gmail.delegation import GoogleDelegation
from integrations.gmail.drafts import GmailDrafts
from integrations.gmail.provider import GmailProvider
from integrations.gmail.reader import GmailReader
from integrations.gmail.settings import Settings

__all__ = ["GmailDrafts", "GmailProvider", "GmailReader", "GoogleConsent", "GoogleDelegation", "Settings"]
