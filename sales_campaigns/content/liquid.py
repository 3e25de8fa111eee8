"""Parsing what users write: Liquid with fields, defaults and a little logic, plus prompts for the rep.

A prompt, `{{! ask about the trade fair }}`, is no Liquid, so prompts are taken out first.
"""

from __future__ import annotations

import html as entities
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from liquid.exceptions import LiquidError
from liquid.template import BoundTemplate

from sales_campaigns.content import anatomy
from sales_campaigns.content.anatomy import Segments
from sales_campaigns.content.characters import sendable
from sales_campaigns.content.complaints import complaint
from sales_campaigns.content.dialect import Bench, Dialect
from sales_campaigns.errors import Invalid

LONGEST_SOURCE = 200_000  # characters
MOST_MARKS = 1_000  # fields and tags of one part
_DIALECTS = {html: Dialect(html=html) for html in (False, True)}
_PROMPT = re.compile(r"\{\{-?\s*!(.*?)-?\}\}", re.DOTALL)
_MARK = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_HTML_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class Parsed:
    """One part of a mail, ready to be rendered any number of times.

    `names`: fields used anywhere. `required`: printed outside any condition without a default.
    `prompts`: the words of `{{! … }}`. `segments`: constants and printed fields when the template is
    plain (only text, fields and constant defaults), else None. `branching`: it is plain once it is known which
    fields have a value.
    """

    source: str
    part: str
    names: frozenset[str]
    required: frozenset[str]
    prompts: tuple[str, ...]
    segments: Segments | None
    branching: bool
    _template: BoundTemplate = field(repr=False, compare=False)

    @property
    def plain(self) -> bool:
        return self.segments is not None

    def render(self, values: Mapping[str, str]) -> tuple[str, frozenset[str]]:
        """Return the text, and the fields that it would have printed but that have no value.

        Raises Invalid when the template does too much work or combines what does not fit.
        """
        given = {name: value for name, value in values.items() if value and not value.isspace()}
        bench = Bench(self._template, globals=given)
        buffer = bench.get_buffer()
        try:
            self._template.render_with_context(bench, buffer)
        except LiquidError as error:
            raise Invalid({self.part: complaint(error, self.source)}) from error
        except (ValueError, TypeError, ArithmeticError, RecursionError) as error:
            raise Invalid({self.part: "This cannot be worked out: make the logic simpler."}) from error
        return buffer.getvalue(), frozenset(bench.missing)


@lru_cache(maxsize=2_000)
def parse(source: str, *, part: str, html: bool) -> Parsed:
    """Parse `source`, the subject, html or text of a mail (`part` names it in errors).

    Raises Invalid({part: words with line and column}) for syntax, unknown filters and tags, and size.
    """
    source = sendable(source)
    _check_size(source, part)
    prompts = _prompts(source, part, html)
    bare = _without_prompts(source)
    try:
        template = _DIALECTS[html].from_string(_unescaped(bare) if html else bare)
        anatomy.refuse_unknown_filters(template, bare)
        names, required = anatomy.names(template), anatomy.required(template)
    except LiquidError as error:
        raise Invalid({part: complaint(error, bare)}) from error
    segments, branching = anatomy.segments(template), anatomy.asks_only_what_is_there(template)
    return Parsed(source, part, names, required, prompts, segments, branching, template)


def _check_size(source: str, part: str) -> None:
    if len(source) > LONGEST_SOURCE:
        raise Invalid({part: f"This is too long: shorten it to {LONGEST_SOURCE:,} characters."})
    if source.count("{{") + source.count("{%") > MOST_MARKS:
        raise Invalid({part: f"This has too many fields and tags: at most {MOST_MARKS:,} are allowed."})


def _prompts(source: str, part: str, html: bool) -> tuple[str, ...]:
    prompts = tuple(_prompt_words(match[1], html) for match in _PROMPT.finditer(source))
    if "" in prompts:
        raise Invalid({part: "A prompt {{! … }} is empty: write what the rep should fill in there."})
    return prompts


def _prompt_words(written: str, html: bool) -> str:
    words = entities.unescape(_HTML_TAG.sub(" ", written)) if html else written
    return " ".join(words.split())


def _without_prompts(source: str) -> str:
    """Prompts print nothing; their place keeps its length, so that lines and columns stay true."""
    return _PROMPT.sub(lambda match: '{{""' + re.sub(r"[^\n]", " ", match[0][4:-2]) + "}}", source)


def _unescaped(source: str) -> str:
    """HTML editors write `&gt;` and `&nbsp;` inside tags too; Liquid means the characters."""
    return _MARK.sub(lambda match: entities.unescape(match[0]).replace("\xa0", " "), source)
