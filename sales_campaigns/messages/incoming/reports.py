"""What servers report about a mail of ours: bounces (RFC 3464), delays, and spam complaints (RFC 5965). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email import message_from_string
from email.message import Message as Parsed
from enum import StrEnum

from sales_campaigns.messages.incoming.facts import LONGEST_TEXT, content_of, decoded, ids_in, text_of

LONGEST_WORDS = 500
ACTIONS = {"failed", "delayed", "delivered", "relayed", "expanded"}
_ENHANCED = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_CODE = re.compile(r"(?:^|[\s;:#(])([245]\d\d)[\s\-:#)]")
# Bounded, so that a text without end takes time by its length and not by the square of it.
_ADDRESS = re.compile(r"<?([^\s<>;,()\"]{1,128}@[^\s<>;,()\"]{1,255}\w)>?")
_FROM_A_SERVER = re.compile(r"mailer-daemon|postmaster|mail delivery (?:system|subsystem)", re.IGNORECASE)
_OLD_BOUNCE = re.compile(
    r"qmail-send|undeliver|returned mail|delivery (?:status notification|has failed|failure)|failure notice"
    r"|delivery failed|unzustellbar|non remis|no se pudo entregar",
    re.IGNORECASE,
)


class ReportKind(StrEnum):
    DELIVERED = "delivered"
    DELAYED = "delayed"
    FAILED = "failed"
    COMPLAINT = "complaint"


@dataclass(frozen=True, slots=True)
class Report:
    """One recipient of one mail: `code` and `enhanced` (RFC 3463) as the server gave them, `words` its own text.

    `original_message_id` is that of our mail, "" where the report does not show it; `recipient` lower-cased.
    """

    kind: ReportKind
    code: int | None = None
    enhanced: str = ""
    words: str = ""
    original_message_id: str = ""
    recipient: str = ""


def reports_of(mail: Parsed) -> tuple[Report, ...]:
    """Every recipient that the mail reports on; empty when it is no report."""
    original = _original(mail)
    for part in mail.walk():
        if part.get_content_type() == "message/feedback-report":
            return _complaints(_fields(part), original)
        if part.get_content_type() in ("message/delivery-status", "message/global-delivery-status"):
            return tuple(_delivery_reports(part, original))
    return _old_bounce(mail, original)


def _complaints(groups: list[Mapping[str, str]], original: Mapping[str, str]) -> tuple[Report, ...]:
    """Anything but “not spam” is a complaint."""
    said = {name: value for group in groups for name, value in group.items()}
    feedback = said.get("feedback-type", "abuse").lower()
    if feedback == "not-spam":
        return ()
    recipient = _address(said.get("original-rcpt-to", "") or original.get("to", ""))
    words = f"reported as {'spam' if feedback == 'abuse' else feedback}"
    return (Report(ReportKind.COMPLAINT, None, "", words, original.get("id", ""), recipient),)


def _delivery_reports(part: Parsed, original: Mapping[str, str]) -> Iterator[Report]:
    """A report that does not show our mail still names it where the server kept our ENVID (RFC 3461)."""
    groups = _fields(part)
    named = original.get("id") or _by_envelope(groups)
    for group in groups:
        action = group.get("action", "").lower()
        if action not in ACTIONS:
            continue
        diagnostic = group.get("diagnostic-code", "").partition(";")[2].strip() or group.get(
            "diagnostic-code", ""
        )
        enhanced = _first(_ENHANCED, group.get("status", "")) or _first(_ENHANCED, diagnostic)
        code = _first(_CODE, f" {diagnostic} ")
        kind = {"failed": ReportKind.FAILED, "delayed": ReportKind.DELAYED}.get(action, ReportKind.DELIVERED)
        recipient = _address(group.get("original-recipient", "")) or _address(
            group.get("final-recipient", "")
        )
        words = (diagnostic or group.get("status", ""))[:LONGEST_WORDS]
        yield Report(kind, int(code) if code else None, enhanced, words, named, recipient)


def _by_envelope(groups: list[Mapping[str, str]]) -> str:
    """Our ENVID is the Message-ID without its brackets."""
    id = next((group["original-envelope-id"] for group in groups if "original-envelope-id" in group), "")
    return f"<{id.strip()}>" if "@" in id else ""


def returned_as(mail: Parsed) -> tuple[Report, ...]:
    """What a server's mail says that came to a return path of ours: it need not look like a report to be one."""
    sender = decoded(mail.get("from", ""))
    if _address(sender) and not _FROM_A_SERVER.search(sender):
        return ()
    return _in_words(mail, {}, text_of(mail)[:LONGEST_TEXT])


def _old_bounce(mail: Parsed, original: Mapping[str, str]) -> tuple[Report, ...]:
    """A bounce from before RFC 3464, such as qmail's: from a server's own address, with a code in its text."""
    sender, subject = decoded(mail.get("from", "")), decoded(mail.get("subject", ""))
    if not _FROM_A_SERVER.search(sender):
        return ()
    text = text_of(mail)[:LONGEST_TEXT]
    return _in_words(mail, original, text) if _OLD_BOUNCE.search(f"{subject}\n{text}") else ()


def _in_words(mail: Parsed, original: Mapping[str, str], text: str) -> tuple[Report, ...]:
    failed = text.partition("--- Below this line")[0]
    enhanced, code = _first(_ENHANCED, failed), _first(_CODE, failed)
    named = original.get("id") or next(iter(_named(text)), "")
    words = next((line.strip() for line in failed.splitlines() if _ENHANCED.search(line)), failed.strip())
    recipient = _address(decoded(mail.get("x-failed-recipients", ""))) or _address(failed)
    return (
        Report(
            ReportKind.FAILED, int(code) if code else None, enhanced, words[:LONGEST_WORDS], named, recipient
        ),
    )


def _named(text: str) -> list[str]:
    found = re.search(r"^message-id:(.*(?:\n[ \t].*)?)", text, re.IGNORECASE | re.MULTILINE)
    return ids_in(found[1]) if found else []


def _original(mail: Parsed) -> dict[str, str]:
    """Message-ID and first recipient of the mail that is reported on, whole or its headers only."""
    for part in mail.walk():
        headers: Parsed | None = None
        if part is not mail and part.get_content_type() in ("message/rfc822", "message/global"):
            headers = next((one for one in part.get_payload() if isinstance(one, Parsed)), None)
        elif part.get_content_type() in ("text/rfc822-headers", "message/global-headers"):
            headers = _read_headers(part)
        if headers is not None and headers.get("message-id"):
            ids = ids_in(decoded(headers["message-id"]))
            return {"id": ids[0] if ids else "", "to": decoded(headers.get("to", ""))}
    return {}


def _read_headers(part: Parsed) -> Parsed:
    payload = part.get_payload()
    nested = (
        next((one for one in payload if isinstance(one, Parsed)), None) if isinstance(payload, list) else None
    )
    return nested if nested is not None else message_from_string(content_of(part).lstrip())


def _fields(part: Parsed) -> list[Mapping[str, str]]:
    """The groups of `Name: value` lines of a status part, names lower-cased."""
    payload = part.get_payload()
    if isinstance(payload, list):
        groups = [one for one in payload if isinstance(one, Parsed)]
        return [{name.lower(): decoded(value) for name, value in group.items()} for group in groups]
    blocks = re.split(r"\n\s*\n", content_of(part).replace("\r\n", "\n"))
    return [
        {name.lower(): decoded(value) for name, value in message_from_string(block.strip() + "\n").items()}
        for block in blocks
    ]


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""


def _address(written: str) -> str:
    found = _ADDRESS.search(written.rpartition(";")[2] if ";" in written else written)
    return found[1].lower() if found else ""
