"""How a mailbox can be connected here, and what the way that was taken allows, for its page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.errors import Outside
from web.request_scope import outside


def ways_in(mailbox: Mailbox | None, typed: Mapping[str, Any]) -> dict[str, Any]:
    """Variables of the page: `consents`, the own one first, and `granted` (label, delegated, lacks) or None."""
    own = mailbox.provider if mailbox is not None else ""
    offered = sorted(outside().consents.items(), key=lambda one: one[0] != own)
    named = {name: consent.label for name, consent in offered}
    address = typed.get("consent_address") or typed.get("address", "")
    return {"consents": named, "granted": _granted(mailbox), "consent_address": address}


def _granted(mailbox: Mailbox | None) -> dict[str, Any] | None:
    if mailbox is None or mailbox.grant is None:
        return None
    consent = outside().consents.get(mailbox.provider)
    try:
        lacks = consent.lacking(tuple(mailbox.grant.scopes.split())) if consent else ()
    except Outside as refused:
        lacks = (refused.words,)
    label = consent.label if consent else mailbox.provider.title()
    return {"label": label, "delegated": mailbox.grant.delegated, "lacks": lacks}
