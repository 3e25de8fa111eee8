"""Whose mailbox it is that we were let into, in Microsoft's own words."""

from __future__ import annotations

from integrations.outlook.answers import NO_MAILBOX
from integrations.outlook.api import GraphApi
from sales_campaigns.errors import Outside, OutsideKind


def address_in(api: GraphApi) -> str:
    """Lower case. A sign-in name may be another than the address, so it stands in where there is no address alone.

    Raises Outside (policy) for an account without a mailbox: it may sign in all the same.
    """
    if api.by_application:  # it may not look into the directory, and is let into this very mailbox or is not
        api.get("/me/mailFolders/inbox", {"$select": "id"})
        return api.address.lower()
    told = api.get("/me", {"$select": "mail,userPrincipalName"})
    api.get("/me/mailFolders/inbox", {"$select": "id"})
    address = told.get("mail") or told.get("userPrincipalName")
    if not address:
        raise Outside(OutsideKind.POLICY, NO_MAILBOX)
    return str(address).lower()
