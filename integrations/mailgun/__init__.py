"""Events of the relay Mailgun."""

from integrations.mailgun.events import Events

__all__ = ["Events"]
