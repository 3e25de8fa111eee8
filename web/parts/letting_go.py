"""Disconnecting a mailbox by consent: forgotten here first, then given back where its provider takes that."""

from __future__ import annotations

from sales_campaigns.absence.disconnecting import Ended, disconnect
from sales_campaigns.accounts.models import User
from sales_campaigns.errors import Outside
from web.request_scope import give_up, house, outside, writing

WAITS = "is disconnected, and mail from it waits."
SENDS_ON = "is disconnected. Mail leaves through the channel as before; replies are not read."
BY_KEY = "The key of the organisation opens it again when an administrator connects it."
GIVEN_BACK = "{label} has the permission back."
TAKE_IT_AWAY = "{label} takes no permission back from us: take it away in your account there."
NOT_TAKEN = "{label} did not take the permission back: take it away in your account there."


def let_go(actor: User, mailbox_id: int) -> str:
    """What became of it, in words. The request's unit of work ends here: nobody waits while a provider does not answer.

    Raises NotFound, NotAllowed.
    """
    give_up()
    with writing() as uow:
        ended = disconnect(uow, actor, mailbox_id, house().seal)
    return f"{ended.address} {SENDS_ON if ended.sends_on else WAITS} {given_back(ended)}"


def given_back(ended: Ended) -> str:
    """Ask its provider to end the permission; it is forgotten here whatever comes back. In words, with what to do."""
    consent = outside().consents.get(ended.provider)
    label = consent.label if consent is not None else ended.provider.title()
    if not ended.refresh:
        return BY_KEY
    try:
        taken = consent is not None and consent.revoke(ended.refresh)
    except Outside:
        return NOT_TAKEN.format(label=label)
    return (GIVEN_BACK if taken else TAKE_IT_AWAY).format(label=label)
