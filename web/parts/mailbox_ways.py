"""How a mailbox can be connected here, and what the way that was taken allows, for its page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from sales_campaigns.accounts.mailboxes import BY_CONSENT
from sales_campaigns.accounts.models import Mailbox
from sales_campaigns.clock import machine_now
from sales_campaigns.errors import Outside
from sales_campaigns.messages.inboxes.watches import tells_by_itself, watch_of
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.pace.pacing import REASONS
from sales_campaigns.messages.pace.pacing import limits_of as limits_of_provider
from sales_campaigns.messages.stops.reasons import waiting_mails
from web.request_scope import outside, work


def ways_in(mailbox: Mailbox | None, typed: Mapping[str, Any]) -> dict[str, Any]:
    """Variables of the page. `consents`: the own one first. `granted`: label, delegated, lacks, differs, `takes` (how
    much, in words), `waiting` (how many mails) and, where it should say by itself that something came, `at_once` and
    `untold` (why it does not), or None. `ended`: the label of the provider whose permission is not there any more, ""
    for none.
    """
    own = mailbox.provider if mailbox is not None else ""
    offered = sorted(outside().consents.items(), key=lambda one: one[0] != own)
    named = {name: consent.label for name, consent in offered}
    ended = mailbox is not None and own in BY_CONSENT and mailbox.grant is None
    former = mailbox.address if mailbox is not None and ended else ""
    address = typed.get("consent_address") or former or typed.get("address", "")
    known = {"consents": named, "granted": _granted(mailbox), "consent_address": address}
    return {**known, "ended": named.get(own, own.title()) if ended else ""}


def _granted(mailbox: Mailbox | None) -> dict[str, Any] | None:
    if mailbox is None or mailbox.grant is None:
        return None
    consent = outside().consents.get(mailbox.provider)
    try:
        lacks = consent.lacking(tuple(mailbox.grant.scopes.split())) if consent else ()
    except Outside as refused:
        lacks = (refused.words,)
    label = consent.label if consent else mailbox.provider.title()
    mine = (Message.mailbox_id == mailbox.id,) if mailbox.identity_id is None else (sa.false(),)
    waiting = waiting_mails(work().session, *mine)
    known = {"label": label, "delegated": mailbox.grant.delegated, "waiting": waiting, "lacks": lacks}
    differs, takes = consent.differs if consent else (), f"{label} takes {_much(mailbox.provider)}"
    return {**known, **_told(mailbox), "differs": differs, "takes": takes}


def _told(mailbox: Mailbox) -> dict[str, Any]:
    knocks, watch = outside().knocks, watch_of(work().session, mailbox)
    if knocks is None or knocks.provider != mailbox.provider or watch is None:
        return {"at_once": False, "untold": ""}
    at_once = tells_by_itself(work().session, mailbox.id, machine_now())
    return {"at_once": at_once, "untold": watch.trouble}


def _much(provider: str) -> str:
    """How many mails, and why so many."""
    minute, day = (limit.most for limit in limits_of_provider(provider, None))
    return f"{minute:,} mails a minute and {day:,} in 24 hours. {REASONS[provider]}"
