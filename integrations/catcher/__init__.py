"""A real SMTP server on loopback that keeps what it is sent, for the demo and for trying things out."""

from integrations.catcher.server import Catcher, CaughtMail
from integrations.catcher.store import MailStore
from integrations.catcher.threads import StoredMail, Thread

__all__ = ["Catcher", "CaughtMail", "MailStore", "StoredMail", "Thread"]
