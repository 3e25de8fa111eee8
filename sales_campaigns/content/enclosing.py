"""Files around a finished mail: the same mail and the same files give the same bytes, so no message keeps a copy.

The names are written here and not by the standard library, as all headers are (see `headers`): its folding differs
between versions of Python.
"""

from __future__ import annotations

import hashlib
import re
from base64 import encodebytes
from collections.abc import Sequence
from urllib.parse import quote

_VERSION = b"\r\nMIME-Version: 1.0\r\n"  # at the beginning of a line: a subject may say the same
_PLAIN_NAME = re.compile(r"[\x20-\x7e]{1,60}")
_PIECE = 20  # encoded bytes in a piece of a name: its line stays below 78 characters


def file_part(name: str, media_type: str, content: bytes) -> bytes:
    """One file as a part of a mail, headers and base64. `name` is one line without quotes."""
    head = (
        f"Content-Type: {media_type}\r\n"
        "Content-Transfer-Encoding: base64\r\n"
        f"Content-Disposition: attachment;\r\n {_name(name)}\r\n\r\n"
    )
    return head.encode() + encodebytes(content).replace(b"\n", b"\r\n")


def enclose(mime: bytes, message_id: str, parts: Sequence[bytes]) -> bytes:
    """The mail `mime`, as `mime.build` writes it, with these parts behind its words; as it is where there are none."""
    if not parts:
        return mime
    head, version, words = mime.partition(_VERSION)
    boundary = outer_boundary(message_id)
    between = f"\r\n--{boundary}\r\n".encode()
    mixed = f'Content-Type: multipart/mixed;\r\n boundary="{boundary}"\r\n\r\n'.encode()
    ends = f"\r\n--{boundary}--\r\n".encode()
    return b"".join((head, version, mixed, between[2:], words, *(between + part for part in parts), ends))


def outer_boundary(message_id: str) -> str:
    """Between the words and the files of this message: the same whenever it is written again."""
    return f"=_{hashlib.sha256(f'files of {message_id}'.encode()).hexdigest()[:40]}"


def _name(name: str) -> str:
    """As it stands where it is short and plain; else in pieces of UTF-8 (RFC 2231, sections 3 and 4)."""
    if _PLAIN_NAME.fullmatch(name) and not set(name) & set('"\\%'):
        return f'filename="{name}"'
    pieces = _pieces(f"utf-8''{quote(name, safe='')}")
    if len(pieces) == 1:
        return f"filename*={pieces[0]}"
    return ";\r\n ".join(f"filename*{number}*={piece}" for number, piece in enumerate(pieces))


def _pieces(written: str) -> list[str]:
    """No piece ends within an encoded byte."""
    return re.findall(rf"(?:%[0-9A-F]{{2}}|[^%]){{1,{_PIECE}}}", written)
