"""Characters that no mail may carry: control characters, lone surrogates, direction overrides in headers."""

from __future__ import annotations

import re

_UNSENDABLE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
# Overrides make a name read backwards ("moc.evil@…"); marks and joiners stay, Arabic and emoji need them.
_OVERRIDES = re.compile("[\u202a-\u202e\u2066-\u2069]")
_LINE_ENDS = re.compile("\r\n|[\r\x85\u2028\u2029]")


def sendable(text: str) -> str:
    """Return `text` with `\\n` line ends and without control characters (tab stays) and lone surrogates."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSENDABLE.sub("", _LINE_ENDS.sub("\n", text))


def one_line(text: str) -> str:
    """Return `text` as one header line: any run of white space and control characters is one space."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    return " ".join(_OVERRIDES.sub("", _UNSENDABLE.sub(" ", text)).split())
