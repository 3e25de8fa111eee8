"""Parts of mails cast once: lines without fields are encoded when they are cast, the others for every mail.

The bytes are those of `bodies.part_of`; the tests prove it. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sales_campaigns.content.bodies import (
    SNIFFED,
    WIDTH,
    in_base64,
    part_head,
    quoted,
    quoted_length,
    shorter_in_base64,
)

Line = tuple[str | int, ...]  # constants, and the places of fields among the values


@dataclass(frozen=True, slots=True)
class CastPart:
    """A text part between whose constants lines with fields stand: one constant more than there are lines.

    `plain` are the constants as they are, `quoted` in quoted-printable. `short`: those may stand as they are.
    `sniffed`: how long the constant lines are by which the encoding is chosen, quoted and raw; `sniffed_lines` is
    how many of the lines with fields count too.
    """

    subtype: str
    lines: tuple[tuple[bytes | int, ...], ...]
    plain: tuple[bytes, ...]
    quoted: tuple[bytes, ...]
    short: bool
    sniffed: tuple[int, int]
    sniffed_lines: int

    def written(self, values: Sequence[bytes]) -> bytes:
        """Headers and body. Values are UTF-8 without line breaks."""
        lines = [
            b"".join([piece if isinstance(piece, bytes) else values[piece] for piece in line])
            for line in self.lines
        ]
        if self.short and all(len(line) <= WIDTH and line.isascii() for line in lines):
            return part_head("7bit", self.subtype) + _between(self.plain, lines)
        encoded = [quoted(line) for line in lines]
        if self._base64(lines, encoded):
            return part_head("base64", self.subtype) + in_base64(_between(self.plain, lines))
        return part_head("quoted-printable", self.subtype) + _between(self.quoted, encoded)

    def _base64(self, lines: list[bytes], encoded: list[bytes]) -> bool:
        counted = self.sniffed_lines
        length = self.sniffed[0] + sum(map(quoted_length, encoded[:counted]))
        return shorter_in_base64(length, self.sniffed[1] + sum(len(line) + 2 for line in lines[:counted]))


def cast_part(pieces: Sequence[str | int], subtype: str) -> CastPart:
    """Cast a part of constants and places of fields, the last of which has a value that is not blank."""
    lines = list(_lines(_ended(pieces)))
    raw = [_encoded(line) for line in lines]
    constant = [b"".join(line) if _is_constant(line) else None for line in raw]  # type: ignore[arg-type]
    first = [line for line in constant[:SNIFFED] if line is not None]
    known = [line for line in constant if line is not None]
    return CastPart(
        subtype,
        tuple(line for line in raw if not _is_constant(line)),
        tuple(_constants(constant)),
        tuple(_constants([None if line is None else quoted(line) for line in constant])),
        all(len(line) <= WIDTH and line.isascii() for line in known),
        (sum(quoted_length(quoted(line)) for line in first), sum(len(line) + 2 for line in first)),
        len(constant[:SNIFFED]) - len(first),
    )


def _between(constants: Sequence[bytes], lines: Sequence[bytes]) -> bytes:
    whole = [b""] * (len(constants) + len(lines))
    whole[::2], whole[1::2] = constants, lines
    return b"".join(whole)


def _constants(lines: Sequence[bytes | None]) -> Iterator[bytes]:
    """What stands before, between and behind the lines that are None, with all line ends."""
    before = b""
    for line in lines:
        if line is None:
            yield before
            before = b"\r\n"
        else:
            before += line + b"\r\n"
    yield before


def _ended(pieces: Sequence[str | int]) -> Sequence[str | int]:
    """Without line breaks at the end: every line is ended when it is written."""
    *others, last = pieces or ("",)
    if not isinstance(last, str):
        return pieces
    kept = last.rstrip("\n")
    return [*others, kept] if kept or not others else _ended(others)


def _lines(pieces: Sequence[str | int]) -> Iterator[Line]:
    line: list[str | int] = []
    for piece in pieces:
        if isinstance(piece, int):
            line.append(piece)
            continue
        *ended, rest = piece.split("\n")
        for end in ended:
            yield (*line, end)
            line = []
        line.append(rest)
    yield tuple(line)


def _encoded(line: Line) -> tuple[bytes | int, ...]:
    return tuple(piece if isinstance(piece, int) else piece.encode() for piece in line)


def _is_constant(line: Sequence[bytes | int]) -> bool:
    return all(isinstance(piece, bytes) for piece in line)
