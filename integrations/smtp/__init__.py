"""Mail by SMTP: RFC 5321 with pipelining (RFC 2920), TLS, AUTH, SIZE, 8BITMIME, SMTPUTF8 and DSN."""

from integrations.smtp.opening import Settings
from integrations.smtp.provider import SmtpProvider

__all__ = ["Settings", "SmtpProvider"]
