"""How a mailbox is reached, to send from it or to read it: its secret opened, or a token that can be renewed."""

from __future__ import annotations

from functools import partial

from sales_campaigns.accounts.authorising.access import Access
from sales_campaigns.accounts.channels.models import Channel, identity_behind
from sales_campaigns.accounts.inboxes import InboxSettings
from sales_campaigns.accounts.mailboxes import BY_CONSENT
from sales_campaigns.accounts.models import Grant, Inbox, Mailbox
from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.clock import machine_now
from sales_campaigns.ports import MailAccount

BULK_CONNECTIONS = 4


def account_of(box: Mailbox, seal: Seal, access: Access | None = None) -> MailAccount:
    """How to send from this mailbox: through its channel, where it has one, else by its own way."""
    identity = identity_behind(box)
    if identity is not None:
        return channel_account(identity.channel, seal, box)
    return own_account(box, seal, access)


def channel_account(channel: Channel, seal: Seal, box: Mailbox | None = None) -> MailAccount:
    """How to send through a channel, for this mailbox; for none: what the channel itself mails."""
    return MailAccount(
        id=box.id if box is not None else 0,
        provider="smtp",
        address=box.address if box is not None else channel.address,
        host=channel.host,
        port=channel.port,
        security=channel.security,
        username=channel.username,
        secret=seal.open(channel.sealed_secret),
        reported=box is not None and box.relay_reports,
    )


def own_account(box: Mailbox, seal: Seal, access: Access | None = None) -> MailAccount:
    """How to send by its own server, or by what was granted."""
    if box.provider in BY_CONSENT:
        return _by_grant(box, box.grant, seal, access)
    return MailAccount(
        id=box.id,
        provider=box.provider,
        address=box.address,
        host=box.host,
        port=box.port,
        security=box.security,
        username=box.username,
        secret=seal.open(box.sealed_secret),
        connections=BULK_CONNECTIONS if box.bulk_lane else 1,
        reported=box.relay_reports,
    )


def reading_account(inbox: Inbox, seal: Seal, access: Access | None = None) -> MailAccount:
    """How to read this inbox."""
    box = inbox.mailbox
    if box.provider in BY_CONSENT:
        return _by_grant(box, box.grant, seal, access)
    settings = InboxSettings(inbox.host, inbox.port, inbox.security, inbox.username)
    return settings.account(box, seal.open(box.sealed_secret), kept=True)


def _by_grant(box: Mailbox, grant: Grant | None, seal: Seal, access: Access | None) -> MailAccount:
    """A token that is over is not even shown: the first call asks for another one, and hears where there is none."""
    sealed = grant.sealed_access if grant is not None and grant.expires_at > machine_now() else ""
    return MailAccount(
        id=box.id,
        provider=box.provider,
        address=box.address,
        username=box.address,
        secret=seal.open(sealed),
        token=True,
        scopes=tuple(grant.scopes.split()) if grant is not None else (),
        renew=partial(access.renew, box.id) if access else None,
    )
