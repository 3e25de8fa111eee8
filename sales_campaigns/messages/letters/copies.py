"""To whom copies of a mail go: those of the mail or its step, and those of its mailbox; never to whom none may go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.addresses import MailAddress, check_address
from sales_campaigns.errors import Invalid
from sales_campaigns.messages.letters.writing import Parties
from sales_campaigns.messages.models import Message
from sales_campaigns.people.models import Address, BlockedDomain
from sales_campaigns.people.suppression import CAUSES, SENTENCES, first_cause

# What is known of an address without asking who has it.
_OF_ADDRESSES = tuple(
    cause
    for cause in CAUSES
    if cause.name not in {"deleted", "no_address", "invalid_address", "blocked_domain"}
)


@dataclass(frozen=True, slots=True)
class Copies:
    """`cc` and `bcc` as a message stores them; `left_out`: (address, why) of those that get none."""

    cc: str = ""
    bcc: str = ""
    left_out: tuple[tuple[str, str], ...] = ()


NONE = Copies()


def copies_of(recipient: str, cc: Iterable[str], bcc: Iterable[str], unwanted: Mapping[str, str]) -> Copies:
    """The rule: a step's own copies and its mailbox's, each address once, never the recipient; suppressed ones are
    left out, and the mail's page says so. Who stands in CC stands in no BCC. `unwanted`: key of an address → why.
    """
    seen = {_key(recipient)}
    out: list[tuple[str, str]] = []

    def kept(written: Iterable[str]) -> str:
        found = []
        for address in map(check_address, written):
            if address.key in seen:
                continue
            seen.add(address.key)
            if address.key in unwanted:
                out.append((address.email, unwanted[address.key]))
            else:
                found.append(address.email)
        return " ".join(found)

    return Copies(kept(cc), kept(bcc), tuple(out))


def copies_for(session: Session, mails: Sequence[tuple[Message, Parties]]) -> dict[int, Copies]:
    """Message → its copies as they may leave now; in two queries, however many. A test has none."""
    asked = {message.id: _asked(message, parties) for message, parties in mails if not message.proof}
    unwanted = _unwanted(
        session, [check_address(one) for kinds in asked.values() for kind in kinds for one in kind]
    )
    return {
        message.id: copies_of(message.email, *asked[message.id], unwanted)
        if any(asked.get(message.id, ()))
        else NONE
        for message, _ in mails
    }


def leave_out(message: Message, refused: Iterable[tuple[str, str]]) -> None:
    """These copies (envelope address, why) were refused by the server, which took the mail."""
    why = dict(refused)
    gone = [one for one in (*message.cc.split(), *message.bcc.split()) if check_address(one).wire in why]
    message.cc, message.bcc = (
        " ".join(one for one in kind.split() if one not in gone) for kind in (message.cc, message.bcc)
    )
    told = [[one, why[check_address(one).wire]] for one in gone]
    message.left_out = [*(message.left_out or []), *told]


def _asked(message: Message, parties: Parties) -> tuple[list[str], list[str]]:
    box = parties.mailbox
    return [*message.cc.split(), *box.cc.split()], [*message.bcc.split(), *box.bcc.split()]


def _key(recipient: str) -> str:
    """Whether the recipient's own address is one is asked when the mail is made, and then it is that mail's trouble."""
    try:
        return check_address(recipient).key
    except Invalid:
        return recipient.lower()


def _unwanted(session: Session, addresses: Sequence[MailAddress]) -> dict[str, str]:
    """Key → why nothing goes there."""
    if not addresses:
        return {}
    keys = {address.key for address in addresses}
    cause = first_cause(causes=_OF_ADDRESSES)
    rows = session.execute(sa.select(Address.email, cause).where(Address.email.in_(keys), cause.is_not(None)))
    found = {email: SENTENCES[name] for email, name in rows if name}
    above = {address.key: _domains_above(address.domain) for address in addresses}
    named = {domain for domains in above.values() for domain in domains}
    blocked = set(session.scalars(sa.select(BlockedDomain.domain).where(BlockedDomain.domain.in_(named))))
    return {key: SENTENCES["blocked_domain"] for key, domains in above.items() if blocked & domains} | found


def _domains_above(domain: str) -> set[str]:
    """Blocking a domain blocks what lies below it."""
    labels = domain.split(".")
    return {".".join(labels[start:]) for start in range(len(labels))}
