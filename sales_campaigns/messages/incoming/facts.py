"""What a raw mail says of itself: names, addresses, headers, the words. Pure, and never raises for a broken mail."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message as Parsed
from email.utils import getaddresses
from html import escape

from sales_campaigns.content.html import sanitise, to_text

LONGEST_TEXT = 50_000
LONGEST_NAME = 255
LONGEST_HEADER = 20_000  # characters; reading one takes the square of its length
DEEPEST = 50  # parts within parts
NEAREST, FIRST = 40, 10  # of the mails that one says it answers; what began a thread is often ours
_MESSAGE_ID = re.compile(r"<[^<>\s]+>")
_FOLDS = re.compile(r"[\x00-\x1f\x7f\s]+")


@dataclass(frozen=True, slots=True)
class Facts:
    """`sender` is lower-cased, without its name; `answered` are Message-IDs, the nearest first, and of more than
    fifty those at both ends.

    `headers` hold every header once, by its lower-cased name, decoded; `text` is the whole text, quotes included.
    `invitation` is what a calendar's answer says: "accepted", "declined", "tentative", or "".
    """

    message_id: str = ""
    sender: str = ""
    sender_name: str = ""
    subject: str = ""
    answered: tuple[str, ...] = ()
    references: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    invitation: str = ""


def parsed(raw: bytes) -> Parsed:
    """With its parts; one that nests them deeper than anybody does has headers and no parts."""
    try:
        mail = message_from_bytes(raw, policy=policy.compat32)
    except RecursionError:
        return _head_of(raw)
    return _head_of(raw) if _too_deep(mail) else mail


def _head_of(raw: bytes) -> Parsed:
    return message_from_bytes(
        raw.replace(b"\r\n", b"\n").partition(b"\n\n")[0] + b"\n\n", policy=policy.compat32
    )


def _too_deep(mail: Parsed) -> bool:
    level = [mail]
    for _ in range(DEEPEST):
        payloads = (part.get_payload() for part in level)
        level = [
            one for some in payloads if isinstance(some, list) for one in some if isinstance(one, Parsed)
        ]
    return bool(level)


def facts_of(mail: Parsed) -> Facts:
    written = {name.lower(): _plain(value) for name, value in reversed(list(mail.raw_items()))}
    headers = {name: decoded(value) for name, value in written.items()}
    name, address = _first_address(written.get("from", ""))
    references = ids_in(headers.get("references", ""))
    answered = [*dict.fromkeys([*ids_in(headers.get("in-reply-to", "")), *reversed(references)])]
    return Facts(
        message_id=next(iter(ids_in(headers.get("message-id", ""))), "")[:LONGEST_NAME],
        sender=address.strip().lower()[:320],
        sender_name=decoded(name)[:LONGEST_NAME],
        subject=headers.get("subject", "")[:1000],
        answered=tuple(dict.fromkeys(answered[:NEAREST] + answered[-FIRST:])),
        references=" ".join(references),
        headers=headers,
        text=text_of(mail)[:LONGEST_TEXT],
        invitation=_invitation(mail),
    )


def _first_address(written: str) -> tuple[str, str]:
    """Name and address; a name may hide a comma."""
    try:
        return next(iter(getaddresses([written[:LONGEST_HEADER]])), ("", ""))
    except RecursionError:  # brackets within brackets within brackets
        return "", ""


def decoded(value: object) -> str:
    """One header in readable characters, on one line; what cannot be read stays as it is."""
    written = str(value)[:LONGEST_HEADER]
    try:
        parts = decode_header(written)
    except (HeaderParseError, ValueError):
        parts = [(written, None)]
    words = (part if isinstance(part, str) else _characters(part, charset) for part, charset in parts)
    return _FOLDS.sub(" ", "".join(words)).strip()


def _plain(raw: object) -> str:
    """A header as it stands in the mail; one that holds bytes beyond ASCII is UTF-8, or else Latin-1."""
    return _characters(str(raw).encode("utf-8", "surrogateescape"), None)


def ids_in(header: str) -> list[str]:
    return _MESSAGE_ID.findall(header)


def text_of(mail: Parsed) -> str:
    """The text part; where there is none, the HTML part in words."""
    plain = next(_parts(mail, "text/plain"), None)
    if plain is not None and (words := content_of(plain).strip()):
        return words.replace("\r\n", "\n")
    html = next(_parts(mail, "text/html"), None)
    return to_text(sanitise(content_of(html)[: 10 * LONGEST_TEXT])) if html is not None else ""


def html_of(mail: Parsed) -> str:
    """The HTML part; where there is none, the text in paragraphs. Not sanitised."""
    html = next(_parts(mail, "text/html"), None)
    if html is not None:
        return content_of(html)
    return "<br>".join(escape(line, quote=False) for line in text_of(mail).split("\n"))


def content_of(part: Parsed) -> str:
    """The text of one part, whatever its charset claims."""
    payload = part.get_payload(decode=True)
    return _characters(payload, part.get_content_charset()) if isinstance(payload, bytes) else ""


def _characters(raw: bytes, charset: str | None) -> str:
    for one in (charset, "utf-8"):
        try:
            return raw.decode(one or "utf-8").replace("\x00", "")
        except (LookupError, UnicodeDecodeError):
            continue
    return raw.decode("latin-1").replace("\x00", "")


def _parts(mail: Parsed, kind: str) -> Iterator[Parsed]:
    """The parts of this type, but not those of a mail that is attached, nor attached files."""
    if mail.get_content_maintype() == "multipart":
        for part in mail.get_payload():
            if isinstance(part, Parsed):
                yield from _parts(part, kind)
    elif mail.get_content_type() == kind and not str(mail.get("content-disposition", "")).startswith(
        "attach"
    ):
        yield mail


def _invitation(mail: Parsed) -> str:
    """RFC 5546: the answer to an invitation is a calendar of METHOD:REPLY with one PARTSTAT."""
    for part in _parts(mail, "text/calendar"):
        words = re.sub(r"\r?\n[ \t]", "", content_of(part)).upper()
        found = re.search(r"PARTSTAT=(ACCEPTED|DECLINED|TENTATIVE)", words)
        if found and re.search(r"^METHOD:REPLY\s*$", words, re.MULTILINE):
            return found[1].lower()
    return ""
