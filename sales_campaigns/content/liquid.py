"""Parsing what users write: Liquid with fields, defaults and a little logic, plus prompts `{{! … }}` for the rep."""

from __future__ import annotations

import html as entities
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from liquid.builtin.content import ContentNode
from liquid.builtin.expressions import Filter, FilteredExpression, Path, PositionalArgument, StringLiteral
from liquid.builtin.output import OutputNode
from liquid.builtin.tags.comment_tag import CommentNode
from liquid.exceptions import LiquidError
from liquid.template import BoundTemplate
from liquid.token import Token

from sales_campaigns.content.characters import sendable
from sales_campaigns.content.dialect import FILTER_NAMES, LONGEST_TEXT, Bench, Dialect
from sales_campaigns.errors import Invalid

LONGEST_SOURCE = 200_000  # characters
MOST_MARKS = 1_000  # fields and tags of one template
_DIALECTS = {html: Dialect(html=html) for html in (False, True)}
_PROMPT = re.compile(r"\{\{-?\s*!(.*?)-?\}\}", re.DOTALL)
_MARK = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_HTML_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class Print:
    """One printed field of a plain template; `default` None means that the field is required."""

    name: str
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Parsed:
    """One part of a mail, ready to be rendered any number of times.

    `names`: fields used anywhere. `required`: printed outside any condition without a default.
    `prompts`: the words of `{{! … }}`. `segments`: constants and prints when the template is plain
    (only text, fields and defaults), else None.
    """

    source: str
    names: frozenset[str]
    required: frozenset[str]
    prompts: tuple[str, ...]
    segments: tuple[str | Print, ...] | None
    part: str
    _template: BoundTemplate = field(repr=False, compare=False)

    @property
    def plain(self) -> bool:
        return self.segments is not None

    def render(self, values: Mapping[str, str]) -> tuple[str, frozenset[str]]:
        """Return the text, and the fields that it would have printed but that have no value.

        Raises Invalid when the template does too much work or combines what does not fit.
        """
        given = {name: value for name, value in values.items() if value and not value.isspace()}
        context = Bench(self._template, globals=given)
        buffer = context.get_buffer()
        try:
            self._template.render_with_context(context, buffer)
        except LiquidError as error:
            raise Invalid({self.part: _words(error, self.source)}) from error
        except (ValueError, TypeError, ArithmeticError, RecursionError) as error:
            raise Invalid({self.part: "This cannot be worked out; make the logic simpler."}) from error
        return buffer.getvalue(), frozenset(context.missing)


@lru_cache(maxsize=2_000)
def parse(source: str, *, part: str, html: bool) -> Parsed:
    """Parse `source`, the subject, html or text of a mail (`part` names it in errors).

    Raises Invalid({part: words with line and column}) for syntax, unknown filters and tags, and size.
    """
    source = sendable(source)
    _check_size(source, part)
    prompts = tuple(_prompt_words(match, html) for match in _PROMPT.finditer(source))
    if "" in prompts:
        raise Invalid({part: "A prompt {{! … }} is empty: write what the rep should fill in there."})
    bare = _without_prompts(source)
    try:
        template = _DIALECTS[html].from_string(_unescaped(bare) if html else bare)
        _refuse_unknown_filters(template, bare)
        return Parsed(
            source, _names(template), _required(template), prompts, _segments(template), part, template
        )
    except LiquidError as error:
        raise Invalid({part: _words(error, bare)}) from error


def _check_size(source: str, part: str) -> None:
    if len(source) > LONGEST_SOURCE:
        raise Invalid({part: f"This is too long: shorten it to {LONGEST_SOURCE:,} characters."})
    if source.count("{{") + source.count("{%") > MOST_MARKS:
        raise Invalid({part: f"This has too many fields and tags: at most {MOST_MARKS:,} are allowed."})


def _prompt_words(match: re.Match[str], html: bool) -> str:
    words = entities.unescape(_HTML_TAG.sub(" ", match[1])) if html else match[1]
    return " ".join(words.split())


def _without_prompts(source: str) -> str:
    """Prompts print nothing; their place keeps its length, so that lines and columns stay true."""
    return _PROMPT.sub(lambda match: '{{""' + re.sub(r"[^\n]", " ", match[0][4:-2]) + "}}", source)


def _unescaped(source: str) -> str:
    """HTML editors write `&gt;` and `&nbsp;` inside tags too; Liquid means the characters."""
    return _MARK.sub(lambda match: entities.unescape(match[0]).replace("\xa0", " "), source)


def _names(template: BoundTemplate) -> frozenset[str]:
    found = template.analyze(include_partials=False).globals
    for name, uses in found.items():
        if any(len(use.segments) > 1 for use in uses):
            raise LiquidError(f"a field has no parts: write {{{{ {name} }}}}", token=None)
    return frozenset(found)


def _required(template: BoundTemplate) -> frozenset[str]:
    return frozenset(
        printed.name
        for printed in map(_printed, template.nodes)
        if isinstance(printed, Print) and printed.default is None
    )


def _segments(template: BoundTemplate) -> tuple[str | Print, ...] | None:
    nodes = [node for node in template.nodes if not isinstance(node, CommentNode)]
    segments = [node.text if isinstance(node, ContentNode) else _printed(node) for node in nodes]
    return None if None in segments else tuple(segment for segment in segments if segment is not None)


def _printed(node: object) -> str | Print | None:
    """A printed constant, or a field with at most one constant default; None for whatever is more."""
    expression = node.expression if isinstance(node, OutputNode) else None
    if not isinstance(expression, FilteredExpression):
        return None
    filters = expression.filters or []
    if isinstance(expression.left, StringLiteral):
        return None if filters else str(expression.left.value)
    if not isinstance(expression.left, Path) or len(filters) > 1:
        return None
    name = str(expression.left.path[0])
    return _with_default(name, filters[0]) if filters else Print(name)


def _with_default(name: str, chosen: Filter) -> Print | None:
    words = [argument.value for argument in chosen.args if isinstance(argument, PositionalArgument)]
    if (
        chosen.name != "default"
        or len(chosen.args) != 1
        or not words
        or not isinstance(words[0], StringLiteral)
    ):
        return None
    return Print(name, str(words[0].value))


def _refuse_unknown_filters(template: BoundTemplate, source: str) -> None:
    used = template.analyze(include_partials=False).filters
    for name in sorted(set(used) - set(FILTER_NAMES)):
        raise LiquidError(f"unknown filter '{name}'", token=Token("word", name, used[name][0].index, source))


_ADVICE = (
    (re.compile(r"unknown filter '(.*)'"), r"there is no filter “\1”; use one of: " + ", ".join(FILTER_NAMES)),
    (re.compile(r"unexpected tag 'end(.*)'"), r"“end\1” has no “\1” before it; remove it or add the beginning"),
    (re.compile(r"unexpected tag '(.*)'"), r"there is no tag “\1”; use if, unless, case, for, assign or capture"),
    (re.compile(r"expected tag (\w+), .*"), r"“\1” is missing at the end of this part; add {% \1 %}"),
    (re.compile(r"expected '}}', .*"), "“{{” is never closed; add “}}”"),
    (re.compile(r"missing tag name.*"), "“{%” has no name or is never closed; add “%}”"),
    (re.compile(r".*found end of expression"), "something is missing before the end; write for example {{ company }}"),
    (re.compile(r"(output stream|local namespace) limit.*"), f"this makes more than {LONGEST_TEXT:,} characters; shorten it"),
    (re.compile(r"loop iteration limit.*"), "this loop runs too often; shorten it"),
    (re.compile(r"this makes too much.*"), "this makes too much text for a mail; shorten loops and repeated filters"),
    (re.compile(r"expected (.*), found (.*)"), r"“\2” does not belong here; check spelling and punctuation"),
    (re.compile(r"unexpected (.*)"), r"\1 does not belong here; check quotes and punctuation"),
)  # fmt: skip


def _words(error: LiquidError, source: str) -> str:
    message = str(error.args[0]) if error.args else "this is not understood"
    told = next((match.expand(words) for match, words in _matches(message)), message)
    index = error.token.start_index if error.token else -1
    return (
        f"{_place(source, index)}: {told}." if 0 <= index <= len(source) else f"{told[:1].upper()}{told[1:]}."
    )


def _matches(message: str) -> Iterator[tuple[re.Match[str], str]]:
    return ((match, words) for pattern, words in _ADVICE if (match := pattern.fullmatch(message)))


def _place(source: str, index: int) -> str:
    before = source[:index]
    return f"line {before.count(chr(10)) + 1}, column {len(before) - before.rfind(chr(10))}"
