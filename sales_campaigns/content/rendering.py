"""From content and values to a mail: subject, HTML and text for one person.

A missing field without a default is an error for that person, never an empty gap.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from sales_campaigns.content.anatomy import Print, Segments
from sales_campaigns.content.characters import one_line, sendable
from sales_campaigns.content.html import inline_styles, sanitise, to_text
from sales_campaigns.content.liquid import Parsed, parse
from sales_campaigns.content.prepared import Mould, prepare_html, prepare_text, prepare_text_of
from sales_campaigns.errors import Invalid

_MARK = re.compile("\ue000([^\ue000\ue001]+)\ue001")


@dataclass(frozen=True, slots=True)
class Content:
    """What a template or step holds, as written by a person; `text` "" means made from the HTML.

    `bundle_id` names the files that go along (see `content.bundles`), None when there are none.
    """

    subject: str
    html: str
    text: str = ""
    bundle_id: int | None = None


@dataclass(frozen=True, slots=True)
class Rendered:
    """What one person gets: `subject` is one line, `html` sanitised, `text` has `\\n` line ends."""

    subject: str
    html: str
    text: str


class MissingFields(Invalid):
    """This person lacks fields that the mail needs. `fields`: their names, sorted."""

    def __init__(self, fields: Iterable[str]) -> None:
        self.fields = tuple(sorted(fields))
        super().__init__({name: f"{{{{ {name} }}}} has no value and no default" for name in self.fields})


@dataclass(frozen=True, slots=True)
class Needs:
    """The fields of a whole content; `required` is exact where it is `plain`."""

    used: frozenset[str]
    required: frozenset[str]
    plain: bool


@dataclass(frozen=True, slots=True)
class Moulds:
    """A content to be filled in. `required` are the fields without a default."""

    subject: Mould
    html: Mould
    text: Mould
    required: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Cast:
    """A content parsed once, what it needs, and the moulds of a plain one."""

    parts: tuple[Parsed, ...]
    needs: Needs
    moulds: Moulds | None

    @property
    def branching(self) -> bool:
        """Whether it is plain for everybody who has values in the same fields."""
        return all(part.branching and "\ue000" not in part.source for part in self.parts)


def check(content: Content, *, automatic: bool, reply: bool = False) -> tuple[str, ...]:
    """Return warnings about `content`; raises Invalid with every problem of every part at once.

    A prompt is refused in an `automatic` mail, which no rep fills in; a `reply` may leave the subject empty.
    """
    problems = dict(_problems(content, automatic, reply))
    if problems:
        raise Invalid(problems)
    return tuple(_warnings(content))


def needs_of(content: Content) -> Needs:
    """Return what `content` needs of a person. Raises Invalid for a part that cannot be parsed."""
    return _cast(content).needs


def moulds_of(content: Content, present: Iterable[str]) -> Moulds | None:
    """What `content` is made in for those who have values in the fields `present`; None where only the general path
    is right. Raises as `render`.
    """
    cast = _cast(content)
    if cast.needs.plain or not cast.branching:
        return cast.moulds
    return _branch(content, cast.needs.used.intersection(present))


def render(content: Content, values: Mapping[str, str]) -> Rendered:
    """Return the mail for one person. Blank values are missing; values are text, never markup or Liquid.

    Raises MissingFields with all fields that lack a value, Invalid for content that cannot be rendered.
    """
    cast = _cast(content)
    given = _given(values, cast.needs.used)
    moulds = moulds_of(content, given)
    if moulds is None:
        return _render_generally(cast, given)
    missing = moulds.required - given.keys()
    if missing:
        raise MissingFields(missing)
    return Rendered(one_line(moulds.subject.fill(given)), moulds.html.fill(given), moulds.text.fill(given))


def render_html(source: str, values: Mapping[str, str], *, part: str = "html") -> str:
    """Return one sanitised HTML fragment, for example a signature. Raises as `render`."""
    html, missing = parse(source, part=part, html=True).render(values)
    if missing:
        raise MissingFields(missing)
    return _for_mail(html)


def with_signature(rendered: Rendered, signature_html: str) -> Rendered:
    """Return `rendered` with the (finished) signature under it.

    The caller adds it before it quotes, and quotes earlier mails as they were rendered without theirs:
    so a signature stands above the quote and quoted copies have none.
    """
    if not signature_html.strip():
        return rendered
    signature = sanitise(signature_html)
    html = f'{rendered.html}<div class="signature"><br>{signature}</div>'
    return replace(rendered, html=html, text=f"{rendered.text}\n\n{to_text(signature)}")


@lru_cache(maxsize=500)
def _cast(content: Content) -> _Cast:
    parts = _parsed(content)
    needs = _needs(parts)
    plain = [part.segments for part in parts if part.segments is not None]
    return _Cast(parts, needs, _moulds(plain, needs.required) if needs.plain else None)


@lru_cache(maxsize=500)
def _branch(content: Content, present: frozenset[str]) -> Moulds | None:
    """The engine renders it with marks for values: what it printed is a plain content."""
    marks = {name: f"\ue000{name}\ue001" for name in present}
    texts, lacking = zip(*(part.render(marks) for part in _cast(content).parts), strict=True)
    segments = [_MARK.split(text) for text in texts]
    plain = [tuple(Print(one) if i % 2 else one for i, one in enumerate(cut)) for cut in segments]
    return _moulds(plain, _union(lacking))


def _moulds(parts: Sequence[Segments], required: frozenset[str]) -> Moulds | None:
    subject, html, *text = parts
    html_mould = prepare_html(html)
    text_mould = prepare_text(text[0]) if text else prepare_text_of(html_mould) if html_mould else None
    if html_mould is None or text_mould is None:
        return None
    return Moulds(prepare_text(subject), html_mould, text_mould, required)


def _needs(parts: Sequence[Parsed]) -> Needs:
    used = _union(part.names for part in parts)
    return Needs(used, _union(part.required for part in parts), all(part.plain for part in parts))


def _union(names: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset[str]().union(*names)


def _parsed(content: Content) -> tuple[Parsed, ...]:
    return tuple(parse(source, part=part, html=part == "html") for part, source in _sources(content))


def _sources(content: Content) -> Iterator[tuple[str, str]]:
    yield "subject", content.subject
    yield "html", content.html
    if content.text.strip():
        yield "text", content.text


def _given(values: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    cleaned = ((name, sendable(values.get(name, "")).strip()) for name in names)
    return {name: value for name, value in cleaned if value}


def _render_generally(cast: _Cast, given: Mapping[str, str]) -> Rendered:
    texts, lacking = zip(*(part.render(given) for part in cast.parts), strict=True)
    missing = _union(lacking)
    if missing:
        raise MissingFields(missing)
    subject, html, *text = texts
    safe = _for_mail(html)
    return Rendered(one_line(subject), safe, text[0] if text else to_text(safe))


def _for_mail(html: str) -> str:
    return sendable(sanitise(inline_styles(html)))


def _problems(content: Content, automatic: bool, reply: bool) -> Iterator[tuple[str, str]]:
    if not content.subject.strip() and not reply:
        yield "subject", "Write a subject."
    if not content.html.strip():
        yield "html", "Write a text: this mail is empty."
    for part, source in _sources(content):
        try:
            prompts = parse(source, part=part, html=part == "html").prompts
        except Invalid as error:
            yield from error.problems.items()
        else:
            if prompts and automatic:
                yield part, f"Remove the prompt “{prompts[0]}”: an automatic mail is filled in by nobody."


def _warnings(content: Content) -> Iterator[str]:
    if "\n" in content.subject.strip():
        yield "The subject has several lines; it will be sent as one."
    if len(content.subject) > 150:
        yield "The subject is longer than 150 characters; most mail programs cut it."
    if content.html.strip() and not to_text(sanitise(content.html)) and "<img" not in content.html.lower():
        yield "The mail shows nothing: the HTML has no words that may be sent."
