"""The adapters of every CRM, whose addresses all lead to one place."""

from __future__ import annotations

from integrations.crms import ConnectedCrms, crms_as_set
from sales_campaigns.settings import Settings

NOWHERE = "http://127.0.0.1:9"  # the discard port: nobody listens


def crms_at(url: str = NOWHERE) -> ConnectedCrms:
    return crms_as_set(
        Settings(
            secret_key="only for the tests, and long enough",
            salesforce_login_url=url,
            salesforce_api_version="62.0",
            hubspot_api_url=url,
        )
    )
