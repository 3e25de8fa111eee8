"""The next access token, asked for once however many want it; and what happens when there is none any more.

The rule: one refresh under a row lock; authorisation lost → mailbox "needs reconnect", told once (spec/5). The lock is
held while the provider is asked, a few seconds at most: whoever waits for it finds the new token there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sales_campaigns.accounts.authorising.granting import store
from sales_campaigns.accounts.losing import lose
from sales_campaigns.accounts.models import DelegationKey, Grant, Mailbox, MailboxState
from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.clock import Clock, machine_now
from sales_campaigns.database import Sessions
from sales_campaigns.errors import Outside, OutsideKind
from sales_campaigns.ports import Consent, Delegation, Granted
from sales_campaigns.unit_of_work import UnitOfWork, unit_of_work

NOT_CONNECTED = "This mailbox is not connected any more."


@dataclass(frozen=True)
class Access:
    """Opens and renews what was granted. Safe for many threads and processes."""

    sessions: Sessions
    clock: Clock
    seal: Seal
    consents: Mapping[str, Consent] = field(default_factory=dict)
    delegations: Mapping[str, Delegation] = field(default_factory=dict)

    def renew(self, mailbox_id: int, refused: str) -> str:
        """A token other than the one that was refused ("" for none). Raises Outside, with no transaction open."""
        with unit_of_work(self.sessions, self.clock) as uow:
            grant = uow.session.get(Grant, mailbox_id, with_for_update={"of": Grant}, populate_existing=True)
            if grant is None:
                raise Outside(OutsideKind.AUTHORISATION, NOT_CONNECTED)
            known = self.seal.open(grant.sealed_access)
            if known not in ("", refused) and grant.expires_at > machine_now():
                return known
            try:
                store(grant, granted := self._ask(uow, grant), self.seal)
                return granted.tokens.access
            except Outside as no:
                lost = no
                _lose(uow, mailbox_id, no)
        raise lost

    def _ask(self, uow: UnitOfWork, grant: Grant) -> Granted:
        box = uow.session.get_one(Mailbox, grant.mailbox_id)
        if grant.delegated:
            key = uow.session.get(DelegationKey, box.provider)
            if key is None or box.provider not in self.delegations:
                raise Outside(OutsideKind.AUTHORISATION, "The key of the organisation was taken away.")
            return self.delegations[box.provider].grant(self.seal.open(key.sealed_key), box.address)
        if box.provider not in self.consents:
            raise Outside(
                OutsideKind.POLICY, "The settings of this installation no longer name this provider."
            )
        return self.consents[box.provider].refresh(self.seal.open(grant.sealed_refresh))


def _lose(uow: UnitOfWork, mailbox_id: int, no: Outside) -> None:
    """One that sends through a channel is only read by what was granted: its mail leaves as before."""
    if no.kind is OutsideKind.AUTHORISATION:
        box = uow.session.get_one(
            Mailbox, mailbox_id, with_for_update={"of": Mailbox}, populate_existing=True
        )
        if box.identity_id is None:
            lose(uow, box, MailboxState.NEEDS_RECONNECT, no.words)
