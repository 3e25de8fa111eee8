"""Channels as pages show them: what a rep may choose from, and the mail with a code on its way."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from sales_campaigns.accounts.channels.models import identity_behind
from sales_campaigns.accounts.channels.reading import identities_of, open_channels
from sales_campaigns.accounts.channels.verifying import ask_code
from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.accounts.reaching import channel_account
from sales_campaigns.errors import Invalid, Outside
from sales_campaigns.notices.code_letters import code_letter
from web.request_scope import give_up, house, me, outside, work, writing


def channel_ways(mailbox: Mailbox | None) -> dict[str, Any]:
    """Variables of the mailbox page: `channels` (and as options), `identities`, and `sends_as`, the one in use."""
    session, user = work().session, me()
    channels = open_channels(session, user)
    return {
        "channels": channels,
        "options_of_channels": [(str(channel.id), channel.name) for channel in channels],
        "identities": identities_of(session, user),
        "sends_as": identity_behind(mailbox) if mailbox is not None else None,
    }


def mail_code(user: User, channel_id: int, address: str) -> str:
    """Mail a code, once it is kept, with no transaction open meanwhile; the address. Raises Invalid, NotFound."""
    give_up()
    with writing() as uow:
        identity, code = ask_code(uow, user, channel_id, address)
        mail = code_letter(uow, user, identity, code)
        account, name = channel_account(identity.channel, house().seal), identity.channel.name
    try:
        with closing(outside().mail.open(account)) as provider:
            answers = list(provider.hand_over([mail]))
    except Outside as error:
        raise Invalid({"identity": _not_mailed(name, error)}) from None
    refused = answers[0].refused if answers else None
    if refused is not None:
        raise Invalid({"identity": _not_mailed(name, refused)})
    return address.strip()


def _not_mailed(channel: str, error: Outside) -> str:
    return (
        f"“{channel}” did not take the mail with the code: {error.words} Ask an administrator of your team."
    )
