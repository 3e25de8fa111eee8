"""The last look before a mail leaves: one short transaction, no network, and its commit is the point of no return."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session, lazyload

from sales_campaigns.accounts.models import Mailbox, MailboxState, User
from sales_campaigns.addresses import check_address
from sales_campaigns.claims import lease_until
from sales_campaigns.clock import machine_now
from sales_campaigns.content.mime import Letter, build
from sales_campaigns.content.rendering import MissingFields
from sales_campaigns.errors import Invalid
from sales_campaigns.lifecycle import make_move
from sales_campaigns.messages.models import Hold, Message, MessageState
from sales_campaigns.messages.states import MESSAGE
from sales_campaigns.messages.verdicts import Facts, Verdict, verdict_on
from sales_campaigns.messages.writing import Parties, values_of, write_letter
from sales_campaigns.people.models import Address, Person
from sales_campaigns.people.suppression import OPTED_OUT, SENTENCES, first_cause
from sales_campaigns.ports import OutgoingMail
from sales_campaigns.unit_of_work import UnitOfWork

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Claim:
    """Whose claim it is: a late process must not act on a message that somebody else took over.

    `holds` are those the message names, in the order in which they are locked.
    """

    owner: str
    generation: int
    lease_seconds: int
    holds: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Made:
    """A mail that can leave: the letter it was written from, and its bytes with their envelope."""

    letter: Letter
    mail: OutgoingMail


def gate(uow: UnitOfWork, message_id: int, claim: Claim) -> OutgoingMail | None:
    """Let one claimed message through, fix its exact bytes and begin; or send it back, cancel or expire it.

    Holds are locked before the message, as everybody does who stops them and then cancels what waits.
    """
    held = _held(uow.session, claim.holds)
    message = _locked(uow.session, message_id, claim)
    if message is None:
        return None
    parties, cause = _parties(uow.session, message)
    verdict = verdict_on(_facts(uow, message, held, parties, cause))
    made = verdict or _made(uow, message, parties)
    if isinstance(made, Verdict):
        _turn_away(uow, message, made)
        return None
    return _let_through(uow, message, made, claim)


def about(message: Message) -> dict[str, object]:
    """The columns of Activity that tell what a message is about."""
    return {
        "team_id": message.team_id,
        "person_id": message.person_id,
        "campaign_id": message.campaign_id,
        "enrollment_id": message.enrollment_id,
        "message_id": message.id,
    }


def _locked(session: Session, message_id: int, claim: Claim) -> Message | None:
    return session.scalar(
        sa.select(Message)
        .where(
            Message.id == message_id,
            Message.state == MessageState.CLAIMED,
            Message.owner == claim.owner,
            Message.generation == claim.generation,
        )
        .with_for_update()
    )


def _held(session: Session, names: tuple[tuple[str, int], ...]) -> str | None:
    """Lock every hold it names, in order: whoever stops one waits for this commit."""
    holds = session.execute(
        sa.select(Hold.stopped, Hold.why)
        .where(sa.tuple_(Hold.kind, Hold.key).in_(names))
        .order_by(Hold.kind, Hold.key)
        .with_for_update(read=True)
    ).all()
    whys = [hold.why for hold in holds if hold.stopped]
    if len(holds) < len(names):
        whys.append("its hold is missing")
    return whys[0] if whys else None


def _parties(session: Session, message: Message) -> tuple[Parties, str | None]:
    """Who writes to whom, locked like the holds, and the cause that forbids it as things stand now."""
    mailbox, sender = session.execute(
        sa.select(Mailbox, User)
        .select_from(Mailbox)
        .join(User, User.id == message.sender_id)
        .where(Mailbox.id == message.mailbox_id)
        .options(lazyload(Mailbox.user), lazyload(User.team))
        .with_for_update(read=True)
    ).one()
    found = session.execute(
        sa.select(Person, first_cause(OPTED_OUT if message.despite_opt_out else ""))
        .join(Address, Person.address_id == Address.id)
        .where(Person.id == message.person_id)
        .with_for_update(read=True, of=(Person, Address))
    ).one_or_none()
    person, cause = found or (session.get_one(Person, message.person_id), "no_address")
    return Parties(person, sender, mailbox, values_of(person, sender, mailbox)), cause


def _facts(uow: UnitOfWork, message: Message, held: str | None, parties: Parties, cause: str | None) -> Facts:
    return Facts(
        now=uow.now,
        machine_now=machine_now(),
        held=held,
        sender_active=parties.sender.active,
        mailbox_connected=parties.mailbox.state is MailboxState.CONNECTED,
        mailbox_waits_until=parties.mailbox.paused_until,
        unwanted=(cause, SENTENCES[cause]) if cause else None,
        due_at=message.due_at,
        late_at=message.late_at,
        valid_until=message.valid_until,
        attempts=message.attempts,
    )


def _made(uow: UnitOfWork, message: Message, parties: Parties) -> Made | Verdict:
    """Whatever goes wrong in making one mail is that mail's own trouble: the next ones must not wait behind it."""
    try:
        return _make(uow, message, parties)
    except MissingFields as error:
        return Verdict("cancel", "field_missing", f"{', '.join(error.fields)} is missing for this person")
    except Invalid as error:
        return Verdict("cancel", "cannot_be_made", error.words)
    except sa.exc.SQLAlchemyError:
        raise
    except Exception:
        log.exception("a mail could not be made", message=message.id)
        return Verdict(
            "cancel", "cannot_be_made", "This mail cannot be made; the log of the scheduler says why."
        )


def _make(uow: UnitOfWork, message: Message, parties: Parties) -> Made:
    letter = write_letter(uow.session, message, parties, uow.now)
    mime = build(letter)
    raw = (letter.from_email, letter.to_email, *letter.cc, *message.bcc.split())
    sender, *everybody = (check_address(one) for one in raw)
    mail = OutgoingMail(
        key=message.id,
        message_id=letter.message_id,
        sender=sender.wire,
        recipients=tuple(address.wire for address in everybody),
        mime=mime,
        needs_utf8=any(address.needs_utf8 for address in (sender, *everybody)),
    )
    return Made(letter, mail)


def _let_through(uow: UnitOfWork, message: Message, made: Made, claim: Claim) -> OutgoingMail:
    make_move(  # the Attempt row tells of it; Activity is for what people should hear of
        uow.session,
        MESSAGE,
        message,
        "begin",
        message_id=made.letter.message_id,
        references=" ".join(made.letter.references),
        subject=made.letter.subject,
        mime=made.mail.mime,
        attempts=message.attempts + 1,
        lease_until=lease_until(claim.lease_seconds),  # its own: those before it may have taken long
    )
    return made.mail


def _turn_away(uow: UnitOfWork, message: Message, verdict: Verdict) -> None:
    ended = {"ended_at": uow.now} if verdict.event in ("cancel", "expire") else {}
    uow.move(
        MESSAGE,
        message,
        verdict.event,
        about={**about(message), "data": {"reason": verdict.reason, "words": verdict.words}},
        reason=verdict.reason,
        words=verdict.words,
        lease_until=None,
        owner=None,
        **ended,
    )
