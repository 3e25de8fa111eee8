"""The parts of a mail as bytes: the same that the standard library writes, at a twentieth of its price.

Which encoding a text gets follows the library's own choice (email.contentmanager): as it is where it is ASCII in
short lines, else whichever of quoted-printable and base64 is shorter for the beginning.
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections.abc import Iterator
from email.quoprimime import body_encode
from functools import lru_cache

WIDTH = 78  # of the library's policy
SNIFFED = 10  # lines by which the encoding is chosen
_BASE64_BYTES = WIDTH // 4 * 3
_ESCAPE = ord("=")
_USUAL = re.compile(rb"(?:[\t -~]*[!-~])?")


def part_of(text: str, subtype: str) -> bytes:
    """Headers and body of a text part, CRLF line ends, the last line ended. `text` ends with a line break."""
    encoding, body = _encoded(text.encode().splitlines())
    return part_head(encoding, subtype) + body


@lru_cache(maxsize=10)
def part_head(encoding: str, subtype: str) -> bytes:
    """The headers of a text part, with the empty line."""
    head = f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n'
    return head.encode()


def alternative(parts: tuple[bytes, ...], boundary: str) -> bytes:
    """The multipart/alternative of these parts, with the headers that announce it."""
    head = f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n'
    between = f"\r\n--{boundary}\r\n".encode()
    return b"".join((head.encode(), between[2:], between.join(parts), f"\r\n--{boundary}--\r\n".encode()))


def quoted(line: bytes) -> bytes:
    """One line in quoted-printable, soft line breaks in it, without its end."""
    if _USUAL.fullmatch(line) is None:  # letters beyond ASCII, or white space at the end
        return body_encode(line.decode("latin-1"), WIDTH).replace("\n", "\r\n").encode()
    escaped = line.replace(b"=", b"=3D")
    return escaped if len(escaped) <= WIDTH else b"\r\n".join(_broken(escaped))


def in_base64(body: bytes) -> bytes:
    """A whole body in base64, in lines as the library cuts them."""
    pieces = (body[start : start + _BASE64_BYTES] for start in range(0, len(body), _BASE64_BYTES))
    return b"".join(b2a_base64(piece, newline=False) + b"\r\n" for piece in pieces)


def quoted_length(line: bytes) -> int:
    """Of one line in quoted-printable with its end, each line end being one character, as the choice counts it."""
    return len(line) - line.count(b"\r\n") + 1


def shorter_in_base64(quoted_length: int, raw_length: int) -> bool:
    """Whether the beginning of a text is shorter in base64: its lengths in quoted-printable and raw, in bytes."""
    return quoted_length > (raw_length + 2) // 3 * 4 + 1


def _encoded(lines: list[bytes]) -> tuple[str, bytes]:
    crlf = b"\r\n".join(lines) + b"\r\n"
    if crlf.isascii() and max(map(len, lines), default=0) <= WIDTH:
        return "7bit", crlf
    written = [quoted(line) for line in lines]
    lengths = (sum(map(quoted_length, written[:SNIFFED])), sum(len(line) + 2 for line in lines[:SNIFFED]))
    if shorter_in_base64(*lengths):
        return "base64", in_base64(crlf)
    return "quoted-printable", b"\r\n".join(written) + b"\r\n"


def _broken(line: bytes) -> Iterator[bytes]:
    """Where the library breaks a line: never within an escape."""
    start, last = 0, len(line) - WIDTH - 1
    while start <= last:
        stop = start + WIDTH - 1
        if line[stop - 2] == _ESCAPE:
            stop -= 1
        elif line[stop - 1] != _ESCAPE:
            yield line[start:stop] + b"="
            start = stop
            continue
        yield line[start:stop]
        start = stop - 1
    yield line[start:]
