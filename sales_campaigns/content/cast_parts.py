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

    `plain` are the constants as they are, `quoted` in quoted-printable. `whole` and `order`: the part as it is where
    no line is long, with a place for each value, and which value stands there; `room`: for values that stand in one
    line together, how long they may be for that. `sniffed`: how long the constant lines are by which the encoding is
    chosen, quoted and raw; `sniffed_lines` is how many of the lines with fields count too.
    """

    subtype: str
    lines: tuple[tuple[bytes | int, ...], ...]
    plain: tuple[bytes, ...]
    quoted: tuple[bytes, ...]
    whole: bytes
    order: tuple[int, ...]
    room: tuple[tuple[int, tuple[int, ...]], ...] | None
    sniffed: tuple[int, int]
    sniffed_lines: int

    def written(self, values: Sequence[bytes]) -> bytes:
        """Headers and body. Values are UTF-8 without line breaks."""
        if self._stands_as_it_is(values):
            return part_head("7bit", self.subtype) + self.whole % tuple([values[i] for i in self.order])
        lines = [
            b"".join([piece if isinstance(piece, bytes) else values[piece] for piece in line])
            for line in self.lines
        ]
        encoded = [quoted(line) for line in lines]
        if self._base64(lines, encoded):
            return part_head("base64", self.subtype) + in_base64(_between(self.plain, lines))
        return part_head("quoted-printable", self.subtype) + _between(self.quoted, encoded)

    def _stands_as_it_is(self, values: Sequence[bytes]) -> bool:
        if self.room is None or not b"".join(values).isascii():
            return False
        return all(sum([len(values[i]) for i in places]) <= room for room, places in self.room)

    def _base64(self, lines: list[bytes], encoded: list[bytes]) -> bool:
        counted = self.sniffed_lines
        length = self.sniffed[0] + sum(map(quoted_length, encoded[:counted]))
        return shorter_in_base64(length, self.sniffed[1] + sum(len(line) + 2 for line in lines[:counted]))


def cast_part(pieces: Sequence[str | int], subtype: str) -> CastPart:
    """Cast a part of constants and places of fields, the last of which has a value that is not blank."""
    lines = [_encoded(line) for line in _lines(_ended(pieces))]
    constant = [b"".join(line) if _is_constant(line) else None for line in lines]  # type: ignore[arg-type]
    first = [line for line in constant[:SNIFFED] if line is not None]
    open_lines = tuple(line for line in lines if not _is_constant(line))
    plain = tuple(_constants(constant))
    return CastPart(
        subtype,
        open_lines,
        plain,
        tuple(_constants([None if line is None else quoted(line) for line in constant])),
        _between([_literally(one) for one in plain], [b"".join(map(_place, line)) for line in open_lines]),
        tuple(piece for line in open_lines for piece in line if isinstance(piece, int)),
        _room(lines),
        (sum(quoted_length(quoted(line)) for line in first), sum(len(line) + 2 for line in first)),
        len(constant[:SNIFFED]) - len(first),
    )


def _room(lines: Sequence[tuple[bytes | int, ...]]) -> tuple[tuple[int, tuple[int, ...]], ...] | None:
    """None where a constant alone must be encoded."""
    least: dict[tuple[int, ...], int] = {}
    for line in lines:
        constants = b"".join(piece for piece in line if isinstance(piece, bytes))
        places = tuple(sorted(piece for piece in line if isinstance(piece, int)))
        least[places] = min(WIDTH - len(constants), least.get(places, WIDTH))
        if not constants.isascii():
            return None
    if least.pop((), 0) < 0:
        return None
    return tuple((room, places) for places, room in least.items())


def _literally(constant: bytes) -> bytes:
    return constant.replace(b"%", b"%%")


def _place(piece: bytes | int) -> bytes:
    return b"%b" if isinstance(piece, int) else _literally(piece)


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
