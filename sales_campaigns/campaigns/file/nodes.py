"""YAML 1.2 or JSON as values that know their line and column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from json import JSONDecodeError, JSONDecoder

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, SequenceNode
from ruamel.yaml.nodes import Node as YamlNode

from sales_campaigns.errors import Invalid

Scalar = str | int | float | bool | None
NUMBERS: dict[str, Callable[[str], int | float]] = {"int": int, "float": float}
TOO_DEEP = "The file is nested too deeply."


@dataclass(frozen=True, slots=True)
class Node:
    """`line` and `column` count from 1. `keys` holds the places of a mapping's keys."""

    value: Scalar | list[Node] | dict[str, Node]
    line: int
    column: int
    keys: dict[str, Node] = field(default_factory=dict)

    def refuse(self, words: str) -> Invalid:
        return Invalid(self.place(words))

    def place(self, words: str) -> str:
        return f"line {self.line}, column {self.column}: {words}"


def parse(text: str) -> Node:
    """Raises Invalid with line and column where the text is neither YAML nor JSON."""
    text = text.removeprefix("\ufeff")
    try:
        return parse_json(text) if text.lstrip().startswith("{") else parse_yaml(text)
    except RecursionError:
        raise Invalid(TOO_DEEP) from None


def _mapping(entries: list[tuple[Node, Node]], node: Node) -> Node:
    values: dict[str, Node] = {}
    for key, value in entries:
        if not isinstance(key.value, str):
            raise key.refuse("A key must be a word.")
        if key.value in values:
            raise key.refuse(f"“{key.value}” stands here twice.")
        values[key.value] = value
        node.keys[key.value] = key
    return Node(values, node.line, node.column, node.keys)


def parse_yaml(text: str) -> Node:
    try:
        root = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Invalid(_marked(error.problem or "not YAML", mark)) from None
    except (YAMLError, ValueError) as error:
        raise Invalid(f"This is not YAML: {error}") from None
    if root is None:
        raise Invalid("The file is empty.")
    return _from_yaml(root, set())


def _marked(problem: str, mark: object) -> str:
    line, column = getattr(mark, "line", 0) + 1, getattr(mark, "column", 0) + 1
    return f"line {line}, column {column}: {problem}"


def _from_yaml(node: YamlNode, seen: set[int]) -> Node:
    here = Node(None, node.start_mark.line + 1, node.start_mark.column + 1)
    if id(node) in seen:
        raise here.refuse("Repeat the value: anchors and aliases are not read.")
    seen.add(id(node))
    if isinstance(node, MappingNode):
        return _mapping([(_from_yaml(k, seen), _from_yaml(v, seen)) for k, v in node.value], here)
    if isinstance(node, SequenceNode):
        return Node([_from_yaml(item, seen) for item in node.value], here.line, here.column)
    return Node(_scalar(str(node.tag), str(node.value), here), here.line, here.column)


def _scalar(tag: str, text: str, here: Node) -> Scalar:
    kind = tag.removeprefix("tag:yaml.org,2002:")
    if kind in ("str", "timestamp"):  # 2026-11-28 without quotes is words to us
        return text
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() in ("true", "yes", "on")
    try:
        return NUMBERS[kind](text)
    except (KeyError, ValueError):
        raise here.refuse("This cannot be read. Put it in quotes.") from None


def parse_json(text: str) -> Node:
    try:
        node, end = _from_json(text, _skip(text, 0))
        if _skip(text, end) != len(text):
            raise JSONDecodeError("Extra data", text, _skip(text, end))
    except JSONDecodeError as error:
        raise Invalid(f"line {error.lineno}, column {error.colno}: {error.msg}") from None
    return node


def _from_json(text: str, at: int) -> tuple[Node, int]:
    here = Node(None, text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))
    opening = text[at : at + 1]
    if opening == "{":
        entries, at = _members(text, at)
        return _mapping(entries, here), at
    if opening == "[":
        items, at = _items(text, at)
        return Node(items, here.line, here.column), at
    value, at = JSONDecoder().raw_decode(text, at)
    return Node(value, here.line, here.column), at


def _members(text: str, at: int) -> tuple[list[tuple[Node, Node]], int]:
    entries: list[tuple[Node, Node]] = []
    at = _skip(text, at + 1)
    while text[at : at + 1] != "}":
        if entries:
            at = _expect(text, at, ",")
        if text[at : at + 1] != '"':
            raise JSONDecodeError("Expecting a key in double quotes", text, at)
        key, at = _from_json(text, at)
        value, at = _from_json(text, _expect(text, _skip(text, at), ":"))
        entries.append((key, value))
        at = _skip(text, at)
    return entries, at + 1


def _items(text: str, at: int) -> tuple[list[Node], int]:
    items: list[Node] = []
    at = _skip(text, at + 1)
    while text[at : at + 1] != "]":
        if items:
            at = _expect(text, at, ",")
        item, at = _from_json(text, at)
        items.append(item)
        at = _skip(text, at)
    return items, at + 1


def _expect(text: str, at: int, mark: str) -> int:
    if text[at : at + 1] != mark:
        raise JSONDecodeError(f"Expecting “{mark}”", text, at)
    return _skip(text, at + 1)


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at
