"""Asking name servers (RFC 1035)."""

from integrations.dns.asking import Names

__all__ = ["Names"]
