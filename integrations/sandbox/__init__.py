"""The outside without a network: takes mails, keeps them, and answers as a script says. Nothing leaves."""

from integrations.sandbox.mailbox import SandboxMail, SandboxProvider, silent

__all__ = ["SandboxMail", "SandboxProvider", "silent"]
