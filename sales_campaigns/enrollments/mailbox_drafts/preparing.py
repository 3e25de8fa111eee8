"""The mail of a task as it should stand among its rep's drafts: address, words, quote, signature, copies, files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sales_campaigns.accounts.models import Mailbox, Team, User
from sales_campaigns.content.bundles import parts_of
from sales_campaigns.content.enclosing import enclose
from sales_campaigns.content.mime import Letter, build, new_message_id
from sales_campaigns.deliveries.personal import refuse_suppressed
from sales_campaigns.enrollments.composing import Opening, open_composer, row_for_task
from sales_campaigns.errors import Invalid
from sales_campaigns.messages.letters.carrying import bundle_of
from sales_campaigns.messages.letters.copies import Copies, copies_for
from sales_campaigns.messages.letters.marks import FOOTER, Marks
from sales_campaigns.messages.letters.writing import parties_of, place_of, write_letter
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.outbox.composing import Typed, check_typed
from sales_campaigns.messages.outbox.drafting import draft_for_task
from sales_campaigns.people.models import Person
from sales_campaigns.ports import ThreadPlace
from sales_campaigns.tasks.models import Task
from sales_campaigns.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Prepared:
    """`typed` is what the composer would show; `mime` what the mailbox gets; `wrote` changes with what it says."""

    mailbox: Mailbox
    typed: Typed
    mime: bytes
    message_id: str
    wrote: str
    thread: ThreadPlace | None


def prepare(uow: UnitOfWork, actor: User, task: Task, person: Person, send_key: str) -> Prepared:
    """The rule: what is missing is said before anything is made. Raises Invalid with everything that is wrong."""
    if not person.email:
        raise Invalid(f"{person.name} has no e-mail address. Add one first.")
    refuse_suppressed(uow, person)
    opening = open_composer(uow.session, actor, task, person)
    typed = _words(uow, actor, task, opening)
    copies = check_typed(typed, person, actor, opening.mailbox, uow.now)
    name = new_message_id(send_key, opening.mailbox.address.rpartition("@")[2])
    row = row_for_task(uow, actor, task, person, typed)
    return _written(uow, Message(**{**row, **copies, "message_id": name}), opening.mailbox, typed)


def _words(uow: UnitOfWork, actor: User, task: Task, opening: Opening) -> Typed:
    """What the rep has written for this task so far, or what its composer opens with."""
    kept = draft_for_task(uow.session, actor, task.id)
    if kept is not None:
        return Typed(kept.subject, kept.html, cc=kept.cc, bcc=kept.bcc, bundle_id=kept.bundle_id)
    words, beside = opening.words, opening.beside
    if words.missing:
        names = ", ".join(name.replace("_", " ") for name in words.missing)
        raise Invalid(f"Not known of this person: {names}. Add it to the person, or write the mail here.")
    if words.prompts:
        raise Invalid(f"Fill in first: {'; '.join(words.prompts)}. Write the mail here.")
    return Typed(words.subject, words.html, cc=beside.cc, bcc=beside.bcc, bundle_id=beside.bundle_id)


def _written(uow: UnitOfWork, message: Message, mailbox: Mailbox, typed: Typed) -> Prepared:
    parties = parties_of(uow.session, message)
    copies = copies_for(uow.session, [(message, parties)])[message.id]
    marks = _marks(uow, message.team_id)
    letter = write_letter(uow.session, message, parties, uow.now, marks, copies.cc)
    bundle_id = bundle_of(uow.session, message)
    whole = enclose(build(letter), letter.message_id, parts_of(uow.session, bundle_id, {}))
    return Prepared(
        mailbox=mailbox,
        typed=Typed(letter.subject, typed.html),
        mime=_with_hidden(whole, copies),
        message_id=letter.message_id,
        wrote=_hash(letter, copies, bundle_id),
        thread=place_of(uow.session, message),
    )


def _marks(uow: UnitOfWork, team_id: int) -> Marks:
    """The line that lets people unsubscribe, by an answer. Nothing is tracked: the rep would open it first."""
    team = uow.session.get_one(Team, team_id)
    footer = (team.unsubscribe_text or FOOTER) if team.footer else ""
    return Marks(address="", token="", opens=False, clicks=False, footer=footer)


def _with_hidden(mime: bytes, copies: Copies) -> bytes:
    """A draft has no envelope: whom it goes to stands in its headers."""
    hidden = ", ".join(copies.bcc.split())
    return b"Bcc: %s\r\n%s" % (hidden.encode(), mime) if hidden else mime


def _hash(letter: Letter, copies: Copies, bundle_id: int | None) -> str:
    said = (
        letter.to_email,
        copies.cc,
        copies.bcc,
        letter.subject,
        letter.html,
        letter.in_reply_to,
        bundle_id,
    )
    return hashlib.sha256(repr(said).encode()).hexdigest()
