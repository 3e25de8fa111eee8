"""Calls to addresses that users typed: guarded, one address resolved once."""

from integrations.webhooks.caller import Caller

__all__ = ["Caller"]
