"""The password of one's own mailbox, which is typed once."""

from __future__ import annotations

from sales_campaigns.accounts.mailboxes import MailboxSettings, mailbox_of
from sales_campaigns.errors import Invalid
from web.request_scope import house, me, work


def sending_secret(server: MailboxSettings, typed: str) -> str:
    """What was typed, else the stored one where it belongs to the same server and user. Raises Invalid."""
    box = mailbox_of(work().session, me())
    if typed or box is None or not box.sealed_secret:
        return typed
    if not server.is_of(box):
        raise Invalid({"password": "Type the password again: server or user name are others now."})
    return house().seal.open(box.sealed_secret)
