"""How header lines are folded and encoded.

The standard library sets and checks every header; only the folding is ours, because its folding breaks long
message ids into encoded words (RFC 2047 forbids that), loses the quotes of some names, and differs between
versions of Python, while the same letter must give the same bytes.
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections.abc import Iterable, Iterator
from email.headerregistry import Address
from email.policy import EmailPolicy
from typing import Any

_WIDTH = 76
_WORD_BYTES = (
    42  # of text in one encoded word: 56 characters of base64 and 12 around them, under the 75 of RFC 2047
)
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~ ]+")


class LetterPolicy(EmailPolicy):
    """CRLF, bodies in seven bits, and the folding below."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{"linesep": "\r\n", "cte_type": "7bit", **settings})

    def fold(self, name: str, value: Any) -> str:
        addresses = getattr(value, "addresses", None)
        words = _mailboxes(addresses) if addresses is not None else _words(str(value))
        return _fold(f"{name}:", words)

    def fold_binary(self, name: str, value: Any) -> bytes:
        return self.fold(name, value).encode("utf-8")


def _words(text: str) -> Iterator[str]:
    """Plain words where they may stand as they are; the whole text in encoded words where one may not."""
    words = text.split(" ")
    plain = text.isascii() and "=?" not in text and all(words)
    return iter(words) if plain and max(map(len, words)) < 900 else _encoded(text)


def _mailboxes(addresses: Iterable[Address]) -> Iterator[str]:
    """`Name <address>` for each, commas between; raw UTF-8 only in local parts that have it."""
    written = [[*_phrase(address.display_name), _bracketed(address)] for address in addresses]
    for i, words in enumerate(written):
        yield from words[:-1]
        yield words[-1] + ("," if i < len(written) - 1 else "")


def _bracketed(address: Address) -> str:
    return f"<{address.addr_spec}>" if address.display_name else address.addr_spec


def _phrase(name: str) -> Iterator[str]:
    if not name:
        return iter(())
    if not name.isascii() or "=?" in name or len(name) > _WIDTH - 10 or "  " in name:
        return _encoded(name)
    quoted = re.sub(r'(["\\])', r"\\\1", name)
    return iter([name if _ATOMS.fullmatch(name) else f'"{quoted}"'])


def _encoded(text: str) -> Iterator[str]:
    """Encoded words (RFC 2047, base64 of UTF-8), each of whole characters; the space between them is not text."""
    chunk = ""
    for character in text:
        if len((chunk + character).encode()) > _WORD_BYTES:
            yield _encoded_word(chunk)
            chunk = ""
        chunk += character
    if chunk:
        yield _encoded_word(chunk)


def _encoded_word(text: str) -> str:
    return f"=?utf-8?b?{b2a_base64(text.encode(), newline=False).decode()}?="


def _fold(line: str, words: Iterable[str]) -> str:
    lines = [line]
    for i, word in enumerate(words):
        # The first word stays beside the name: some servers take an empty first line for a broken header.
        if i and len(lines[-1]) + 1 + len(word) > _WIDTH:
            lines.append("")
        lines[-1] += f" {word}"
    return "\r\n".join(lines) + "\r\n"
