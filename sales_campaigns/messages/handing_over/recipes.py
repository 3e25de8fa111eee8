"""What a mail of a bulk lane is made of: kept instead of its bytes, which are made from it again, the very same.

A recipe holds what may change later (names, addresses, field values, signature, the instant); wordings never do. The
boundary follows from the Message-ID. The hash of the bytes that left is the proof. The form says how they are written
(`mime.build`); recipes of the first one do not name it.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy.orm import Session, undefer

from sales_campaigns.content.liquid import parse
from sales_campaigns.content.mime import FORM, Letter, build
from sales_campaigns.content.models import Wording
from sales_campaigns.content.rendering import Content, Rendered, needs_of, render
from sales_campaigns.content.wordings import content_of
from sales_campaigns.errors import Invalid
from sales_campaigns.messages.letters.carrying import with_files
from sales_campaigns.messages.letters.marks import Marks, dressed, stored_marks
from sales_campaigns.messages.letters.writing import Parties, outer_letter, recipient_name, signed
from sales_campaigns.messages.models import Message

Recipe = dict[str, Any]

_ALONE, _LARGE = 2_047, 16_384  # bytes


def has_recipe(message: Message) -> bool:
    """Whether the wording is all it says: nothing edited, no files of its own, nothing quoted, no thread, no test."""
    edited = (message.edited_html, message.edited_subject, message.bundle_id)
    other = (*edited, message.follows_id, message.replies_to_id)
    return message.wording_id is not None and not any(one is not None for one in other) and not message.proof


def recipe_of(
    message: Message,
    parties: Parties,
    content: Content,
    at: datetime,
    marks: Marks | None = None,
    cc: str = "",
) -> Recipe:
    """Only the values that content and signature use are kept. The files are those of the wording."""
    signature = parties.mailbox.signature_html
    names = needs_of(content).used | parse(signature, part="html", html=True).names
    return recipe_from(
        at=at,
        zone=parties.sender.zone,
        sender=(parties.sender.name, parties.mailbox.address),
        recipient=(recipient_name(message, parties), parties.person.email),
        values={name: value for name, value in parties.values.items() if name in names},
        signature=signature,
        marks=marks,
        cc=cc,
    )


def recipe_from(
    *,
    at: datetime,
    zone: str,
    sender: tuple[str, str],
    recipient: tuple[str, str],
    values: dict[str, str],
    signature: str,
    marks: Marks | None,
    cc: str = "",
) -> Recipe:
    """Plain JSON; `sender` and `recipient` are (name, address)."""
    made = {
        "form": FORM,
        "at": _written(at),
        "zone": zone,
        "from": list(sender),
        "to": list(recipient),
        "cc": cc,
        "values": values,
        "signature": signature,
    }
    return {**made, "marks": stored_marks(marks)} if marks else made


def letter_of(recipe: Recipe, content: Content, message_id: str) -> Letter:
    """The letter that this recipe makes. Raises as `render`."""
    own = signed(render(content, recipe["values"]), recipe["signature"], recipe["values"])
    marks = Marks(**recipe["marks"]) if "marks" in recipe else None
    return letter_around(dressed(own, content.html, marks, recipe["from"][1]), recipe, message_id, marks)


def letter_around(body: Rendered, recipe: Recipe, message_id: str, marks: Marks | None) -> Letter:
    """The letter of this recipe with a body that is finished."""
    return outer_letter(
        body,
        message_id=message_id,
        date=_instant(recipe["at"]),
        zone=recipe["zone"],
        sender=tuple(recipe["from"]),
        recipient=tuple(recipe["to"]),
        cc=recipe["cc"],
        marks=marks,
    )


def with_seal(recipe: Recipe, seal: bytes) -> Recipe:
    """What stood before everything else (`Postmark.seal`) is kept: the key it was made with may be replaced."""
    return {**recipe, "seal": seal.decode()} if seal else recipe


@lru_cache(maxsize=100)
def _written(at: datetime) -> str:
    return at.isoformat()


@lru_cache(maxsize=100)
def _instant(written: str) -> datetime:
    """The same in every mail of a batch."""
    return datetime.fromisoformat(written)


def hash_of(mime: bytes) -> bytes:
    """SHA-256. Of more than 2,047 bytes at once Python lets another thread go on: for a usual mail, which takes
    microseconds, waiting for one's turn again would take longer than the hash.
    """
    if len(mime) > _LARGE:
        return hashlib.sha256(mime).digest()
    digest = hashlib.sha256()
    for begin in range(0, len(mime), _ALONE):
        digest.update(mime[begin : begin + _ALONE])
    return digest.digest()


def made_again(session: Session, message: Message, recipe: Recipe, expected: bytes | None) -> bytes:
    """The bytes that left. Raises Invalid when what is made now is not what left."""
    assert message.message_id is not None
    content = content_of(session.get(Wording, message.wording_id))
    letter = letter_of(recipe, content, message.message_id)
    whole = with_files(session, message, build(letter, recipe.get("form", 1)))
    return checked(recipe.get("seal", "").encode() + whole, expected)


def as_it_left(
    session: Session, message: Message, bare: bytes | None, expected: bytes | None
) -> bytes | None:
    """The bytes that left, from those that are kept; None while nothing was handed over. Raises as `made_again`."""
    if bare is None or expected is None:  # it carries no files
        return bare
    return checked(with_files(session, message, bare), expected)


def copy_to_file(session: Session, message_id: int) -> bytes | None:
    """The bytes of a mail that left, for the folder of sent mails; None where they cannot be made again."""
    undeferred = (undefer(Message.mime), undefer(Message.mime_hash))
    message = session.get_one(Message, message_id, options=undeferred)
    try:
        return as_it_left(session, message, message.mime, message.mime_hash)
    except Invalid:
        return None


def checked(mime: bytes, expected: bytes | None) -> bytes:
    """The bytes, if they are those that left. Raises Invalid."""
    if hash_of(mime) != expected:
        raise Invalid("This mail left in a form that this version of the product no longer makes.")
    return mime
