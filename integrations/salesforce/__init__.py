"""Salesforce over its REST API: tasks, people and opt-outs, as the port of a CRM wants them."""

from integrations.salesforce.crm import Salesforce
from integrations.salesforce.signing_in import Settings, sign_in_page, signed_in

__all__ = ["Salesforce", "Settings", "sign_in_page", "signed_in"]
