"""Answering in a thread: the subject of a follow-up, and the quoted copy of the mail before it."""

from __future__ import annotations

import html as entities
import re
from datetime import datetime

from sales_campaigns.content.characters import one_line
from sales_campaigns.content.rendering import Rendered

# What mail programs put before the subject of an answer or a forwarded mail, in the languages they speak.
_PREFIXES = (
    "re|aw|antw|sv|vs|fw|fwd|wg|vl|vb|rv|res|enc|tr|rif|ynt|ilt|odp|doorst|i|r"
    "|回复|回覆|答复|转发|轉寄|답장|返信|転送"
)
_PREFIX = re.compile(rf"^\s*(?:{_PREFIXES})\s*(?:\[\d+\]|\(\d+\)|\^\d+)?\s*[:：]\s*", re.IGNORECASE)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_BLOCK = "margin:0 0 0 0.8ex;border-left:1px solid #cccccc;padding-left:1ex"


def reply_subject(subject: str) -> str:
    """Return exactly one `Re: ` and the subject without the prefixes that it already has, however many."""
    bare = one_line(subject)
    while match := _PREFIX.match(bare):
        bare = bare[match.end() :]
    return f"Re: {bare}"


def quote(
    new: Rendered, previous: Rendered, *, sent_local: datetime, sender_name: str, sender_email: str
) -> Rendered:
    """Return `new` with a quoted copy of `previous` under it; the subject stays `new`'s.

    `sent_local`: when the previous mail left, aware, in the zone to print. A `previous` that is itself
    quoted carries its chain along.
    """
    line = _attribution(sent_local, one_line(sender_name), sender_email)
    block = f'<blockquote style="{_BLOCK}">{previous.html}</blockquote>'
    html = f'{new.html}<div class="quote"><p>{entities.escape(line, quote=False)}</p>{block}</div>'
    return Rendered(new.subject, html, f"{new.text}\n\n{line}\n{_indented(previous.text)}")


def _attribution(at: datetime, name: str, email: str) -> str:
    """Weekday and month are written out here, because `strftime` follows the locale of the machine."""
    day = f"{_DAYS[at.weekday()]}, {at.day} {_MONTHS[at.month - 1]} {at.year}"
    who = f"{name} <{email}>" if name else email
    return f"On {day} at {at:%H:%M} ({_zone(at)}), {who} wrote:"


def _zone(at: datetime) -> str:
    offset = f"UTC{at:%z}"
    name = at.tzname() or ""
    return f"{name}, {offset}" if name.isalpha() and name != "UTC" else offset


def _indented(text: str) -> str:
    return "\n".join(
        ">" + ("" if line.startswith(">") or not line else " ") + line for line in text.split("\n")
    )
