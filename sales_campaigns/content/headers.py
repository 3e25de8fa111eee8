"""How header lines are folded and encoded.

Not by the standard library: its folding breaks long message ids into encoded words (RFC 2047 forbids that), loses
the quotes of some names, and differs between versions of Python, while the same letter must give the same bytes.
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections.abc import Iterable, Iterator
from email.headerregistry import Address

_WIDTH = 76
_WORD_BYTES = 42  # of text in an encoded word: 56 characters of base64, 12 around them; RFC 2047 allows 75
_BREAK = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~ ]+")


def folded(name: str, value: str | tuple[Address, ...]) -> str:
    """One header with its line end: a text, or addresses. Raises ValueError for line breaks in a text."""
    if isinstance(value, str) and len(name) + len(value) < _WIDTH - 1 and _is_plain(value):
        return f"{name}: {value}\r\n"
    if isinstance(value, str) and _BREAK.search(value):
        raise ValueError(f"line breaks or control characters in {name}")
    return _fold(f"{name}:", _words(value) if isinstance(value, str) else _mailboxes(value))


def _is_plain(text: str) -> bool:
    """Whether it stands in one line as it is."""
    printable = text.isascii() and text.isprintable() and bool(text)
    return printable and "=?" not in text and "  " not in text and " " not in (text[0], text[-1])


def _words(text: str) -> Iterator[str]:
    """Plain words where they may stand as they are; the whole text in encoded words where one may not."""
    words = text.split(" ")
    plain = text.isascii() and "=?" not in text and all(words)
    return iter(words) if plain and max(map(len, words)) < 900 else encoded_words(text)


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
        return encoded_words(name)
    quoted = re.sub(r'(["\\])', r"\\\1", name)
    return iter([name if _ATOMS.fullmatch(name) else f'"{quoted}"'])


def encoded_words(text: str) -> Iterator[str]:
    """Yield encoded words (RFC 2047) of whole characters; the space between them is not text."""
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
