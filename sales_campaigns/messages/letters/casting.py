"""The letters of a plain wording cast once, with everything that is the same in all of them: links, footer, signature.

Only fields and the token of the mail are filled in. The bytes are those of the general path (`recipes.letter_of`,
`mime.build`), which the tests prove; where a part cannot be cast there is none, and the general path is taken. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from sales_campaigns.content.anatomy import Print, Segments
from sales_campaigns.content.cast_parts import CastPart, cast_part
from sales_campaigns.content.characters import one_line, sendable
from sales_campaigns.content.liquid import parse
from sales_campaigns.content.prepared import Mould
from sales_campaigns.content.rendering import Content, MissingFields, Moulds, Rendered, moulds_of, needs_of
from sales_campaigns.messages.letters.marks import Marks, dressed
from sales_campaigns.messages.letters.writing import signed

_TOKEN = Print("")  # no field has this name
_MARK = re.compile("\ue000(\\d+|token)\ue001")
# What stands in a text, in HTML and in quoted-printable as it is.
_USUAL = bytes(set(range(32, 127)) - set(b"&<>="))


@dataclass(frozen=True, slots=True)
class Setting:
    """What many mails have in common. `own` are the fields that the signature may use, as the sender's profile fills
    them; the token of `marks` does not count. `present`: the fields in which their people have a value, where the
    content asks for that.
    """

    content: Content
    signature: str
    own: tuple[tuple[str, str], ...]
    marks: Marks | None
    sender: str
    present: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class CastLetter:
    """What `values` and a token are written into: into both parts the same `fields`, the token behind them, each as
    its mould writes it. `tidy`: no default has white space that one of them would write otherwise. `names` are the
    fields used anywhere, the signature's too.
    """

    moulds: Moulds
    text: CastPart
    html: CastPart
    fields: tuple[Print, ...]
    tidy: bool
    names: frozenset[str]

    def written(self, values: Mapping[str, str], token: str) -> tuple[str, tuple[bytes, bytes]] | None:
        """Subject and parts; None for values that only the general path writes. `values` as `merge_values` gives
        them. Raises MissingFields.
        """
        moulds = self.moulds
        missing = moulds.required - values.keys()
        if missing:
            raise MissingFields(missing)
        said = [values.get(field.name) or field.default or "" for field in self.fields]
        usual = _bytes_of([*said, token])
        if self.tidy and self._usual(usual):
            parts = self.text.written(usual, usual=True), self.html.written(usual, usual=True)
        elif any("\n" in one for one in said):
            return None
        else:
            text, html = ([*map(mould.written, said), token] for mould in (moulds.text, moulds.html))
            parts = self.text.written(_bytes_of(text)), self.html.written(_bytes_of(html))
        return one_line(moulds.subject.fill(values)), parts

    def _usual(self, values: Sequence[bytes]) -> bool:
        """Whether all are written alike everywhere: nothing to escape, no white space to collapse, no line break."""
        together = b"\n".join(values)
        return len(together.translate(None, _USUAL)) == len(self.fields) and b"  " not in together


@lru_cache(maxsize=200)
def cast_letter(setting: Setting) -> CastLetter | None:
    """None where the content is not plain or its letters differ in more than fields. Raises as `render`."""
    moulds = moulds_of(setting.content, setting.present)
    names = parse(setting.signature, part="html", html=True).names
    if moulds is None or not names <= dict(setting.own).keys():
        return None
    body = _body(setting, moulds)
    text, html = _pieces(body.text, moulds.text), _pieces(body.html, moulds.html)
    if text is None or html is None:
        return None
    fields = tuple(
        dict.fromkeys(one for one in (*text, *html) if isinstance(one, Print) and one is not _TOKEN)
    )
    used = needs_of(setting.content).used | names
    tidy = all(" ".join(default.split()) == default for default in _defaults(fields))
    count = len(fields) + 1
    return CastLetter(
        moulds,
        cast_part(_places(text, fields), "plain", count),
        cast_part(_places(html, fields), "html", count),
        fields,
        tidy,
        used,
    )


def _body(setting: Setting, moulds: Moulds) -> Rendered:
    """As the general path makes it, with marks where fields and token will stand."""
    bare = Rendered("", _marked(moulds.html.pieces), _marked(moulds.text.pieces))
    marks = replace(setting.marks, token=_mark("token")) if setting.marks else None
    whole = signed(bare, setting.signature, dict(setting.own))
    return dressed(whole, setting.content.html, marks, setting.sender)


def _marked(pieces: Segments) -> str:
    return "".join(piece if isinstance(piece, str) else _mark(str(i)) for i, piece in enumerate(pieces))


def _mark(name: str) -> str:
    return f"\ue000{name}\ue001"


def _pieces(marked: str, mould: Mould) -> Segments | None:
    """None where a mark was lost or is not ours, or where a field could move the lines around it."""
    parts = _MARK.split(sendable(marked))
    found = parts[1::2]
    expected = [str(i) for i, piece in enumerate(mould.pieces) if isinstance(piece, Print)]
    if [one for one in found if one != "token"] != expected or any("\ue000" in one for one in parts[::2]):
        return None
    fields = [_TOKEN if one == "token" else mould.pieces[int(one)] for one in found]
    if not all(map(_stays_in_its_line, fields)) or (not parts[-1] and fields and _may_be_empty(fields[-1])):
        return None
    return tuple(fields[i // 2] if i % 2 else parts[i] for i in range(len(parts)))


def _stays_in_its_line(field: str | Print) -> bool:
    return all("\n" not in one and sendable(one) == one for one in _defaults([field]))


def _may_be_empty(field: str | Print) -> bool:
    return isinstance(field, Print) and field is not _TOKEN and field.default == ""


def _defaults(fields: Iterable[str | Print]) -> list[str]:
    return [field.default for field in fields if isinstance(field, Print) and field.default]


def _places(pieces: Segments, fields: Sequence[Print]) -> list[str | int]:
    """The token stands behind the fields."""
    places = {field: place for place, field in enumerate((*fields, _TOKEN))}
    return [piece if isinstance(piece, str) else places[piece] for piece in pieces]


def _bytes_of(texts: Iterable[str]) -> list[bytes]:
    return [text.encode() for text in texts]
