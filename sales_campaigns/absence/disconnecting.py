"""A mailbox by consent that is disconnected on purpose: what was granted is forgotten, and its mail waits.

The rule: sender's mailbox disconnected: held, with an alert. It is undone by connecting it again.
"""

from __future__ import annotations

from dataclasses import dataclass

from sales_campaigns.accounts.authorising.granting import forget_grant
from sales_campaigns.accounts.losing import lose
from sales_campaigns.accounts.models import Grant, Mailbox, MailboxState, User
from sales_campaigns.accounts.secrets import Seal
from sales_campaigns.errors import NotFound
from sales_campaigns.messages.stops.stopping import stoppable
from sales_campaigns.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Ended:
    """`refresh` is what lasted of the permission, to be given back to its provider; "" where it was never the rep's.

    `sends_on`: mail leaves all the same, through a channel. `refresh` is never logged.
    """

    provider: str
    address: str
    refresh: str
    sends_on: bool

    def __repr__(self) -> str:
        return f"Ended({self.provider}, {self.address})"


def disconnect(uow: UnitOfWork, actor: User, mailbox_id: int, seal: Seal) -> Ended:
    """By its owner, or an administrator of the team. Raises NotFound, NotAllowed.

    The tokens are gone with the transaction: whoever has one at hand gets no other.
    """
    box = stoppable(uow, actor, mailbox_id)
    grant = uow.session.get(Grant, box.id, with_for_update=True, populate_existing=True)
    if grant is None:
        raise NotFound("This mailbox is not connected by consent.")
    refresh = "" if grant.delegated else seal.open(grant.sealed_refresh)
    forget_grant(uow, box)
    data = {"mailbox": box.id, "address": box.address}
    uow.record("mailbox.disconnected", actor_id=actor.id, team_id=box.user.team_id, data=data)
    sends_on = box.identity_id is not None
    if not sends_on:
        _wait(uow, box.id, f"{actor.name} disconnected it.")
    return Ended(box.provider, box.address, refresh, sends_on)


def _wait(uow: UnitOfWork, mailbox_id: int, words: str) -> None:
    """One that was lost already keeps since when; its people are held by that."""
    box = uow.session.get_one(Mailbox, mailbox_id, with_for_update={"of": Mailbox}, populate_existing=True)
    if not lose(uow, box, MailboxState.NEEDS_RECONNECT, words) and box.state is MailboxState.NEEDS_RECONNECT:
        box.trouble = words
