"""What a parsed template is made of: the fields it uses, those it cannot do without, its plain segments."""

from __future__ import annotations

from dataclasses import dataclass

from liquid.ast import Node
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions import Filter, FilteredExpression, Path, PositionalArgument, StringLiteral
from liquid.builtin.expressions.logical import (
    BooleanExpression,
    LogicalAndExpression,
    LogicalNotExpression,
    LogicalOrExpression,
)
from liquid.builtin.output import OutputNode
from liquid.builtin.tags.comment_tag import CommentNode
from liquid.builtin.tags.if_tag import IfNode
from liquid.builtin.tags.unless_tag import UnlessNode
from liquid.exceptions import LiquidError
from liquid.expression import Expression
from liquid.template import BoundTemplate
from liquid.token import Token

from sales_campaigns.content.dialect import FILTER_NAMES


@dataclass(frozen=True, slots=True)
class Print:
    """One printed field of a plain template; `default` None means that the field is required."""

    name: str
    default: str | None = None


Segments = tuple[str | Print, ...]


def names(template: BoundTemplate) -> frozenset[str]:
    """Return the fields used anywhere. Raises LiquidError for `{{ company.name }}`: fields are texts."""
    found = template.analyze(include_partials=False).globals
    for name, uses in found.items():
        if any(len(use.segments) > 1 for use in uses):
            raise LiquidError(f"a field has no parts: write {{{{ {name} }}}}", token=None)
    return frozenset(found)


def required(template: BoundTemplate) -> frozenset[str]:
    """Return the fields printed outside any condition without a default."""
    assigned = template.analyze(include_partials=False).locals.keys()
    printed = [found for found in map(_printed, template.nodes) if isinstance(found, Print)]
    return frozenset(found.name for found in printed if found.default is None) - assigned


def segments(template: BoundTemplate) -> Segments | None:
    """Return constants and printed fields in order, or None when there is more: logic, other filters."""
    found = [_segment(node) for node in template.nodes if not isinstance(node, CommentNode)]
    told = tuple(segment for segment in found if segment is not None)
    return told if len(told) == len(found) else None


def asks_only_what_is_there(template: BoundTemplate) -> bool:
    """Whether fields are printed as in a plain template, and conditions ask only whether a field has a value."""
    return all(map(_is_simple, template.nodes))


def refuse_unknown_filters(template: BoundTemplate, source: str) -> None:
    """Raise LiquidError at a filter that the dialect lacks; the engine notices only when it renders."""
    used = template.analyze(include_partials=False).filters
    for name in sorted(set(used) - set(FILTER_NAMES)):
        raise LiquidError(f"unknown filter '{name}'", token=Token("word", name, used[name][0].index, source))


def _segment(node: Node) -> str | Print | None:
    return node.text if isinstance(node, ContentNode) else _printed(node)


def _printed(node: Node) -> str | Print | None:
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
        chosen.name == "default"
        and len(chosen.args) == len(words) == 1
        and isinstance(words[0], StringLiteral)
    ):
        return Print(name, str(words[0].value))
    return None


def _is_simple(node: Node) -> bool:
    if isinstance(node, ContentNode | CommentNode):
        return True
    if not isinstance(node, IfNode | UnlessNode):
        return _printed(node) is not None
    branches = [(node.condition, node.consequence)]
    branches += [(other.expression, other.block) for other in node.alternatives]
    blocks = [block for _, block in branches] + ([node.default] if node.default else [])
    asked = all(_asks_whether_there(condition) for condition, _ in branches)
    return asked and all(_is_simple(inner) for block in blocks for inner in block.nodes)


def _asks_whether_there(condition: Expression) -> bool:
    if isinstance(condition, BooleanExpression):
        return _asks_whether_there(condition.expression)
    if isinstance(condition, LogicalAndExpression | LogicalOrExpression):
        return _asks_whether_there(condition.left) and _asks_whether_there(condition.right)
    if isinstance(condition, LogicalNotExpression):
        return _asks_whether_there(condition.right)
    return isinstance(condition, Path)
