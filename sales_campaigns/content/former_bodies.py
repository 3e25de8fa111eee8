"""The parts of mails that left before `bodies` was: the same that the standard library writes. Their recipes make them.

Which encoding a text gets follows the library's own choice (email.contentmanager): as it is where it is ASCII in
short lines, else whichever of quoted-printable and base64 is shorter for the beginning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.quoprimime import body_encode

from sales_campaigns.content.bodies import in_base64, part_head

_WIDTH = 78  # of the library's policy
_SNIFFED = 10  # lines by which the encoding is chosen
_ESCAPE = ord("=")
_USUAL = re.compile(rb"(?:[\t -~]*[!-~])?")


def part_of(text: str, subtype: str) -> bytes:
    """Headers and body of a text part, CRLF line ends, the last line ended. `text` ends with a line break."""
    encoding, body = _encoded(text.encode().splitlines())
    return part_head(encoding, subtype) + body


def _quoted(line: bytes) -> bytes:
    """One line in quoted-printable, soft line breaks in it, without its end."""
    if _USUAL.fullmatch(line) is None:  # letters beyond ASCII, or white space at the end
        return body_encode(line.decode("latin-1"), _WIDTH).replace("\n", "\r\n").encode()
    escaped = line.replace(b"=", b"=3D")
    return escaped if len(escaped) <= _WIDTH else b"\r\n".join(_broken(escaped))


def _quoted_length(line: bytes) -> int:
    """Of one line in quoted-printable with its end, each line end being one character, as the choice counts it."""
    return len(line) - line.count(b"\r\n") + 1


def _shorter_in_base64(quoted_length: int, raw_length: int) -> bool:
    """Whether the beginning of a text is shorter in base64: its lengths in quoted-printable and raw, in bytes."""
    return quoted_length > (raw_length + 2) // 3 * 4 + 1


def _encoded(lines: list[bytes]) -> tuple[str, bytes]:
    crlf = b"\r\n".join(lines) + b"\r\n"
    if crlf.isascii() and max(map(len, lines), default=0) <= _WIDTH:
        return "7bit", crlf
    written = [_quoted(line) for line in lines]
    lengths = (sum(map(_quoted_length, written[:_SNIFFED])), sum(len(line) + 2 for line in lines[:_SNIFFED]))
    if _shorter_in_base64(*lengths):
        return "base64", in_base64(crlf)
    return "quoted-printable", b"\r\n".join(written) + b"\r\n"


def _broken(line: bytes) -> Iterator[bytes]:
    """Where the library breaks a line: never within an escape."""
    start, last = 0, len(line) - _WIDTH - 1
    while start <= last:
        stop = start + _WIDTH - 1
        if line[stop - 2] == _ESCAPE:
            stop -= 1
        elif line[stop - 1] != _ESCAPE:
            yield line[start:stop] + b"="
            start = stop
            continue
        yield line[start:stop]
        start = stop - 1
    yield line[start:]
