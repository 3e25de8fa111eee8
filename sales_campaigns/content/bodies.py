"""The parts of a mail as bytes: as it is where a text is ASCII in short lines, else in quoted-printable or base64.

In quoted-printable a line of HTML is broken behind every block, wherever its words would have it broken: so the same
words are written alike in many mails, whatever is filled in before them.
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from functools import lru_cache

SHORT = 78  # of a line that stands as it is (RFC 5322, section 2.1.1)
WIDTH = 75  # of an encoded line, which has room for the sign that it goes on (RFC 2045, section 6.7)
SOFT_BREAK = b"=\r\n"
_BASE64_BYTES = 57  # 76 characters
_ESCAPE = ord("=")
_LITERAL = bytes([*b"\t\r\n", *(code for code in range(32, 127) if code != _ESCAPE)])
_ESCAPED = re.compile(rb"[^\t -<>-~]")
_BLANK_END = re.compile(rb"[\t ]\Z")
_BLOCK_END = re.compile(rb"<br>|</(?:p|div|li|ul|ol|h[1-6]|t[drh]|table|blockquote)>")


def part_of(text: str, subtype: str) -> bytes:
    """Headers and body of a text part, CRLF line ends, the last line ended. `text` ends with a line break."""
    body = text.encode().replace(b"\n", b"\r\n")
    lines = body.split(b"\r\n")
    if body.isascii() and max(map(len, lines)) <= SHORT:
        return part_head("7bit", subtype) + body
    if shorter_in_base64(escapes(body), len(body)):
        return part_head("base64", subtype) + in_base64(body)
    return part_head("quoted-printable", subtype) + b"\r\n".join([quoted(line, subtype) for line in lines])


@lru_cache(maxsize=10)
def part_head(encoding: str, subtype: str) -> bytes:
    """The headers of a text part, with the empty line."""
    head = f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n'
    return head.encode()


def quoted(line: bytes, subtype: str) -> bytes:
    """One line in quoted-printable, soft line breaks in it, without its end."""
    return SOFT_BREAK.join(map(broken, stretches_of(escaped_end(line), subtype)))


def stretches_of(line: bytes, subtype: str) -> list[bytes]:
    """What stands between soft line breaks whatever its length."""
    *ended, rest = behind_blocks(line, subtype)
    return [*ended, rest] if rest or not ended else ended


def behind_blocks(line: bytes, subtype: str) -> list[bytes]:
    """Cut behind every block that ends; what follows the last one is b"" where nothing does."""
    return _BLOCK_END.sub(rb"\g<0>\n", line).split(b"\n") if subtype == "html" else [line]


def escaped(raw: bytes) -> bytes:
    """What does not end a line."""
    return _ESCAPED.sub(_escape, raw)


def escaped_end(raw: bytes) -> bytes:
    """What ends a line: white space would be lost there."""
    return _BLANK_END.sub(_escape, escaped(raw))


def escapes(raw: bytes) -> int:
    """How many bytes of this are escaped in quoted-printable."""
    return len(raw.translate(None, _LITERAL))


def broken(stretch: bytes) -> bytes:
    """What is escaped, with soft line breaks where it is too long: never within an escape."""
    start, pieces = 0, []
    while len(stretch) - start > WIDTH:
        stop = start + WIDTH
        if stretch[stop - 1] == _ESCAPE:
            stop -= 1
        elif stretch[stop - 2] == _ESCAPE:
            stop -= 2
        pieces.append(stretch[start:stop])
        start = stop
    return SOFT_BREAK.join([*pieces, stretch[start:]]) if pieces else stretch


def shorter_in_base64(escapes: int, length: int) -> bool:
    """An escape takes two bytes more, base64 a third of all: of a text with so many bytes to escape."""
    return escapes * 6 > length


def in_base64(body: bytes) -> bytes:
    """A whole body in base64, in lines of 76 characters."""
    pieces = (body[start : start + _BASE64_BYTES] for start in range(0, len(body), _BASE64_BYTES))
    return b"".join(b2a_base64(piece, newline=False) + b"\r\n" for piece in pieces)


def _escape(found: re.Match[bytes]) -> bytes:
    return b"=%02X" % ord(found[0])
