"""What may go with a mail as a file: names and kinds as they leave, sizes, and what is refused. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from mimetypes import MimeTypes

from sales_campaigns.content.characters import one_line
from sales_campaigns.errors import Invalid

MEGABYTE = 1024 * 1024
MOST_BYTES = 23 * MEGABYTE  # the rule: attach files, at most 23 MB; in all, for one mail
MOST_FILES = 20
LONGEST_NAME = 200
UNKNOWN = "application/octet-stream"
# What large providers send back unread, also inside an archive. A link takes its place.
PROGRAMS = frozenset(
    {
        "ade", "adp", "apk", "appx", "bat", "cab", "chm", "cmd", "com", "cpl", "dll", "dmg", "exe", "hta", "ins",
        "iso", "isp", "jar", "js", "jse", "lib", "lnk", "mde", "msc", "msi", "msix", "msp", "mst", "pif", "ps1",
        "scr", "sct", "shb", "sys", "vb", "vbe", "vbs", "vhd", "vxd", "wsc", "wsf", "wsh",
    }
)  # fmt: skip
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,60}")
# The parts of these are read as mails and may not be written in base64 (RFC 2046, section 5).
_MAILS = ("message/", "multipart/")
_KNOWN = MimeTypes()  # what Python knows: the tables of a machine would make other bytes


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as somebody chose it: the name and the kind are what the browser says."""

    name: str
    media_type: str
    content: bytes


def clean_name(raw: str) -> str:
    """The name alone: no folders, no line breaks or overrides, at most 200 characters with its ending kept."""
    name = one_line(re.split(r"[/\\]", one_line(raw))[-1]).strip(". ").replace('"', "'")
    stem, dot, ending = name.rpartition(".")
    if len(name) > LONGEST_NAME and dot and len(ending) < 20:
        return f"{stem[: LONGEST_NAME - len(ending) - 1].rstrip()}.{ending}"
    return name[:LONGEST_NAME].rstrip() or "attachment"


def clean_type(raw: str, name: str) -> str:
    """The kind as the browser says it, else by the ending of the name; what could be read as a mail is a plain file."""
    said = raw.partition(";")[0].strip().lower()
    known = _TYPE.fullmatch(said) and said != UNKNOWN
    kind = said if known else (_KNOWN.guess_type(name)[0] or UNKNOWN)
    return UNKNOWN if kind.startswith(_MAILS) else kind


def refuse_uploads(uploads: Sequence[Upload], kept_sizes: Sequence[int]) -> None:
    """Raises Invalid({"attach": words}) for what cannot go along, beside files of `kept_sizes` bytes."""
    words = [words for upload in uploads if (words := _refused(upload))]
    sizes = [*kept_sizes, *(len(upload.content) for upload in uploads)]
    if len(sizes) > MOST_FILES:
        words.append(f"A mail carries at most {MOST_FILES} files; these are {len(sizes)}.")
    words += filter(None, [too_large(sizes)])
    if words:
        raise Invalid({"attach": " ".join(words)})


def too_large(sizes: Iterable[int], largest_mail: int | None = None) -> str:
    """Why files of these sizes cannot go in one mail, "" when they can. `largest_mail`: bytes the server takes."""
    total = sum(sizes)
    if total > MOST_BYTES:
        return (
            f"The files have {size_words(total)} in all; a mail carries {size_words(MOST_BYTES)} at most. "
            "Leave one out, or send a link to it."
        )
    if largest_mail is not None and encoded_size(total) > largest_mail:
        return (
            f"The files make a mail of {size_words(encoded_size(total))}; the mail server takes "
            f"{size_words(largest_mail)} at most. Leave one out, or send a link to it."
        )
    return ""


def encoded_size(total: int) -> int:
    """Bytes on the wire: 57 bytes become a line of 76 characters and its end."""
    return -(-total // 57) * 78


def size_words(size: int) -> str:
    """ "640 bytes", "12 KB", "3.4 MB": as people read it, in steps of 1,024."""
    if size < 1024:
        return f"{size} bytes"
    if size < MEGABYTE:
        return f"{size / 1024:.0f} KB"
    return f"{size / MEGABYTE:.1f}".removesuffix(".0") + " MB"


def _refused(upload: Upload) -> str:
    name = clean_name(upload.name)
    if not upload.content:
        return f"“{name}” is empty: there is nothing to send."
    if name.rpartition(".")[2].lower() in PROGRAMS and "." in name:
        return f"“{name}” is a program; mail servers send such mails back. Send a link to it instead."
    if _is_locked(upload.content):
        return f"“{name}” is locked with a password; mail servers send back what they cannot look into. Send a link."
    return ""


def _is_locked(content: bytes) -> bool:
    """An archive whose first file is encrypted, by the flags of its heading (ZIP, section 4.4.4)."""
    return content.startswith(b"PK\x03\x04") and len(content) > 6 and bool(content[6] & 1)
