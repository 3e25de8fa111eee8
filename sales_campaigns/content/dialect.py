"""The Liquid that users may write: its tags and filters, what a missing field is, how much work is allowed.

The engine's own limits leave holes (`replace` may multiply two long texts, loops one after the other add up),
so every look-up, loop and filter is also counted here against one budget for a rendering.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from liquid import Environment
from liquid.builtin import content, illegal, output
from liquid.builtin.filters import array, misc, string
from liquid.builtin.tags import (
    assign_tag,
    capture_tag,
    case_tag,
    comment_tag,
    for_tag,
    if_tag,
    inline_comment_tag,
    unless_tag,
)
from liquid.context import RenderContext
from liquid.exceptions import ResourceLimitError
from liquid.filter import with_context
from liquid.template import BoundTemplate
from liquid.token import Token
from liquid.undefined import UNDEFINED, Undefined

LONGEST_TEXT = 400_000  # characters of output, and of anything held on the way to it
MOST_ITERATIONS = 1_000
MOST_WORK = 5_000_000  # characters looked up and filtered: about a second of one core

_TAGS = (
    content.Literal, output.Output, illegal.Illegal, if_tag.IfTag, unless_tag.UnlessTag, case_tag.CaseTag,
    for_tag.ForTag, for_tag.BreakTag, for_tag.ContinueTag, assign_tag.AssignTag, capture_tag.CaptureTag,
    comment_tag.CommentTag, inline_comment_tag.InlineCommentTag,
)  # fmt: skip
_FILTERS: dict[str, Callable[..., Any]] = {
    "append": string.append, "capitalize": string.capitalize, "default": misc.default,
    "downcase": string.downcase, "escape": string.escape, "first": array.first, "join": array.join,
    "last": array.last, "lstrip": string.lstrip, "newline_to_br": string.newline_to_br,
    "prepend": string.prepend, "remove": string.remove, "replace": string.replace, "rstrip": string.rstrip,
    "size": misc.size, "slice": string.slice_, "split": string.split, "squish": string.squish,
    "strip": string.strip, "strip_newlines": string.strip_newlines, "truncate": string.truncate,
    "truncatewords": string.truncatewords, "upcase": string.upcase, "url_encode": string.url_encode,
}  # fmt: skip
FILTER_NAMES = tuple(sorted(_FILTERS))


class TooMuchWork(ResourceLimitError):
    """The template makes more text, or does more work, than a mail may."""

    def __init__(self) -> None:
        super().__init__("this makes too much text for a mail", token=None)


class Missing(Undefined):
    """A field without a value: false inside `if`, replaced by `default`, noted when it would be printed."""

    __slots__ = ("seen",)
    force_liquid_default = True

    def __init__(self, name: str, seen: set[str], token: Token | None = None) -> None:
        super().__init__(name, token=token)
        self.seen = seen

    def __str__(self) -> str:
        self.seen.add(self.name)
        return ""


class Bench(RenderContext):
    """One rendering: its missing fields and the work done so far."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.missing: set[str] = set()
        self.work = 0

    def spend(self, amount: int) -> None:
        self.work += amount
        if self.work > MOST_WORK:
            raise TooMuchWork

    def get(self, path: list[object], *, token: Token | None, default: object = UNDEFINED) -> object:
        found = super().get(path, token=token, default=default)
        self.spend(10 + _length(found))
        if isinstance(found, Missing) or not isinstance(found, Undefined):
            return found
        return Missing(str(path[0]), self.missing, token)

    def raise_for_loop_limit(self, length: int = 1) -> None:
        super().raise_for_loop_limit(length)
        self.spend(100 * length)


class Template(BoundTemplate):
    context_class = Bench


class Dialect(Environment):
    """The tags, filters and limits above. `html` escapes every value that is printed."""

    template_class = Template
    loop_iteration_limit = MOST_ITERATIONS
    local_namespace_limit = LONGEST_TEXT
    output_stream_limit = 2 * LONGEST_TEXT

    def __init__(self, *, html: bool) -> None:
        super().__init__(autoescape=html)

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:  # noqa: ARG002 (the engine's)
        """Register what is allowed and nothing else."""
        for tag in _TAGS:
            self.add_tag(tag)
        for name, function in _FILTERS.items():
            self.add_filter(name, function if name == "default" else _measured(name, function))


def _measured(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A missing field passes through any filter up to `default`; text is weighed before and after."""
    measure = _MEASURES.get(name, _added)

    @wraps(function)
    def filtered(value: Any, *args: Any, context: Bench, **kwargs: Any) -> Any:
        if isinstance(value, Missing):
            return value
        if measure(value, *args) > LONGEST_TEXT:
            raise TooMuchWork
        context.spend(10 + measure(value, *args))
        if getattr(function, "with_environment", False):
            kwargs["environment"] = context.env
        return function(value, *args, **kwargs)

    return with_context(filtered)


def _added(*values: object) -> int:
    return sum(map(_length, values))


def _multiplied(value: object, *args: object) -> int:
    return (_length(value) + 1) * (_length(args[-1] if args else "") + 1)


def _replaced(value: object, found: object = "", put: object = "", *_: object) -> int:
    text = str(value)
    return len(text) + text.count(str(found)) * _length(put)


def _length(value: object) -> int:
    if isinstance(value, str):
        return len(value)
    return sum(map(_length, value)) + len(value) if isinstance(value, list) else 20


_MEASURES: dict[str, Callable[..., int]] = {"join": _multiplied, "replace": _replaced}
