"""A mail as the Gmail API takes it: tagged with its key, hidden recipients named, in base64url. Pure."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from integrations.recipients import hidden_in
from sales_campaigns.errors import Outside, OutsideKind
from sales_campaigns.ports import OutgoingMail, ThreadPlace

KEY = "X-Sales-Campaigns-Key"
NO_SUCH_THREAD = (400, 404)  # an id of another mailbox, or of another provider before this one
MOST_BYTES = 25_000_000  # what Gmail takes of a message, attachments included


def body_of(mail: OutgoingMail) -> dict[str, Any]:
    """The resource Message. Raises Outside (message) for what cannot be sent at all."""
    whole = _with_hidden(mail)
    if len(mail.mime) > MOST_BYTES:
        raise Outside(OutsideKind.MESSAGE, f"Gmail takes mails of {MOST_BYTES // 1_000_000} MB at most.")
    return message_of(whole, mail.send_key, mail.thread)


def message_of(mime: bytes, send_key: str, thread: ThreadPlace | None) -> dict[str, Any]:
    """The resource Message of these bytes, tagged."""
    tagged = b"%s: %s\r\n%s" % (KEY.encode(), send_key.encode(), mime) if send_key else mime
    place = {"threadId": thread.thread_id} if thread and thread.thread_id else {}
    return {"raw": base64.urlsafe_b64encode(tagged).decode(), **place}


def without_thread(message: Mapping[str, Any]) -> dict[str, Any]:
    """Gmail threads by its own thread id, by References and by the subject; without the first the others still hold."""
    return {name: value for name, value in message.items() if name != "threadId"}


def raw_of(message: Mapping[str, Any]) -> bytes:
    """The bytes of a message that was asked for as raw."""
    written = str(message.get("raw", ""))
    return base64.urlsafe_b64decode(written + "=" * (-len(written) % 4))


def header_of(message: Mapping[str, Any], name: str) -> str:
    """One header of a message that was asked for as metadata; "" where there is none."""
    given = message.get("payload", {}).get("headers", [])
    return next(
        (str(one.get("value", "")) for one in given if one.get("name", "").lower() == name.lower()), ""
    )


def _with_hidden(mail: OutgoingMail) -> bytes:
    """Gmail has no envelope: it sends to whom the headers name, and takes Bcc out of what the others get."""
    hidden = hidden_in(mail)
    return b"Bcc: %s\r\n%s" % (", ".join(hidden).encode(), mail.mime) if hidden else mail.mime
