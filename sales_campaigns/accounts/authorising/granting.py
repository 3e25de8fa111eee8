"""A permission that was given: keep it sealed with its mailbox, and read the mailbox where it allows that."""

from __future__ import annotations

import sqlalchemy as sa

from sales_campaigns.accounts.mailboxes import mailbox_for, mailbox_of
from sales_campaigns.accounts.models import Grant, Inbox, Mailbox, User
from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.clock import machine_now
from sales_campaigns.errors import Invalid
from sales_campaigns.ports import Granted
from sales_campaigns.unit_of_work import UnitOfWork


def expect(granted: Granted, address: str) -> None:
    """The rule: the account must be the expected one. Raises Invalid for another person's."""
    if granted.address != address.lower():
        words = f"That was the permission of {granted.address}, and {address} was asked for."
        raise Invalid(
            f"{words} Nothing was connected: choose the right account, or sign out of the other one first."
        )


def keep_grant(
    uow: UnitOfWork,
    owner: User,
    provider: str,
    granted: Granted,
    seal: Seal,
    *,
    reads: bool,
    delegated: bool = False,
) -> Mailbox:
    """The owner's mailbox, sending (and read, where `reads`) with what was granted. Raises Invalid when somebody else
    sends from this address.
    """
    before = _locked(uow, owner)
    box = mailbox_for(uow, owner, granted.address)
    if before != (provider, granted.address):
        uow.session.execute(sa.delete(Inbox).where(Inbox.mailbox_id == box.id))
    box.provider, box.host, box.port, box.security = provider, "", 0, "tls"
    box.username, box.sealed_secret, box.bulk_lane = box.address, "", False
    box.largest_mail = None  # until it is checked
    uow.session.flush()
    grant = uow.session.get(Grant, box.id) or Grant(mailbox_id=box.id)
    grant.delegated, grant.granted_at = delegated, machine_now()
    store(grant, granted, seal)
    uow.session.add(grant)
    _read(uow, box, reads=reads)
    return box


def store(grant: Grant, granted: Granted, seal: Seal) -> None:
    """The newest tokens; what refreshes them and what they allow stay where the provider says nothing of it."""
    grant.sealed_access, grant.expires_at = seal.close(granted.tokens.access), granted.expires_at
    grant.sealed_refresh = seal.close(granted.tokens.refresh) or grant.sealed_refresh or ""
    grant.scopes = " ".join(granted.scopes) or grant.scopes or ""


def forget_grant(uow: UnitOfWork, box: Mailbox) -> None:
    """It is reached by a password from now on."""
    for row in (Grant, Inbox):
        uow.session.execute(sa.delete(row).where(row.mailbox_id == box.id))


def _locked(uow: UnitOfWork, owner: User) -> tuple[str, str] | None:
    """(provider, address) until now. Whoever renews a token locks its grant first, and then perhaps the mailbox."""
    box = mailbox_of(uow.session, owner)
    if box is None:
        return None
    uow.session.get(Grant, box.id, with_for_update=True)
    return box.provider, box.address


def _read(uow: UnitOfWork, box: Mailbox, *, reads: bool) -> None:
    inbox = uow.session.get(Inbox, box.id)
    if not reads:
        if inbox is not None:
            uow.session.delete(inbox)
        return
    if inbox is None:
        how = {"host": "", "port": 0, "security": "tls", "username": box.address}
        inbox = Inbox(mailbox_id=box.id, mailbox=box, cursor="", **how)
        uow.session.add(inbox)
    inbox.look_at, inbox.trouble, inbox.failing_since = machine_now(), "", None
