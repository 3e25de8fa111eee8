"""The letters of a plain wording cast once, with everything that is the same in all of them: links, footer, signature.

Only fields and the token of the mail are filled in. The bytes are those of the general path (`recipes.letter_of`,
`mime.build`), which the tests prove; where a part cannot be cast there is none, and the general path is taken. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
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
class _Filled:
    """A cast part, and the fields that are filled in, each once."""

    part: CastPart
    fields: tuple[Print, ...]
    written: Callable[[str], str]

    def fill(self, values: Mapping[str, str], token: str) -> bytes:
        texts = [
            token if field is _TOKEN else self.written(values.get(field.name) or field.default or "")
            for field in self.fields
        ]
        return self.part.written([text.encode() for text in texts])


@dataclass(frozen=True, slots=True)
class CastLetter:
    """What `values` and a token are written into. `names` are the fields used anywhere, the signature's too."""

    subject: Mould
    text: _Filled
    html: _Filled
    required: frozenset[str]
    names: frozenset[str]

    def written(self, values: Mapping[str, str], token: str) -> tuple[str, tuple[bytes, bytes]] | None:
        """Subject and parts; None for values that only the general path writes. `values` as `merge_values` gives
        them. Raises MissingFields.
        """
        missing = self.required - values.keys()
        if missing:
            raise MissingFields(missing)
        if any("\n" in value for value in values.values()):
            return None
        parts = self.text.fill(values, token), self.html.fill(values, token)
        return one_line(self.subject.fill(values)), parts


@lru_cache(maxsize=200)
def cast_letter(setting: Setting) -> CastLetter | None:
    """None where the content is not plain or its letters differ in more than fields. Raises as `render`."""
    moulds = moulds_of(setting.content, setting.present)
    names = parse(setting.signature, part="html", html=True).names
    if moulds is None or not names <= dict(setting.own).keys():
        return None
    body = _body(setting, moulds)
    text, html = _filled(body.text, moulds.text, "plain"), _filled(body.html, moulds.html, "html")
    if text is None or html is None:
        return None
    used = needs_of(setting.content).used | names
    return CastLetter(moulds.subject, text, html, moulds.required, used)


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


def _filled(marked: str, mould: Mould, subtype: str) -> _Filled | None:
    """None where a mark was lost or is not ours, or where a field could move the lines around it."""
    parts = _MARK.split(sendable(marked))
    found = parts[1::2]
    expected = [str(i) for i, piece in enumerate(mould.pieces) if isinstance(piece, Print)]
    if [one for one in found if one != "token"] != expected or any("\ue000" in one for one in parts[::2]):
        return None
    fields = [_TOKEN if one == "token" else mould.pieces[int(one)] for one in found]
    different = tuple(field for field in dict.fromkeys(fields) if isinstance(field, Print))
    if not all(map(_stays_in_its_line, different)) or (
        not parts[-1] and fields and _may_be_empty(fields[-1])
    ):
        return None
    pieces = [parts[i] if i % 2 == 0 else different.index(fields[i // 2]) for i in range(len(parts))]
    return _Filled(cast_part(pieces, subtype), different, mould.written)


def _stays_in_its_line(field: Print) -> bool:
    return not field.default or ("\n" not in field.default and sendable(field.default) == field.default)


def _may_be_empty(field: str | Print) -> bool:
    return isinstance(field, Print) and field is not _TOKEN and field.default == ""
