"""Just enough SOQL to answer what is asked of the stand-in: conditions, order, limit."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Test = Callable[[Mapping[str, Any]], bool]
_TOKEN = re.compile(r"\s*('(?:\\.|[^'\\])*'|[\w.:\-+]+|>=|<=|!=|[(),=<>])")
_QUERY = re.compile(
    r"^SELECT (?P<columns>.+?) FROM (?P<kind>\w+)(?: WHERE (?P<where>.+?))?"
    r"(?: ORDER BY (?P<order>.+?))?(?: LIMIT (?P<limit>\d+))?$",
    re.S | re.I,
)


@dataclass(frozen=True)
class Query:
    columns: list[str]
    kind: str
    test: Test
    order: list[str]
    limit: int


def parsed(soql: str) -> Query:
    found = _QUERY.match(soql.strip())
    if found is None:
        raise ValueError(f"unexpected query: {soql}")
    tokens = _TOKEN.findall(found["where"] or "")
    test = _Parser(tokens).either() if tokens else lambda _row: True
    order = [name.strip() for name in (found["order"] or "").split(",") if name.strip()]
    columns = [name.strip() for name in found["columns"].split(",")]
    return Query(columns, found["kind"].capitalize(), test, order, int(found["limit"] or 10**9))


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens

    def either(self) -> Test:
        tests = [self.both()]
        while self._next_is("OR"):
            self.tokens.pop(0)
            tests.append(self.both())
        return lambda row: any(test(row) for test in tests)

    def both(self) -> Test:
        tests = [self.one()]
        while self._next_is("AND"):
            self.tokens.pop(0)
            tests.append(self.one())
        return lambda row: all(test(row) for test in tests)

    def one(self) -> Test:
        if self._next_is("("):
            self.tokens.pop(0)
            test = self.either()
            self.tokens.pop(0)
            return test
        name, operator = self.tokens.pop(0), self.tokens.pop(0).upper()
        if operator == "IN":
            values = self._list()
            return lambda row: _plain(row.get(name)) in values
        value = _value(self.tokens.pop(0))
        return _COMPARE[operator](name, value)

    def _list(self) -> set[Any]:
        values = set()
        self.tokens.pop(0)
        while not self._next_is(")"):
            token = self.tokens.pop(0)
            if token != ",":
                values.add(_plain(_value(token)))
        self.tokens.pop(0)
        return values

    def _next_is(self, word: str) -> bool:
        return bool(self.tokens) and self.tokens[0].upper() == word


def _value(token: str) -> Any:
    if token.startswith("'"):
        return re.sub(r"\\(.)", r"\1", token[1:-1])
    words = {"null": None, "true": True, "false": False}
    return words[token.lower()] if token.lower() in words else datetime.fromisoformat(token)


def _plain(value: Any) -> Any:
    """Text is compared without regard to case, as Salesforce does."""
    return value.lower() if isinstance(value, str) else value


_COMPARE: dict[str, Callable[[str, Any], Test]] = {
    "=": lambda name, value: lambda row: _plain(row.get(name)) == _plain(value),
    "!=": lambda name, value: lambda row: _plain(row.get(name)) != _plain(value),
    ">": lambda name, value: lambda row: row.get(name) is not None and row[name] > value,
    ">=": lambda name, value: lambda row: row.get(name) is not None and row[name] >= value,
}
