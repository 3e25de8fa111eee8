"""What the gate sees, as it stands: holds, messages, senders and people, all locked until its commit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, lazyload

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.messages.facts import MISSING
from sales_campaigns.messages.handing_over.claiming import Claim
from sales_campaigns.messages.letters.writing import Parties, values_of
from sales_campaigns.messages.models import Hold, Message, MessageState
from sales_campaigns.people.models import Address, Person
from sales_campaigns.people.suppression import OPTED_OUT, first_cause

Held = dict[tuple[str, int], str]
Look = sa.Select[Message, Mailbox, User, Person, str | None, str | None]

_HOLDS = (
    sa.select(Hold.kind, Hold.key, Hold.stopped, Hold.why)
    .where(sa.tuple_(Hold.kind, Hold.key).in_(sa.bindparam("names", expanding=True)))
    .order_by(Hold.kind, Hold.key)
    .with_for_update(read=True)
)


@dataclass(frozen=True, slots=True)
class Standing:
    """One claimed message with its parties. `cause` forbids writing to the person; `stopped`: kind of hold → why."""

    claim: Claim
    message: Message
    parties: Parties
    cause: str | None
    stopped: dict[str, str]


def as_they_stand(session: Session, claims: Sequence[Claim]) -> list[Standing]:
    """Those that are still ours, in the order of `claims`.

    Holds are locked before messages, as everybody does who stops them and then cancels what waits.
    """
    held = _lock_holds(session, claims)
    found = _locked(session, claims)
    return [
        Standing(claim, *found[claim.message_id], _stopping(held, claim))
        for claim in claims
        if claim.message_id in found
    ]


def _lock_holds(session: Session, claims: Sequence[Claim]) -> Held:
    """Lock every hold they name, once and in order: whoever stops one waits for this commit. Those that stop."""
    names = sorted({name for claim in claims for name in claim.holds})
    rows = session.execute(_HOLDS, {"names": names}).all()
    there = {(row.kind, row.key) for row in rows}
    stopped = {(row.kind, row.key): row.why for row in rows if row.stopped}
    return {**stopped, **{name: MISSING for name in names if name not in there}}


def _stopping(held: Held, claim: Claim) -> dict[str, str]:
    return {name[0]: held[name] for name in claim.holds if name in held}


def _locked(session: Session, claims: Sequence[Claim]) -> dict[int, tuple[Message, Parties, str | None]]:
    """Whoever has no address any more is looked for apart: what an outer join lacks cannot be locked."""
    generations = {claim.message_id: claim.generation for claim in claims}
    found = _rows(session, _LOOK, generations, claims[0].owner)
    missing = {id: generation for id, generation in generations.items() if id not in found}
    if missing:
        found |= _rows(session, _LOOK_WITHOUT_ADDRESS, missing, claims[0].owner)
    return found


def _rows(
    session: Session,
    look: Look,
    generations: dict[int, int],
    owner: str,
) -> dict[int, tuple[Message, Parties, str | None]]:
    rows = session.execute(look, {"ids": list(generations), "owner": owner}).all()
    return {
        message.id: (
            message,
            Parties(person, sender, box, values_of(person, sender, box)),
            None if message.proof else beside if message.despite_opt_out else cause,
        )
        for message, box, sender, person, cause, beside in rows
        if message.generation == generations[message.id]
    }


def _look(*, with_address: bool) -> Look:
    """The message for update, the others for share; rows of people in one order for everybody."""
    shared = ["mailbox", "user_account", "person", *(["address"] if with_address else [])]
    return (
        sa.select(Message, Mailbox, User, Person, first_cause(), first_cause(OPTED_OUT))
        .select_from(Message)
        .join(Mailbox, Mailbox.id == Message.mailbox_id)
        .join(User, User.id == Message.sender_id)
        .join(Person, Person.id == Message.person_id)
        .join(Address, Address.id == Person.address_id, isouter=not with_address)
        .where(
            Message.id.in_(sa.bindparam("ids", expanding=True)),
            Message.state == MessageState.CLAIMED,
            Message.owner == sa.bindparam("owner"),
            sa.true() if with_address else Person.address_id.is_(None),
        )
        .options(lazyload(Mailbox.user), lazyload(User.team))
        .order_by(Person.address_id, Person.id, Message.id)
        .with_for_update(of=Message)
        .suffix_with(f"FOR SHARE OF {', '.join(shared)}", dialect="postgresql")
        .execution_options(populate_existing=True)
    )


_LOOK = _look(with_address=True)
_LOOK_WITHOUT_ADDRESS = _look(with_address=False)
