"""The files that a message carries: its own, else those of its wording."""

from __future__ import annotations

import re
from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from sales_campaigns.content.attachments import encoded_size, size_words
from sales_campaigns.content.bundles import Parts, bundle_with, parts_of
from sales_campaigns.content.enclosing import enclose
from sales_campaigns.content.models import Attachment, AttachmentFile, Wording
from sales_campaigns.errors import Invalid
from sales_campaigns.messages.batch_sizes import MADE_AT_ONCE
from sales_campaigns.messages.models import Message

_MESSAGE_ID = re.compile(rb"^Message-ID:\s*(<[^<>\s]+>)", re.MULTILINE | re.IGNORECASE)


def bundle_of(session: Session, message: Message) -> int | None:
    """The bundle that goes with it, None for none. A wording read before is not read again."""
    if message.bundle_id is not None or message.wording_id is None:
        return message.bundle_id
    wording = session.get(Wording, message.wording_id)
    return wording.bundle_id if wording is not None else None


def with_files(
    session: Session, message: Message, mime: bytes, known: dict[int, Parts] | None = None
) -> bytes:
    """The whole mail: `mime` with its files. Raises Invalid when one of them is no longer there."""
    bundle_id = bundle_of(session, message)
    if bundle_id is None:
        return mime
    return enclose(mime, _name_in(mime), parts_of(session, bundle_id, {} if known is None else known))


def carried(
    session: Session, message: Message, mime: bytes, known: dict[int, Parts], *, most: int | None
) -> bytes:
    """The same of a mail that is about to leave. The rule: what is over the channel's limit of `most` bytes does not
    leave; somebody mends it.
    """
    whole = with_files(session, message, mime, known)
    if most is not None and len(whole) > most:
        raise Invalid(
            f"The mail has {size_words(len(whole))} with its files; the mail server takes {size_words(most)}."
        )
    return whole


def _name_in(mime: bytes) -> str:
    """The Message-ID that we gave it: the row may hold the one that its provider gave it instead."""
    named = _MESSAGE_ID.search(mime)
    assert named is not None, "every mail of ours has a name"
    return named[1].decode()


def own_bundle(session: Session, team_id: int, wording_id: int | None, chosen: int | None) -> int | None:
    """What a message says of the files a rep chose for it. None at all is a choice too, where its wording has some."""
    wording = session.get(Wording, wording_id) if wording_id is not None else None
    theirs = wording.bundle_id if wording is not None else None
    if chosen == theirs:
        return None
    return bundle_with(session, team_id, []) if chosen is None else chosen


def made_at_once(session: Session, message_ids: Iterable[int], most: int) -> int:
    """How many of these mails may be held in memory together: `most` of them, fewer where their files are large."""
    carried = (
        sa.select(sa.func.coalesce(Message.bundle_id, Wording.bundle_id).label("bundle_id"))
        .select_from(Message)
        .outerjoin(Wording, Wording.id == Message.wording_id)
        .where(Message.id.in_(list(message_ids)))
        .distinct()
        .subquery()
    )
    sizes = (
        sa.select(sa.func.sum(AttachmentFile.size).label("size"))
        .select_from(carried)
        .join(Attachment, Attachment.bundle_id == carried.c.bundle_id)
        .join(AttachmentFile, AttachmentFile.id == Attachment.file_id)
        .group_by(carried.c.bundle_id)
        .subquery()
    )
    largest = session.scalar(sa.select(sa.func.max(sizes.c.size)))
    return max(1, min(most, MADE_AT_ONCE // encoded_size(int(largest)))) if largest else most
