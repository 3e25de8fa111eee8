"""Parts of mails cast once: what is the same in all of them is encoded when they are cast, values for every mail.

The bytes are those of `bodies.part_of`; the tests prove it. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from sales_campaigns.content.bodies import (
    SHORT,
    SOFT_BREAK,
    WIDTH,
    behind_blocks,
    broken,
    escaped,
    escaped_end,
    escapes,
    in_base64,
    part_head,
    quoted,
    shorter_in_base64,
)

Pieces = tuple[bytes | int, ...]  # constants, and the places of fields among the values
Rooms = tuple[tuple[int, tuple[int, ...]], ...]  # how long these values may be together
_LINE_END = b"\r\n"


@dataclass(frozen=True, slots=True)
class _Form:
    """Constants with a place for each value; `chosen` are the values of the places, in their order."""

    whole: bytes
    chosen: Callable[[Sequence[bytes]], Any]

    def filled(self, values: Sequence[bytes]) -> bytes:
        whole: bytes = self.whole % self.chosen(values)
        return whole


@dataclass(frozen=True, slots=True)
class CastPart:
    """A text part in which values are to stand.

    `raw` is its body as it is; `short`: for what values its lines are short, None where a constant alone must be
    encoded. `quoted` is the same in quoted-printable for what fits into `room`; behind the values the stretches `long`
    are filled in, which are too long without values. `each`: all stretches with values are filled in so. `ends`: the
    values that end a line. `escapes` and `length` are those of the constants, `times` how often each value stands.
    """

    subtype: str
    raw: _Form
    short: Rooms | None
    quoted: _Form
    room: Rooms
    long: tuple[Pieces, ...]
    each: _Form
    open: tuple[Pieces, ...]
    ends: tuple[int, ...]
    escapes: int
    length: int
    times: tuple[tuple[int, int], ...]

    def written(self, values: Sequence[bytes], *, usual: bool = False) -> bytes:
        """Headers and body. Values are UTF-8 without line breaks; `usual`: no byte of theirs needs to be escaped."""
        plain = usual or all(values[place].isascii() for place, _ in self.times)
        if self.short is not None and _fits(values, self.short) and plain:
            return part_head("7bit", self.subtype) + self.raw.filled(values)
        if self._base64(values, usual=usual):
            return part_head("base64", self.subtype) + in_base64(self.raw.filled(values))
        return part_head("quoted-printable", self.subtype) + self._quoted(values, usual=usual)

    def _quoted(self, values: Sequence[bytes], *, usual: bool) -> bytes:
        if self.ends and any(values[i][-1:] in b"\t " for i in self.ends):  # or nothing at all
            lines = self.raw.filled(values).split(_LINE_END)
            return _LINE_END.join([quoted(line, self.subtype) for line in lines])
        inner = values if usual else list(map(escaped, values))
        form, stretches = (self.quoted, self.long) if _fits(inner, self.room) else (self.each, self.open)
        return form.filled([*inner, *[broken(_joined(one, inner)) for one in stretches]])

    def _base64(self, values: Sequence[bytes], *, usual: bool) -> bool:
        if usual and not shorter_in_base64(self.escapes, self.length):
            return False  # nor is it with more that is not escaped
        count = self.escapes + sum(times * escapes(values[i]) for i, times in self.times)
        return shorter_in_base64(count, self.length + sum(times * len(values[i]) for i, times in self.times))


def cast_part(pieces: Sequence[str | int], subtype: str, count: int) -> CastPart:
    """Cast a part of constants and places among `count` values, the last of which has one that is not blank."""
    lines = [_encoded(line) for line in _lines(_ended(pieces))]
    body = [(line, _LINE_END) for line in lines]
    stretches = [one for line in lines for one in _stretches(line, subtype)]
    places = Counter(piece for line in lines for piece in line if isinstance(piece, int))
    constants = [piece for line in lines for piece in line if isinstance(piece, bytes)]
    open_ones = [stretch for stretch, _ in stretches if _places(stretch)]
    long = [stretch for stretch in open_ones if _length(stretch) > WIDTH]
    short = all(map(bytes.isascii, constants)) and all(_length(line) <= SHORT for line in lines)
    return CastPart(
        subtype,
        raw=_form(body),
        short=_rooms(lines, SHORT) if short else None,
        quoted=_form(_with_places(stretches, long, count)),
        room=_rooms([stretch for stretch in open_ones if stretch not in long], WIDTH),
        long=tuple(long),
        each=_form(_with_places(stretches, open_ones, count)),
        open=tuple(open_ones),
        ends=tuple({last for last in map(_last, lines) if isinstance(last, int)}),
        escapes=sum(map(escapes, constants)),
        length=sum(map(len, constants)) + len(_LINE_END) * len(lines),
        times=tuple(places.items()),
    )


def _stretches(line: Pieces, subtype: str) -> Iterator[tuple[Pieces, bytes]]:
    """Escaped, each with what stands behind it."""
    stretches: list[list[bytes | int]] = [[]]
    for at, piece in enumerate(line):
        if isinstance(piece, int):
            stretches[-1].append(piece)
            continue
        written = escaped_end(piece) if at == len(line) - 1 else escaped(piece)
        first, *others = behind_blocks(written, subtype)
        stretches[-1].append(first)
        stretches += [[one] for one in others]
    if len(stretches) > 1 and stretches[-1] == [b""]:
        stretches.pop()
    ends = [SOFT_BREAK] * (len(stretches) - 1) + [_LINE_END]
    return zip(map(tuple, stretches), ends, strict=True)


def _with_places(
    stretches: Iterable[tuple[Pieces, bytes]], those: Sequence[Pieces], first: int
) -> Iterator[tuple[Pieces, bytes]]:
    """A place, from the `first` on, instead of each of `those`; constants are broken where they are too long."""
    place = first
    for stretch, end in stretches:
        if stretch in those:
            yield (place,), end
            place += 1
        else:
            yield stretch if _places(stretch) else (broken(_joined(stretch, ())),), end


def _form(lines: Iterable[tuple[Pieces, bytes]]) -> _Form:
    pieces = [piece for line, end in lines for piece in (*line, end)]
    places = [piece for piece in pieces if isinstance(piece, int)]
    whole = b"".join(b"%b" if isinstance(piece, int) else piece.replace(b"%", b"%%") for piece in pieces)
    return _Form(whole, itemgetter(*places) if places else _nothing)


def _nothing(_values: Sequence[bytes]) -> tuple[()]:
    return ()


def _rooms(lines: Iterable[Pieces], width: int) -> Rooms:
    least: dict[tuple[int, ...], int] = {}
    for line in lines:
        places = tuple(sorted(_places(line)))
        least[places] = min(width - _length(line), least.get(places, width))
    least.pop((), None)
    return tuple((room, places) for places, room in least.items())


def _fits(values: Sequence[bytes], rooms: Rooms) -> bool:
    for room, places in rooms:
        for place in places:
            room -= len(values[place])
        if room < 0:
            return False
    return True


def _last(line: Pieces) -> bytes | int:
    """What stands at its end."""
    return next((piece for piece in reversed(line) if piece != b""), b"")


def _places(pieces: Pieces) -> list[int]:
    return [piece for piece in pieces if isinstance(piece, int)]


def _length(pieces: Pieces) -> int:
    """Of its constants."""
    return sum(len(piece) for piece in pieces if isinstance(piece, bytes))


def _joined(pieces: Pieces, values: Sequence[bytes]) -> bytes:
    return b"".join([values[piece] if isinstance(piece, int) else piece for piece in pieces])


def _ended(pieces: Sequence[str | int]) -> Sequence[str | int]:
    """Without line breaks at the end: every line is ended when it is written."""
    *others, last = pieces or ("",)
    if not isinstance(last, str):
        return pieces
    kept = last.rstrip("\n")
    return [*others, kept] if kept or not others else _ended(others)


def _lines(pieces: Sequence[str | int]) -> Iterator[tuple[str | int, ...]]:
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


def _encoded(line: Sequence[str | int]) -> Pieces:
    return tuple(piece if isinstance(piece, int) else piece.encode() for piece in line)
