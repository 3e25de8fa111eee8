"""A connection as the port wants it: tokens opened, and new ones kept in a transaction of their own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial

from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.crm.models import CrmConnection, CrmUser
from sales_campaigns.ports.crm import CrmAccount
from sales_campaigns.unit_of_work import UnitOfWork

Keep = Callable[[int, int, Mapping[str, str]], None]  # connection, user (0: the connection's own), new secret

# Our names of fields → those that the guide has the administrator make in Salesforce; "" is not written.
USUAL_NAMES = {
    "salesforce": {
        "external_id": "Sales_Campaigns_Id__c",
        "campaign": "",
        "day": "",
        "step": "",
        "kind": "Type",
        "outcome": "CallDisposition",
        "reason": "",
        "opt_out": "HasOptedOutOfEmail",
    },
    "hubspot": {"external_id": "sales_campaigns_id", "campaign": "", "day": "", "step": "", "opt_out": ""},
}


def account_of(
    connection: CrmConnection, seal: Seal, keep: Keep | None = None, user: CrmUser | None = None
) -> CrmAccount:
    """As the connection's own user, or as one of ours who has signed in there."""
    sealed = user.secret if user is not None and user.secret else connection.secret
    speaker = user.user_id if user is not None and user.secret else 0
    return CrmAccount(
        connection.id,
        connection.vendor,
        connection.instance_url,
        opened(seal, sealed),
        {**USUAL_NAMES.get(connection.vendor, {}), **connection.names},
        partial(keep, connection.id, speaker) if keep is not None else None,
    )


def opened(seal: Seal, sealed: str) -> dict[str, str]:
    return dict(json.loads(seal.open(sealed) or "{}"))


def closed(seal: Seal, secret: Mapping[str, str]) -> str:
    return seal.close(json.dumps(dict(secret)))


def keep_secret(
    uow: UnitOfWork, seal: Seal, connection_id: int, user_id: int, secret: Mapping[str, str]
) -> None:
    """What the CRM handed out anew: a token that it rotates is good for one use."""
    if user_id:
        row = uow.session.get(CrmUser, (connection_id, user_id), with_for_update=True)
        if row is not None:
            row.secret = closed(seal, secret)
        return
    connection = uow.session.get_one(CrmConnection, connection_id, with_for_update=True)
    connection.secret = closed(seal, secret)
    connection.instance_url = secret.get("instance_url", "") or connection.instance_url
