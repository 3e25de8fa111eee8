"""HubSpot over its REST API with the token of a private app: tasks, contacts and opt-outs."""

from integrations.hubspot.calls import Settings
from integrations.hubspot.crm import HubSpot

__all__ = ["HubSpot", "Settings"]
