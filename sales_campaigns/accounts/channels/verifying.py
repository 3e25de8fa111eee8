"""A rep proves an address: a code is mailed to it through the channel, and typed here; or lets it go."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from sales_campaigns.accounts.channels.codes import (
    LENGTH,
    LETTERS,
    WINDOW,
    Asked,
    as_typed,
    too_often,
    trouble_with,
)
from sales_campaigns.accounts.channels.models import SenderIdentity
from sales_campaigns.accounts.channels.reading import identity_of, open_channel
from sales_campaigns.accounts.losing import lose
from sales_campaigns.accounts.mailboxes import mailbox_of
from sales_campaigns.accounts.models import Mailbox, MailboxState, User
from sales_campaigns.accounts.roles import require, sees_every_team
from sales_campaigns.accounts.secrets import hashed
from sales_campaigns.addresses import check_address
from sales_campaigns.clock import machine_now
from sales_campaigns.errors import Invalid, NotFound
from sales_campaigns.unit_of_work import UnitOfWork

GONE = "{address} is no longer verified. Verify it again under Mailbox, or connect a mailbox of your own."
TAKEN = "Somebody else sends from this address already."


def ask_code(uow: UnitOfWork, actor: User, channel_id: int, typed: str) -> tuple[SenderIdentity, str]:
    """The identity and a new code for it, to be mailed once this stands; the one before is good no longer.

    Raises NotFound for a channel of another team; Invalid for an address that cannot be the actor's, and when codes are
    asked for too often.
    """
    channel = open_channel(uow.session, actor, channel_id)
    address = _own_address(uow, actor, typed)
    # One after the other for each user, so that nobody is mailed more codes than the rule says.
    uow.session.execute(sa.select(User.id).where(User.id == actor.id).with_for_update(of=User))
    identity = _identity(uow, actor, channel.id, address)
    refused = too_often(_asked(identity) if identity.id else None, _of_all(uow, actor), machine_now())
    if refused:
        raise Invalid({"identity": refused})
    code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    _note(identity, code)
    uow.session.add(identity)
    uow.session.flush()
    _record(uow, actor, "identity.asked", identity)
    return identity, code


def confirm_code(uow: UnitOfWork, actor: User, identity_id: int, typed: str) -> SenderIdentity:
    """The address is the actor's from now on. Raises NotFound; Invalid for a wrong code, which is counted: the caller
    commits even though this raises.
    """
    identity = identity_of(uow.session, actor, identity_id, lock=True)
    open_channel(uow.session, actor, identity.channel_id)
    trouble = trouble_with(_asked(identity), _hash(identity, as_typed(typed)), machine_now())
    if trouble:
        identity.attempts += 1
        raise Invalid({f"code_{identity.id}": trouble})
    _own_address(uow, actor, identity.address)
    _forget_others(uow, identity)
    _prove(uow, identity)
    _record(uow, actor, "identity.verified", identity)
    return identity


def let_go(uow: UnitOfWork, actor: User, identity_id: int) -> SenderIdentity:
    """Nothing leaves as this address any more, until it is verified again; what waits is held.

    Its user may, and administrators of the team. Raises NotFound, NotAllowed.
    """
    identity = uow.session.get(SenderIdentity, identity_id, with_for_update={"of": SenderIdentity})
    if identity is None or not (sees_every_team(actor) or identity.user.team_id == actor.team_id):
        raise NotFound("This identity is not there, or it belongs to another team.")
    if identity.user_id != actor.id:
        require(actor, "manage_team")
    identity.verified_at, identity.code_hash = None, ""
    for box in _boxes(uow, identity):
        lose(uow, box, MailboxState.NEEDS_RECONNECT, GONE.format(address=identity.address))
    _record(uow, actor, "identity.let_go", identity)
    return identity


def _own_address(uow: UnitOfWork, actor: User, typed: str) -> str:
    """The rule: who has a mailbox of the own sends as its address, whichever way; nobody as somebody else's."""
    try:
        address = check_address(typed).wire
    except Invalid as refusal:
        raise Invalid({"identity": next(iter(refusal.problems.values()))}) from None
    box = mailbox_of(uow.session, actor)
    if box is not None and box.has_own_way and box.address != address:
        words = f"Your mailbox sends as {box.address}, so that is the address to verify."
        raise Invalid({"identity": words})
    others = (Mailbox.address == address, Mailbox.user_id != actor.id)
    verified = (
        SenderIdentity.address == address,
        SenderIdentity.user_id != actor.id,
        SenderIdentity.verified_at.is_not(None),
    )
    for taken in (sa.select(Mailbox.id).where(*others), sa.select(SenderIdentity.id).where(*verified)):
        if uow.session.scalar(taken) is not None:
            raise Invalid({"identity": TAKEN})
    return address


def _identity(uow: UnitOfWork, actor: User, channel_id: int, address: str) -> SenderIdentity:
    key = {"user_id": actor.id, "channel_id": channel_id, "address": address}
    known = uow.session.scalar(sa.select(SenderIdentity).filter_by(**key).with_for_update(of=SenderIdentity))
    if known is not None:
        return known
    now = machine_now()
    return SenderIdentity(**key, asked=0, asked_from=now, asked_at=now)


def _note(identity: SenderIdentity, code: str) -> None:
    now = machine_now()
    if now >= identity.asked_from + WINDOW:
        identity.asked_from, identity.asked = now, 0
    identity.asked, identity.asked_at, identity.attempts = identity.asked + 1, now, 0
    identity.code_hash = _hash(identity, code)


def _of_all(uow: UnitOfWork, actor: User) -> int:
    recent = (SenderIdentity.user_id == actor.id, SenderIdentity.asked_from > machine_now() - WINDOW)
    return uow.session.scalar(sa.select(sa.func.sum(SenderIdentity.asked)).where(*recent)) or 0


def _prove(uow: UnitOfWork, identity: SenderIdentity) -> None:
    """The database keeps an address for one user. Raises Invalid where somebody else was faster."""
    key = f"code_{identity.id}"
    try:
        with uow.session.begin_nested():
            identity.verified_at, identity.code_hash = uow.now, ""
    except IntegrityError:  # proved by somebody else between the look and this
        raise Invalid({key: TAKEN}) from None


def _forget_others(uow: UnitOfWork, identity: SenderIdentity) -> None:
    """The rule: an address is verified on one channel at a time, the one it was proved on last."""
    same = (
        SenderIdentity.user_id == identity.user_id,
        SenderIdentity.address == identity.address,
        SenderIdentity.id != identity.id,
    )
    uow.session.execute(sa.update(SenderIdentity).where(*same).values(verified_at=None, code_hash=""))


def _boxes(uow: UnitOfWork, identity: SenderIdentity) -> list[Mailbox]:
    mine = sa.select(Mailbox).where(Mailbox.identity_id == identity.id).with_for_update(of=Mailbox)
    return list(uow.session.scalars(mine.execution_options(populate_existing=True)))


def _asked(identity: SenderIdentity) -> Asked:
    return Asked(
        identity.code_hash, identity.attempts, identity.asked, identity.asked_from, identity.asked_at
    )


def _hash(identity: SenderIdentity, code: str) -> str:
    """Of the address, too: the code of one proves nothing about another."""
    return hashed(f"{identity.user_id}:{identity.channel_id}:{identity.address}:{code}")


def _record(uow: UnitOfWork, actor: User, kind: str, identity: SenderIdentity) -> None:
    data = {"identity": identity.id, "address": identity.address, "channel": identity.channel_id}
    uow.record(kind, actor_id=actor.id, team_id=actor.team_id, data=data)
