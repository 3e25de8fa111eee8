"""From a message's row to the letter that leaves: rendered for its person, in thread, quoted, signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from sales_campaigns.accounts.models import Mailbox, User
from sales_campaigns.content.fields import merge_values
from sales_campaigns.content.mime import Letter, host_of
from sales_campaigns.content.models import Wording
from sales_campaigns.content.quoting import quote, reply_subject
from sales_campaigns.content.rendering import Content, Rendered, render, render_html, with_signature
from sales_campaigns.content.wordings import content_of as wording_content
from sales_campaigns.messages.incoming.models import ReceivedMail
from sales_campaigns.messages.incoming.reading import copy_of
from sales_campaigns.messages.letters.marks import Marks, dressed, headers_of
from sales_campaigns.messages.models import Message
from sales_campaigns.messages.states import LEFT
from sales_campaigns.people.models import Person
from sales_campaigns.ports import ThreadPlace


@dataclass(frozen=True, slots=True)
class Parties:
    """Who writes to whom, and the values their fields give."""

    person: Person
    sender: User
    mailbox: Mailbox
    values: dict[str, str]


def parties_of(session: Session, message: Message) -> Parties:
    person = session.get_one(Person, message.person_id)
    sender = session.get_one(User, message.sender_id)
    mailbox = session.get_one(Mailbox, message.mailbox_id)
    return Parties(person, sender, mailbox, values_of(person, sender, mailbox))


def values_of(person: Person, sender: User, mailbox: Mailbox | None = None) -> dict[str, str]:
    """The fields a mail of this sender to this person can use; blank ones are absent."""
    return merge_values(
        {
            "first_name": person.first_name,
            "last_name": person.last_name,
            "full_name": f"{person.first_name} {person.last_name}".strip(),
            "email": person.email,
            "company": person.company,
            "title": person.title,
            "phone": person.phone,
            "linkedin_url": person.linkedin_url,
            "time_zone": person.zone,
        },
        person.custom or {},
        sender_values(sender, mailbox),
    )


def sender_values(sender: User, mailbox: Mailbox | None) -> dict[str, str]:
    """What the fields of the sender are filled with, as the profile says."""
    return {
        "my_name": sender.name,
        "my_first_name": sender.first_name,
        "my_last_name": sender.last_name,
        "my_email": mailbox.address if mailbox else sender.email,
        "my_title": sender.title,
        "my_phone": sender.phone,
    }


def content_of(session: Session, message: Message, *, edited: bool) -> Content:
    """What the message says: its wording, with the rep's own words over it where `edited`."""
    wording = session.get(Wording, message.wording_id) if message.wording_id else None
    content = wording_content(wording)
    if not edited:
        return content
    if message.edited_html is not None:
        content = replace(content, html=message.edited_html, text="")
    if message.edited_subject is not None:
        content = replace(content, subject=message.edited_subject)
    return content


def write_letter(
    session: Session,
    message: Message,
    parties: Parties,
    at: datetime,
    marks: Marks | None = None,
    cc: str = "",
) -> Letter:
    """The letter as it leaves at `at`, with copies to `cc` (addresses, spaces between).

    Raises MissingFields or Invalid when it cannot be made for this person.
    """
    body = rendered(session, message, parties, marks)
    in_reply_to, references = _thread(session, message)
    letter = outer_letter(
        replace(body, subject=f"{proof_prefix(message)}{body.subject}"),
        message_id=message.message_id or name_message(message, parties.mailbox),
        date=at,
        zone=parties.sender.zone,
        sender=(parties.sender.name, parties.mailbox.address),
        recipient=(
            recipient_name(message, parties),
            message.email if message.proof else parties.person.email,
        ),
        cc=cc,
        marks=marks,
    )
    return replace(letter, in_reply_to=in_reply_to, references=references)


def outer_letter(
    body: Rendered,
    *,
    message_id: str,
    date: datetime,
    zone: str,
    sender: tuple[str, str],
    recipient: tuple[str, str],
    cc: str,
    marks: Marks | None = None,
) -> Letter:
    """What stands around the words; `sender` and `recipient` are (name, address)."""
    return Letter(
        message_id=message_id,
        date=date,
        zone=zone,
        from_name=sender[0],
        from_email=sender[1],
        to_name=recipient[0],
        to_email=recipient[1],
        cc=tuple(cc.split()),
        subject=body.subject,
        html=body.html,
        text=body.text,
        headers=headers_of(marks, sender[1]),
    )


def proof_prefix(message: Message) -> str:
    """The rule: proofs are numbered, with a prefix in the subject. A seed looks as it does for a recipient."""
    if not message.proof:
        return ""
    if message.proof_of is None:
        return "[Test] "
    variant = f", variant {message.variant}" if message.variant else ""
    return f"[Proof {message.proof_number}{variant}] " if message.proof_number else ""


def recipient_name(message: Message, parties: Parties) -> str:
    if message.proof:
        return "" if message.proof_of else parties.sender.name
    return parties.person.name if parties.person.first_name else ""


def followed(session: Session, message: Message) -> Message | None:
    """The mail this one answers to, if that one really left; otherwise it begins a thread of its own."""
    if message.follows_id is None:
        return None
    earlier = session.get(Message, message.follows_id)
    return earlier if earlier is not None and earlier.state in LEFT else None


def rendered(session: Session, message: Message, parties: Parties, marks: Marks | None = None) -> Rendered:
    """Subject, HTML and text as the person gets them, signature and quoted chain included."""
    content = content_of(session, message, edited=True)
    own = signed(render(content, parties.values), parties.mailbox.signature_html, parties.values)
    new = dressed(own, content.html, marks, parties.mailbox.address)
    received = replied(session, message)
    if received is not None:
        subject = new.subject or reply_subject(received.subject)
        return replace(_quoting(session, new, message, received), subject=subject)
    earlier = followed(session, message)
    if earlier is None:
        return replace(new, subject=new.subject or _borrowed_subject(session, message, parties))
    subject = new.subject or reply_subject(earlier.subject)
    return replace(_with_quote(session, new, message, earlier, parties), subject=subject)


def signed(body: Rendered, signature_html: str, values: Mapping[str, str]) -> Rendered:
    return with_signature(body, render_html(signature_html, values)) if signature_html.strip() else body


def replied(session: Session, message: Message) -> ReceivedMail | None:
    """The received mail that this one answers."""
    return session.get(ReceivedMail, message.replies_to_id) if message.replies_to_id else None


def _quoting(session: Session, new: Rendered, message: Message, received: ReceivedMail) -> Rendered:
    """Under an answer stands what was received, as it was sent."""
    return quote(
        new,
        copy_of(session, received),
        sent_local=received.at.astimezone(ZoneInfo(message.zone)),
        sender_name=received.from_name,
        sender_email=received.from_email,
    )


def _with_quote(
    session: Session, new: Rendered, message: Message, earlier: Message, parties: Parties
) -> Rendered:
    """Under the new words a copy of the mail before: the campaign's wording of it, never the rep's edits."""
    if not message.quoted:
        return new
    as_sent = message.quoted == "sent"
    copy = render(content_of(session, earlier, edited=as_sent), parties.values)
    before = followed(session, earlier)
    if before is not None:
        copy = _with_quote(session, copy, earlier, before, parties)
    left_at = earlier.sent_at or earlier.due_at
    return quote(
        new,
        copy,
        sent_local=left_at.astimezone(ZoneInfo(message.zone)),
        sender_name=parties.sender.name,
        sender_email=parties.mailbox.address,
    )


def _borrowed_subject(session: Session, message: Message, parties: Parties) -> str:
    """A follow-up without a thread takes the subject that the mail before it would have had."""
    earlier = session.get(Message, message.follows_id) if message.follows_id else None
    if earlier is None:
        return ""
    if earlier.subject:
        return earlier.subject
    subject = render(content_of(session, earlier, edited=False), parties.values).subject
    return subject or _borrowed_subject(session, earlier, parties)


def _thread(session: Session, message: Message) -> tuple[str | None, tuple[str, ...]]:
    received = replied(session, message)
    if received is not None and received.message_id:
        return received.message_id, (*received.references.split(), received.message_id)
    return thread_of(followed(session, message))


def place_of(session: Session, message: Message) -> ThreadPlace | None:
    """Where it stands in a conversation, in the names of its own mailbox: another mailbox has other ones."""
    before = replied(session, message) or followed(session, message)
    if before is None or before.thread_id is None or before.mailbox_id != message.mailbox_id:
        return None
    name = before.uid if isinstance(before, ReceivedMail) else before.provider_id
    return ThreadPlace(before.thread_id, name)


def thread_of(earlier: Message | None) -> tuple[str | None, tuple[str, ...]]:
    """In-Reply-To and References after this earlier mail (RFC 5322, section 3.6.4)."""
    if earlier is None or earlier.message_id is None:
        return None, ()
    return earlier.message_id, (*earlier.references.split(), earlier.message_id)


def name_message(message: Message, mailbox: Mailbox) -> str:
    """The message's own name, committed before anything is handed over."""
    return name_of(message.id, message.generation, message.created_at, mailbox)


def name_of(message_id: int, generation: int, created_at: datetime, mailbox: Mailbox) -> str:
    """The same of a row without the object."""
    unique = f"{message_id}.{generation}.{_stamp(created_at)}"
    return f"<{unique}@{host_of(mailbox.address.rpartition('@')[2])}>"


@lru_cache(maxsize=1_000)
def _stamp(created_at: datetime) -> str:
    """The same of all that were written together."""
    return f"{created_at:%Y%m%d%H%M%S}"
